//! What a plan does about each difference, and what it says about it.

mod plan_world;

use plan_world::*;
use tidegate::model::{Kind, Limits, Origin, RateLimit, Retention, Timestamp};
use tidegate::plan::TransferProgress::{Done, NotStarted, Partial};
use tidegate::plan::{Action, Change, Level, Options, Progress, Reason, Risk};
use tidegate::{manifest::Safety, plan::Diff};

fn telegraf() -> Wanted {
    Wanted::new().policy("telegraf", "autogen", Retention::Infinite, true)
}

fn telegraf_there() -> There {
    There::default().managed(1, "telegraf/autogen", Retention::Infinite).mapping(
        2,
        "telegraf",
        "autogen",
        "telegraf/autogen",
        true,
    )
}

#[test]
fn an_empty_target_gets_everything_in_order() {
    let plan = plan(&telegraf().policy("telegraf", "weekly", days(90), false), &There::default());
    assert_eq!(
        addresses(&plan),
        [
            "create bucket.telegraf/autogen",
            "create bucket.telegraf/weekly",
            "create dbrp.telegraf.autogen",
            "create dbrp.telegraf.weekly",
            "transfer transfer.telegraf.autogen",
            "transfer transfer.telegraf.weekly",
            "verify verify.telegraf.autogen",
            "verify verify.telegraf.weekly",
        ]
    );
    assert_eq!(
        needs(step(&plan, "dbrp.telegraf.autogen")),
        ["bucket.telegraf/autogen: the mapping needs the bucket's id"]
    );
    assert_eq!(
        needs(step(&plan, "dbrp.telegraf.weekly")),
        [
            "bucket.telegraf/weekly: the mapping needs the bucket's id",
            "dbrp.telegraf.autogen: a server makes a database's first mapping its default",
        ]
    );
    assert_eq!(
        needs(step(&plan, "transfer.telegraf.weekly")),
        ["bucket.telegraf/weekly: the bucket must be there"]
    );
    assert_eq!(
        needs(step(&plan, "verify.telegraf.weekly")),
        ["transfer.telegraf.weekly: only moved data can be compared"]
    );
    assert!(
        plan.steps.iter().all(|step| step.place.is_some() || step.address.to_string().starts_with("verify"))
    );
}

#[test]
fn a_created_bucket_carries_the_mark() {
    let wanted = telegraf().described("telegraf/autogen", "hot");
    let plan = plan(&wanted, &There::default());
    let Change::Bucket(Diff::Create(bucket)) = &step(&plan, "bucket.telegraf/autogen").change else {
        panic!()
    };
    assert_eq!(bucket.description, "hot [tidegate:acme-prod]");
}

#[test]
fn what_is_as_desired_is_no_change() {
    let progress = Progress {
        transfers: [(Origin::new("telegraf", "autogen"), moved(1, true))].into(),
        verified: [(Origin::new("telegraf", "autogen"), moved(1, true))].into(),
    };
    let plan = plan_on(Kind::CloudTsm, &telegraf(), &telegraf_there(), &progress, &Options::default());
    assert!(!plan.has_changes());
    assert_eq!(plan.summary().unchanged, 4);
    assert_eq!(plan.level(), Level::None);
}

#[test]
fn a_bucket_without_a_mark_is_adopted_with_its_own_description() {
    let there = There::default().bucket(1, "telegraf/autogen", Retention::Infinite, "made by hand");
    let plan = plan(&telegraf(), &there);
    let step = step(&plan, "bucket.telegraf/autogen");
    let Change::Bucket(Diff::Adopt { after, .. }) = &step.change else { panic!("{step:?}") };
    assert_eq!(after.description, "made by hand [tidegate:acme-prod]");
    assert_eq!(after.id, Some(id(1)));
    assert_eq!(step.reason, Reason::Unmanaged);
}

#[test]
fn a_description_in_the_manifest_replaces_the_one_on_the_target() {
    let there =
        There::default().bucket(1, "telegraf/autogen", Retention::Infinite, "old [tidegate:acme-prod]");
    let plan = plan(&telegraf().described("telegraf/autogen", "new"), &there);
    let step = step(&plan, "bucket.telegraf/autogen");
    assert_eq!(step.reason, Reason::Differs { fields: vec!["description".to_owned()] });
    assert_eq!(step.change.action(), Action::Update);
}

