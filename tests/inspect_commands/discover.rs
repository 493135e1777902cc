//! `tidegate discover`: a manifest that validates and plans.

use crate::support::Workdir;
use crate::{on_recorded, recorded_server};

#[test]
fn the_manifest_says_what_the_server_has() {
    let run = on_recorded(&Workdir::new(), "discover", &[]).exits(0);
    insta::assert_snapshot!(run.stdout.replace(&recorded_server(), "/var/lib/influxdb"));
}

#[test]
fn without_meta_what_is_a_guess_is_marked_as_one() {
    let workdir = Workdir::new();
    let (data, wal) = (format!("{}/data", recorded_server()), format!("{}/wal", recorded_server()));
    let run = workdir.run(&["discover", "--data", &data, "--wal", &wal]).exits(0);
    insta::assert_snapshot!(run.stdout.replace(&recorded_server(), "/var/lib/influxdb"));
}
