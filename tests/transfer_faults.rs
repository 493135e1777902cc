//! Transfers against a target that fails in every way that passes: the same points, and exact numbers.

#[cfg(test)]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/oracle.rs"]
mod oracle;
#[cfg(test)]
mod target_fake;
#[cfg(test)]
mod transfer_support;

#[cfg(test)]
mod faults {
    use crate::oracle;
    use crate::target_fake::Frozen;
    use crate::transfer_support::{BUCKET, NOW, Target, Trial, export};
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use tidegate::model::{Clock, Kind, RateLimit, Timestamp};
    use tidegate::run::Event;
    use tidegate::sandbox::{Class, Fault, Faults};
    use tidegate::transfer::{Error, Ledger, Limiter};
    use tokio::time::{Duration, Instant};

    /// Faults that need no real time to pass.
    const FAULTS: [Fault; 6] = [
        Fault::Refuse,
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::TooManyRequests,
        Fault::Unavailable,
        Fault::Html,
    ];

    fn trial(text: &str) -> Trial {
        let mut trial = Trial::new([("a.lp", text.as_bytes())]);
        (trial.settings.parallel, trial.settings.batch_lines) = (3, 20);
        trial
    }

    #[tokio::test]
    async fn every_fault_at_every_place_leaves_the_same_points() {
        let text = export(3, 40);
        let expected = oracle::read(text.as_bytes());
        for fault in FAULTS {
            let listed = (0..40).filter(|at| at % 3 != 2).map(|at| (at, fault));
            let target = Target::failing(Faults::listed([Class::Write], listed)).await;
            let frozen = Frozen::now();
            let ledger = trial(&text).run(&target.client, &target.bucket).await.unwrap();
            assert_eq!(
                ledger,
                Ledger { read: 240, sent: 240, rejected: 0, skipped: 0, ..Ledger::default() },
                "{fault:?}"
            );
            drop(frozen);
            assert_eq!(target.points(BUCKET).await, expected, "{fault:?}");
        }
    }

    #[tokio::test]
    async fn random_faults_and_interrupts_leave_the_same_points() {
        let text = export(3, 40).replace("cpu,host=h1,region=eu usage=10.5", "cpu,host=h1,region=eu usage=");
        let bad = text.matches("usage= ").count() as u64;
        let good: String = text.lines().filter(|l| !l.contains("usage= ")).flat_map(|l| [l, "\n"]).collect();
        let expected = oracle::read(good.as_bytes());
        assert_eq!(bad, 1);
        for seed in 0..20 {
            let rates = BTreeMap::from(FAULTS.map(|fault| (fault, 800)));
            let faults = Faults { seed, rates, ..Faults::listed([Class::Write], []) };
            let target = Target::failing(faults).await;
            let mut trial = trial(&text);
            let frozen = Frozen::now();
            let mut runs = 0;
            let ledger = loop {
                runs += 1;
                let until = (seed % 7 + 3) * 10 * runs;
                match trial.run_until(&target.client, &target.bucket, |p| p.sent > until).await {
                    Ok(ledger) => break ledger,
                    Err(Error::Interrupted { .. }) => trial.go_on(),
                    Err(error) => panic!("seed {seed}: {error}"),
                }
            };
            assert_eq!(
                ledger,
                Ledger { read: 240, sent: 239, rejected: 1, skipped: 0, ..Ledger::default() },
                "seed {seed}"
            );
            drop(frozen);
            assert_eq!(target.points(BUCKET).await, expected, "seed {seed}");
        }
    }

    /// Tells the time of the frozen clock.
    fn virtual_clock() -> Clock {
        let begun = Instant::now();
        Arc::new(move || Timestamp(NOW.0 + i64::try_from(begun.elapsed().as_nanos()).unwrap()))
    }

    #[tokio::test]
    async fn a_quota_is_spent_window_by_window_with_one_refusal_at_most() {
        let text = export(5, 100);
        let write = Some(RateLimit { bytes: 20_000, per: Duration::from_mins(5) });
        let frozen = Frozen::now();
        let target = Target::with(Kind::CloudTsm, |config| {
            config.quotas.write = write;
            config.clock = virtual_clock();
        })
        .await;
        let mut trial = trial(&text);
        trial.limiter = Arc::new(Limiter::new(write));
        let begun = Instant::now();
        let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
        assert_eq!((ledger.read, ledger.sent), (1_000, 1_000));
        let windows = text.len() as u64 / 20_000;
        let waited = begun.elapsed().as_secs() / 300;
        assert!((windows..=windows + 2).contains(&waited), "{waited} windows instead of {windows}");
        let refusals = trial.events.iter().filter(|event| match event {
            Event::Waiting { why, .. } => why.contains("429"),
            _ => false,
        });
        assert!(refusals.count() <= 3, "one window's requests in flight");
        drop(frozen);
        assert_eq!(target.points(BUCKET).await, oracle::read(text.as_bytes()));
    }
}