#[test]
fn another_manifests_bucket_is_left_alone() {
    let there = There::default().bucket(1, "telegraf/autogen", days(1), "[tidegate:other]");
    let plan = plan(&telegraf(), &there);
    assert_eq!(refusals(&plan), ["TG0620"]);
    let step = step(&plan, "bucket.telegraf/autogen");
    assert_eq!(
        (step.change.action(), &step.reason),
        (Action::NoOp, &Reason::OwnedBy { name: "other".to_owned() })
    );
}

#[test]
fn a_bucket_that_a_v1_write_made_is_recognised_on_cloud() {
    let there = There::default().bucket(1, "telegraf/autogen", days(3), "");
    assert_eq!(warnings(&plan(&telegraf(), &there)), ["TG0622 bucket.telegraf/autogen"]);
    let oss = plan_on(Kind::OssV2, &telegraf(), &there, &Progress::default(), &Options::default());
    assert!(oss.warnings.is_empty(), "2.x makes no buckets");
    let ours = There::default().managed(1, "telegraf/autogen", days(3));
    assert!(plan(&telegraf(), &ours).warnings.is_empty());
}

#[test]
fn a_longer_retention_comes_before_the_data() {
    let there = There::default().managed(1, "telegraf/autogen", days(3));
    let plan = plan(&telegraf(), &there);
    assert_eq!(
        needs(step(&plan, "transfer.telegraf.autogen")),
        ["bucket.telegraf/autogen: older points are refused until the retention is longer"]
    );
    assert_eq!(plan.level(), Level::None);
}

#[test]
fn a_shorter_retention_comes_after_the_comparison() {
    let wanted = Wanted::new().policy("telegraf", "daily", days(30), true);
    let there = There::default().managed(1, "telegraf/daily", Retention::Infinite);
    let plan = plan(&wanted, &there);
    let bucket = step(&plan, "bucket.telegraf/daily");
    assert_eq!(
        needs(bucket),
        ["verify.telegraf.daily: points are moved and compared before a shorter retention deletes them"]
    );
    assert_eq!(bucket.risks, [Risk::RetentionShrink { from: "infinite".to_owned(), to: "30d".to_owned() }]);
    assert!(needs(step(&plan, "transfer.telegraf.daily")).is_empty());
    assert_eq!(plan.level(), Level::DataLoss);

    let unverified = wanted.edit(|desired| {
        for transfer in desired.transfers.values_mut() {
            transfer.verify = tidegate::manifest::VerifyMethod::None;
        }
    });
    let plan = plan_world::plan(&unverified, &there);
    assert_eq!(
        needs(step(&plan, "bucket.telegraf/daily")),
        ["transfer.telegraf.daily: points are moved and compared before a shorter retention deletes them"]
    );
    assert!(!addresses(&plan).iter().any(|step| step.starts_with("verify")));
}

#[test]
fn a_mapping_to_another_bucket_is_replaced() {
    let there = telegraf_there().bucket(3, "old", days(1), "").mapping(2, "telegraf", "autogen", "old", true);
    let plan = plan(&telegraf(), &there);
    let step = step(&plan, "dbrp.telegraf.autogen");
    let Change::Dbrp(Diff::Replace { before, after }) = &step.change else { panic!("{step:?}") };
    assert_eq!((before.bucket.as_str(), after.bucket.as_str()), ("old", "telegraf/autogen"));
    assert_eq!((before.id.clone(), after.id.clone()), (Some(id(2)), None));
    assert_eq!(step.risks, [Risk::Gap]);
}

