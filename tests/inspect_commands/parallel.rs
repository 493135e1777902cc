//! Exports on several threads.

use crate::POLICIES;
use crate::points::{open, recorded};
use std::ops::ControlFlow;
use tidegate::model::Origin;
use tidegate::source::tsm::{Error, Export, Exported, Form, OnDamage, Options, Piece, Watch};

fn export(origin: &Origin, threads: usize, form: Form, memory: usize) -> (Vec<u8>, Exported) {
    let units = open(&recorded("server-1.6.7")).units(origin, OnDamage::Fail).unwrap();
    let options = Options { memory, ..Options::default() };
    let watch = Watch::default();
    let export = Export {
        units: &units,
        options: &options,
        form,
        measurement: None,
        threads,
        pack: None,
        watch: &watch,
    };
    let mut text = Vec::new();
    let sums = export.run(&mut |piece| {
        if let Piece::Text { text: more, .. } = piece {
            text.extend_from_slice(more);
        }
        ControlFlow::Continue(())
    });
    (text, sums.unwrap())
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (database, policy, _) in POLICIES {
        let origin = Origin::new(database, policy);
        for one_field in [false, true] {
            let form = Form { one_field, ..Form::default() };
            let one = export(&origin, 1, form, 1 << 20);
            for threads in [2, 5] {
                assert!(export(&origin, threads, form, 1 << 20) == one, "{origin}, {threads} threads");
            }
        }
    }
}

#[test]
fn the_sums_are_those_of_the_lines() {
    let origin = Origin::new("telegraf", "autogen");
    let (merged, sums) = export(&origin, 2, Form::default(), 1 << 20);
    assert_eq!(sums.bytes, merged.len() as u64);
    assert_eq!(sums.lines, tidegate::line::split(&merged).count() as u64);
    let fields: usize = tidegate::line::split(&merged)
        .map(|line| tidegate::line::parse(line.text).unwrap().fields().count())
        .sum();
    assert_eq!(sums.values, fields as u64);
}

#[test]
fn it_ends_soon_when_it_is_to_stop_or_nobody_takes_pieces() {
    let units =
        open(&recorded("server-1.6.7")).units(&Origin::new("telegraf", "autogen"), OnDamage::Fail).unwrap();
    let (options, watch) = (Options::default(), Watch::default());
    let form = Form::default();
    let export = Export {
        units: &units,
        options: &options,
        form,
        measurement: None,
        threads: 2,
        pack: None,
        watch: &watch,
    };
    let mut pieces = 0;
    export
        .run(&mut |_| {
            pieces += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(pieces, 1);
    watch.stop();
    assert!(matches!(export.run(&mut |_| ControlFlow::Continue(())), Err(Error::Interrupted)));
}