#[test]
fn the_right_mapping_is_made_the_default_and_none_is_unmade() {
    let wanted = telegraf().policy("telegraf", "weekly", days(90), false);
    let there = There::default()
        .managed(1, "telegraf/autogen", Retention::Infinite)
        .managed(2, "telegraf/weekly", days(90))
        .mapping(3, "telegraf", "autogen", "telegraf/autogen", false)
        .mapping(4, "telegraf", "weekly", "telegraf/weekly", true);
    let plan = plan(&wanted, &there);
    let autogen = step(&plan, "dbrp.telegraf.autogen");
    assert_eq!(autogen.change.action(), Action::Update);
    assert_eq!(
        autogen.risks,
        [Risk::DefaultMoves { database: "telegraf".to_owned(), to: "autogen".to_owned() }]
    );
    let weekly = step(&plan, "dbrp.telegraf.weekly");
    assert_eq!(weekly.change.action(), Action::NoOp);
    assert_eq!(weekly.reason, Reason::FollowsDefault { to: autogen.address.clone() });
}

#[test]
fn a_virtual_mapping_is_overridden_by_a_real_one() {
    let there = There::default().managed(1, "telegraf/autogen", Retention::Infinite);
    let on = |kind| {
        let plan = plan_on(kind, &telegraf(), &there, &Progress::default(), &Options::default());
        let step = step(&plan, "dbrp.telegraf.autogen");
        (step.change.action(), step.reason.clone())
    };
    assert_eq!(on(Kind::OssV2), (Action::Create, Reason::OnlyVirtual));
    assert_eq!(on(Kind::CloudTsm), (Action::Create, Reason::Missing));
    let whole_name = There::default().managed(1, "telegraf", Retention::Infinite);
    let plan = plan_on(Kind::OssV2, &telegraf(), &whole_name, &Progress::default(), &Options::default());
    assert_eq!(step(&plan, "dbrp.telegraf.autogen").reason, Reason::OnlyVirtual);
}

#[test]
fn a_mapping_to_a_bucket_that_is_nowhere_is_refused() {
    let wanted = Wanted::new().mapping("legacy", "autogen", "nowhere", true);
    assert_eq!(refusals(&plan(&wanted, &There::default())), ["TG0621"]);
    let there = There::default().bucket(1, "nowhere", days(1), "");
    let plan = plan(&wanted, &there);
    assert!(plan.refusals.is_empty());
    assert_eq!(addresses(&plan), ["create dbrp.legacy.autogen"]);
}

#[test]
fn only_prune_deletes_and_only_what_carries_the_mark() {
    let there = telegraf_there()
        .managed(3, "telegraf/gone", days(1))
        .bucket(4, "telegraf/foreign", days(1), "")
        .bucket(5, "telegraf/other", days(1), "[tidegate:other]")
        .mapping(6, "telegraf", "gone", "telegraf/gone", false)
        .mapping(7, "elsewhere", "x", "telegraf/gone", true)
        .mapping(8, "elsewhere", "y", "telegraf/foreign", false);
    let kept = plan(&telegraf(), &there);
    assert_eq!(warnings(&kept), ["TG0623 bucket.telegraf/gone"]);
    assert_eq!(kept.summary().delete, 0);

    let plan = pruned(&telegraf(), &there);
    let deletes: Vec<_> = addresses(&plan).into_iter().filter(|step| step.starts_with("delete")).collect();
    assert_eq!(
        deletes,
        ["delete dbrp.elsewhere.x", "delete dbrp.telegraf.gone", "delete bucket.telegraf/gone"]
    );
    assert_eq!(step(&plan, "bucket.telegraf/gone").risks, [Risk::DataLoss]);
    assert_eq!(
        step(&plan, "dbrp.elsewhere.x").risks,
        [Risk::DefaultMoves { database: "elsewhere".to_owned(), to: "y".to_owned() }],
        "the sibling that becomes the default is shown"
    );
    assert_eq!(needs(step(&plan, "bucket.telegraf/gone")).len(), 2);
}

#[test]
fn an_old_bucket_goes_after_its_data_is_in_the_new_one() {
    let why = "its data is in the new bucket before the old one goes";
    let there = telegraf_there().managed(3, "old", days(1)).mapping(2, "telegraf", "autogen", "old", true);
    let plan = pruned(&telegraf(), &there);
    assert_eq!(
        needs(step(&plan, "bucket.old")),
        [
            "dbrp.telegraf.autogen: the mapping still leads to the bucket".to_owned(),
            format!("verify.telegraf.autogen: {why}"),
        ]
    );
    // The mapping was changed already, and the run was stopped then.
    let there = telegraf_there().managed(3, "old", days(1));
    let progress = Progress {
        transfers: [(Origin::new("telegraf", "autogen"), moved(3, true))].into(),
        ..Progress::default()
    };
    let options = Options { prune: true, ..Options::default() };
    let plan = plan_on(Kind::CloudTsm, &telegraf(), &there, &progress, &options);
    assert_eq!(needs(step(&plan, "bucket.old")), [format!("verify.telegraf.autogen: {why}")]);
}

#[test]
fn prune_leaves_alone_what_is_skipped_or_mapped() {
    let there = telegraf_there()
        .managed(3, "telegraf/gone", days(1))
        .managed(4, "telegraf/mapped", days(1))
        .mapping(6, "telegraf", "gone", "telegraf/gone", false);
    let wanted = telegraf().mapping("legacy", "autogen", "telegraf/mapped", true).edit(|desired| {
        desired.skipped.origins.insert(Origin::new("telegraf", "gone"));
        desired.skipped.buckets.insert("telegraf/gone".into());
    });
    assert_eq!(pruned(&wanted, &there).summary().delete, 0);
}

#[test]
fn a_bucket_known_to_be_empty_loses_nothing() {
    let there = telegraf_there().managed(3, "telegraf/gone", days(1));
    assert_eq!(tidegate::plan::to_prune(&telegraf().0, &there.0), ["telegraf/gone".into()]);
    let options = Options { prune: true, empty: ["telegraf/gone".into()].into(), ..Options::default() };
    let plan = plan_on(Kind::CloudTsm, &telegraf(), &there, &Progress::default(), &options);
    assert_eq!(plan.level(), Level::Delete);
    let plan = checked(plan, &there, &Limits::default(), STRICT, &options);
    assert_eq!(refusals(&plan), ["TG0630"], "it still counts as a delete");
}

#[test]
fn the_default_is_deleted_last_and_after_its_heir_is_set() {
    let there = telegraf_there()
        .managed(3, "telegraf/x", days(1))
        .mapping(2, "telegraf", "autogen", "telegraf/autogen", false)
        .mapping(6, "telegraf", "x", "telegraf/x", true)
        .mapping(7, "telegraf", "y", "telegraf/x", false);
    let plan = pruned(&telegraf(), &there);
    let heir = "dbrp.telegraf.autogen: the default is set first, so that the delete promotes no sibling";
    assert_eq!(needs(step(&plan, "dbrp.telegraf.x")), [heir]);

    let gone = There::default()
        .managed(3, "legacy/x", days(1))
        .mapping(6, "legacy", "x", "legacy/x", true)
        .mapping(7, "legacy", "y", "legacy/x", false);
    let plan = pruned(&telegraf(), &gone);
    let last = "dbrp.legacy.y: the default mapping goes last, so that the default moves once";
    assert_eq!(needs(step(&plan, "dbrp.legacy.x")), [last]);
    assert!(step(&plan, "dbrp.legacy.x").risks.is_empty(), "nobody is left to become the default");
}

#[test]
fn earlier_runs_count_as_long_as_source_range_and_bucket_are_the_same() {
    let origin = Origin::new("telegraf", "autogen");
    let there = telegraf_there().bucket(9, "elsewhere", days(1), "");
    let after = |moved: tidegate::plan::Moved| {
        let progress = Progress {
            transfers: [(origin.clone(), moved.clone())].into(),
            verified: [(origin.clone(), moved)].into(),
        };
        let plan = plan_on(Kind::CloudTsm, &telegraf(), &there, &progress, &Options::default());
        let Change::Transfer(transfer) = &step(&plan, "transfer.telegraf.autogen").change else { panic!() };
        let verify = step(&plan, "verify.telegraf.autogen").acts();
        (transfer.progress, step(&plan, "transfer.telegraf.autogen").reason.clone(), verify)
    };
    let mut other_source = moved(1, true);
    other_source.fingerprint = "sha256:f2".to_owned();
    let mut other_range = moved(1, true);
    other_range.range.start = Timestamp(0);
    assert_eq!(after(moved(1, true)), (Done, Reason::AsDesired, false));
    assert_eq!(after(moved(1, false)), (Partial, Reason::PartlyMoved, true));
    assert_eq!(after(moved(7, true)), (NotStarted, Reason::BucketRecreated, true));
    assert_eq!(after(moved(9, true)), (NotStarted, Reason::BucketChanged { from: "elsewhere".into() }, true));
    assert_eq!(after(other_source), (NotStarted, Reason::SourceChanged, true));
    assert_eq!(after(other_range), (NotStarted, Reason::RangeChanged, true));
}

#[test]
fn moved_but_not_compared_is_compared() {
    let progress = Progress {
        transfers: [(Origin::new("telegraf", "autogen"), moved(1, true))].into(),
        ..Progress::default()
    };
    let plan = plan_on(Kind::CloudTsm, &telegraf(), &telegraf_there(), &progress, &Options::default());
    assert_eq!(addresses(&plan), ["verify verify.telegraf.autogen"]);
    assert!(step(&plan, "verify.telegraf.autogen").needs.is_empty());
}

#[test]
fn serverless_counts_through_the_mapping() {
    let plan = plan_on(
        Kind::CloudServerless,
        &telegraf(),
        &There::default(),
        &Progress::default(),
        &Options::default(),
    );
    assert_eq!(
        needs(step(&plan, "verify.telegraf.autogen")),
        [
            "dbrp.telegraf.autogen: the target is counted through this mapping",
            "transfer.telegraf.autogen: only moved data can be compared",
        ]
    );
}

#[test]
fn safety_rules_count_and_say_what_allows_more() {
    let plan = rich();
    assert_eq!(refusals(&plan), Vec::<&str>::new());
    let there = There::default();
    let strict = checked(plan.clone(), &there, &Limits::default(), STRICT, &Options::default());
    assert_eq!(refusals(&strict), ["TG0630", "TG0631", "TG0632", "TG0633"]);
    let texts: Vec<_> = strict.refusals.iter().map(|r| format!("{}\n  {}", r.message, r.help)).collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    the plan has 2 deletes, and `safety.max_deletes` allows 0: dbrp.telegraf.gone, bucket.telegraf/gone
      Set `safety: { max_deletes: 2 }`, or allow each that loses data, as with `--allow data-loss:bucket.telegraf/gone`.
    the plan has 1 replaced mapping, and `safety.max_replaces` allows 0: dbrp.telegraf.weekly
      Set `safety: { max_replaces: 1 }`.
    the plan has 1 shortened retention, and `safety.max_retention_shrinks` allows 0: bucket.telegraf/daily
      Set `safety: { max_retention_shrinks: 1 }`, or allow each that loses data, as with `--allow data-loss:bucket.telegraf/daily`.
    bucket.telegraf/gone may hold data, and would be deleted with it
      Allow it with `--allow data-loss:bucket.telegraf/gone`.
    ");
}

#[test]
fn an_allowed_step_is_not_counted() {
    let wanted = Wanted::new().policy("telegraf", "daily", days(30), true);
    let there = There::default().managed(1, "telegraf/daily", Retention::Infinite);
    let options = Options {
        allow: [tidegate::plan::Address::Bucket("telegraf/daily".into())].into(),
        ..Options::default()
    };
    let plan = plan_on(Kind::CloudTsm, &wanted, &there, &Progress::default(), &options);
    let plan = checked(plan, &there, &Limits::default(), STRICT, &options);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    assert!(!warnings(&plan).iter().any(|w| w.starts_with("TG0634")));
}

#[test]
fn an_allowance_for_nothing_is_a_warning() {
    let options = Options {
        allow: [tidegate::plan::Address::Bucket("telegraf/autogn".into())].into(),
        ..Options::default()
    };
    let plan = checked(
        plan(&telegraf(), &There::default()),
        &There::default(),
        &Limits::default(),
        STRICT,
        &options,
    );
    assert_eq!(plan.warnings[0].code, "TG0634");
}

#[test]
fn the_organizations_limits_are_checked_before_anything_is_created() {
    let free = Limits {
        max_buckets: Some(2),
        max_retention: Some(days(30)),
        write: Some(RateLimit::parse("5 MB / 5 min").unwrap()),
        max_series: Some(10_000),
    };
    let wanted = telegraf().policy("telegraf", "weekly", days(30), false);
    let there = There::default().bucket(1, "mine", days(30), "");
    let plan = checked(plan(&wanted, &there), &there, &free, STRICT, &Options::default());
    insta::assert_snapshot!(
        plan.refusals.iter().map(|r| format!("{} {}", r.code, r.message)).collect::<Vec<_>>().join("\n"), @r"
    TG0640 the plan creates 2 buckets beside 1 that are there, and the organization may have 2
    TG0641 the bucket `telegraf/autogen` shall keep points for an unlimited time, and the organization allows at most 30d
    ");
    insta::assert_snapshot!(
        plan.warnings.iter().map(|w| format!("{} {}", w.code, w.message)).collect::<Vec<_>>().join("\n"), @r"
    TG0642 82.5 MB to move take at least 1h20m at 5 MB / 5 min; compressed files hold more than their size on disk
    TG0643 `telegraf/weekly` keeps points for 30d: points of `telegraf.weekly` from before 2026-10-21T00:00:00Z are refused, if there are any
    ");
    let unknown =
        checked(plan_world::plan(&wanted, &there), &there, &Limits::default(), STRICT, &Options::default());
    assert!(unknown.refusals.is_empty());
}

#[test]
fn a_retention_that_stays_is_not_refused() {
    let free = Limits { max_retention: Some(days(30)), ..Limits::default() };
    let there = There::default().bucket(1, "telegraf/autogen", Retention::Infinite, "");
    let plan = checked(plan(&telegraf(), &there), &there, &free, STRICT, &Options::default());
    assert!(plan.refusals.is_empty(), "adopting changes the description only");
}

#[test]
fn points_older_than_the_bucket_keeps_are_warned_about() {
    let with = |start: &str, end: &str| {
        let wanted = Wanted::new().policy("telegraf", "daily", days(30), true).edit(|desired| {
            for wanted in desired.transfers.values_mut() {
                let range = &mut wanted.transfer.range;
                if !start.is_empty() {
                    range.start = Timestamp::parse(start).unwrap();
                }
                if !end.is_empty() {
                    range.end = Timestamp::parse(end).unwrap();
                }
            }
        });
        let plan = checked(
            plan(&wanted, &There::default()),
            &There::default(),
            &Limits::default(),
            STRICT,
            &Options::default(),
        );
        plan.warnings.iter().map(|w| format!("{} {}", w.code, w.message)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(with("", ""), @"TG0643 `telegraf/daily` keeps points for 30d: points of `telegraf.daily` from before 2026-10-21T00:00:00Z are refused, if there are any");
    insta::assert_snapshot!(with("2026-10-01T00:00:00Z", ""), @"TG0643 `telegraf/daily` keeps points for 30d: points of `telegraf.daily` between 2026-10-01T00:00:00Z and 2026-10-21T00:00:00Z are refused");
    insta::assert_snapshot!(with("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"), @"TG0643 every point of `telegraf.daily` is older than 30d, which is how long `telegraf/daily` keeps points");
    assert_eq!(with("2026-11-01T00:00:00Z", ""), "");
}

#[test]
fn serverless_limits_are_told_once() {
    let wanted = telegraf().policy("a b", "weekly", days(30), true);
    let plan =
        plan_on(Kind::CloudServerless, &wanted, &There::default(), &Progress::default(), &Options::default());
    let plan = checked(plan, &There::default(), &Limits::default(), Safety { ..STRICT }, &Options::default());
    assert_eq!(warnings(&plan), ["TG0643 transfer.\"a b\".weekly", "TG0644 ", "TG0645 bucket.a b/weekly"]);
}
