//! `tidegate discover`: a manifest that validates and plans.

use crate::encode::{Column, varint};
use crate::files;
use crate::support::Workdir;
use crate::{on_recorded, recorded_server};
use std::collections::{BTreeMap, BTreeSet};

/// Keeps what was printed, with the embedded target in place of a server, and plans it.
fn plan(workdir: &Workdir, manifest: &str) -> String {
    let (before, rest) = manifest.split_once("target:\n").unwrap();
    let (_, after) = rest.split_once("\ndatabases:").unwrap();
    workdir.write(
        "rehearsal.yaml",
        format!("{before}target: {{ kind: sandbox, path: ./box }}\ndatabases:{after}"),
    );
    workdir.run(&["plan", "-f", "rehearsal.yaml"]).exits(0).stdout
}

/// Validates what was printed, with the variables that it refers to.
fn validate(workdir: &mut Workdir, manifest: &str) {
    workdir.write("tidegate.yaml", manifest);
    workdir.set("INFLUX_HOST", "https://influx.example").set("INFLUX_ORG", "acme");
    workdir.run(&["validate"]).exits(0);
}

/// Returns the names of databases and retention policies in a manifest.
fn names(manifest: &str) -> BTreeSet<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        databases: BTreeMap<String, Database>,
    }
    #[derive(serde::Deserialize)]
    struct Database {
        retention_policies: BTreeMap<String, serde_json::Value>,
    }
    let manifest: Manifest = serde_yaml::from_str(manifest).unwrap();
    let pairs = manifest.databases.into_iter().flat_map(|(database, found)| {
        found.retention_policies.into_keys().map(move |policy| (database.clone(), policy))
    });
    pairs.collect()
}

/// Writes a shard with one field.
fn write_shard(root: &std::path::Path, database: &str, policy: &str, id: u64, key: &str, column: Column) {
    let times = (0..column.len() as i64).map(|nth| id as i64 * 1_000_000 + nth).collect();
    let folder = root.join("data").join(database).join(policy).join(id.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::create_dir_all(root.join("wal").join(database).join(policy).join(id.to_string())).unwrap();
    let tsm = files::tsm(&vec![(key.as_bytes().to_vec(), vec![(times, column)])]);
    std::fs::write(folder.join("000000001-000000001.tsm"), tsm).unwrap();
}

#[test]
fn the_manifest_says_what_the_server_has() {
    let run = on_recorded(&Workdir::new(), "discover", &[]).exits(0);
    insta::assert_snapshot!(run.stdout.replace(&recorded_server(), "/var/lib/influxdb"));
}

#[test]
fn the_manifest_validates_and_plans() {
    let mut workdir = Workdir::new();
    let manifest = on_recorded(&workdir, "discover", &[]).exits(0).stdout;
    validate(&mut workdir, &manifest);
    let plan = plan(&workdir, &manifest);
    for step in
        ["bucket.telegraf/autogen", "transfer.telegraf.downsampled-daily", "dbrp.\"odd 'name\".autogen"]
    {
        assert!(plan.contains(step), "{plan}");
    }
    assert!(plan.contains("7280d"), "{plan}");
}

#[test]
fn without_meta_what_is_a_guess_is_marked_as_one() {
    let workdir = Workdir::new();
    let (data, wal) = (format!("{}/data", recorded_server()), format!("{}/wal", recorded_server()));
    let run = workdir.run(&["discover", "--data", &data, "--wal", &wal]).exits(0);
    insta::assert_snapshot!(run.stdout.replace(&recorded_server(), "/var/lib/influxdb"));
    plan(&workdir, &run.stdout);
}

#[test]
fn any_name_a_server_accepts_reads_back_as_itself() {
    let mut workdir = Workdir::new();
    let odd = [
        "no",
        "1d",
        "~",
        "größe",
        "a: b",
        "- x",
        "#c",
        "\"quoted\"",
        "{brace}",
        "[list]",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
        "%",
        "@",
        "`",
        "'",
        "a #b",
        " lead",
        "trail ",
        "_hidden",
        "日本語",
        "a,b",
        "$${x}",
        "null",
        "?",
        "0x1f",
        "1_000",
        ".5",
        "12:30:45",
        "2026-01-01",
    ];
    let mut expected = BTreeSet::new();
    for (nth, name) in odd.iter().enumerate() {
        write_shard(workdir.path(), name, "autogen", nth as u64 + 1, "m#!~#v", Column::Integer(vec![1]));
        write_shard(workdir.path(), "db", name, nth as u64 + 500, "m#!~#v", Column::Integer(vec![1]));
        expected.insert(((*name).to_owned(), "autogen".to_owned()));
        expected.insert(("db".to_owned(), (*name).to_owned()));
    }
    let manifest = workdir.run(&["discover", "--data", "."]).exits(0).stdout;
    assert_eq!(names(&manifest), expected);
    validate(&mut workdir, &manifest);
    plan(&workdir, &manifest);
    // Nothing stands for these: a manifest would put a variable in, or merge.
    write_shard(workdir.path(), "${env:HOME}", "autogen", 998, "m#!~#v", Column::Integer(vec![1]));
    write_shard(workdir.path(), "back\\slash", "autogen", 997, "m#!~#v", Column::Integer(vec![1]));
    write_shard(workdir.path(), "<<", "autogen", 999, "m#!~#v", Column::Integer(vec![1]));
    let manifest = workdir.run(&["discover", "--data", "."]).exits(0).stdout;
    assert!(manifest.contains("# Left out: no mapping can name the database `${env:HOME}`."), "{manifest}");
    validate(&mut workdir, &manifest);
}

#[test]
fn types_that_differ_between_shards_are_shown_and_still_plan() {
    let workdir = Workdir::new();
    for (id, column) in [
        (1, Column::Float(vec![1.5])),
        (2, Column::Float(vec![2.5])),
        (4, Column::Integer(vec![1, 2])),
        (7, Column::String(vec![b"x".to_vec()])),
    ] {
        write_shard(workdir.path(), "db", "autogen", id, "m,t=1#!~#v", column);
    }
    let manifest = workdir.run(&["discover", "--data", "."]).exits(0).stdout;
    let (_, shown) = manifest.split_once("databases:\n").unwrap();
    insta::assert_snapshot!(shown);
    plan(&workdir, &manifest);
}

#[test]
fn the_nodes_of_a_cluster_become_a_list() {
    let mut workdir = Workdir::new();
    for node in ["a", "b b"] {
        write_shard(&workdir.path().join(node), "db", "autogen", 1, "m#!~#v", Column::Integer(vec![1]));
    }
    let manifest = workdir.run(&["discover", "--data", "a", "--data", "b b"]).exits(0).stdout;
    let here = workdir.path().display().to_string();
    let expected = "  directory:\n    nodes:\n      - { data: \"HERE/a/data\", wal: \"HERE/a/wal\" }\n      \
                    - { data: \"HERE/b b/data\", wal: \"HERE/b b/wal\" }\n";
    assert!(manifest.replace(&here, "HERE").contains(expected), "{manifest}");
    validate(&mut workdir, &manifest);
    plan(&workdir, &manifest);
}

/// A field of a protobuf message: bytes.
fn bytes(number: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [&varint(number << 3 | 2), &varint(content.len() as u64), content].concat()
}

/// A field of a protobuf message: a number.
fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

#[test]
fn what_looks_odd_is_said_beside_what_it_is_about() {
    let mut workdir = Workdir::new();
    let column = || Column::Integer(vec![1]);
    write_shard(workdir.path(), "db", "short", 1, "m#!~#time", column());
    write_shard(workdir.path(), "db", "short", 2, "#m#!~#v", column());
    write_shard(workdir.path(), "db", "gone", 3, "m#!~#v", column());
    write_shard(workdir.path(), "_odd", "a\"b", 4, "m#!~#v", column());
    let group = |id: u64| {
        bytes(5, [number(1, id), number(2, 0), number(3, 1), number(4, 0), bytes(5, number(1, id))].concat())
    };
    let policy = |name: &str, duration: u64, groups: &[u64]| {
        let groups: Vec<u8> = groups.iter().flat_map(|id| group(*id)).collect();
        bytes(3, [bytes(1, name), number(2, duration), number(3, 1), number(4, 1), groups].concat())
    };
    let query =
        bytes(4, [bytes(1, "cq"), bytes(2, "CREATE CONTINUOUS QUERY cq\nON db BEGIN\nx: y END")].concat());
    let short = 5_400_000_000_001;
    let databases = [
        bytes(
            5,
            [
                bytes(1, "db"),
                bytes(2, "lost"),
                policy("short", short, &[1, 2]),
                policy("empty", 0, &[]),
                query,
            ]
            .concat(),
        ),
        bytes(
            5,
            [bytes(1, "_odd"), bytes(2, "a\"b"), policy("a\"b", 0, &[4]), policy("a-b", 0, &[])].concat(),
        ),
        bytes(5, [bytes(1, "bare"), bytes(2, "")].concat()),
    ];
    let user = bytes(6, [bytes(1, "eve\ntidegate: 2"), bytes(2, "hash"), number(3, 0)].concat());
    workdir.write(
        "meta/meta.db",
        [
            number(1, 1),
            number(2, 1),
            number(3, 1),
            databases.concat(),
            user,
            number(7, 1),
            number(8, 4),
            number(9, 4),
        ]
        .concat(),
    );
    let run = workdir.run(&["discover", "--data", "."]).exits(0);
    let (_, shown) = run.stdout.split_once("databases:\n").unwrap();
    insta::with_settings!({ filters => [(r"before \d{4}-\d\d-\d\d \d\d:\d\d", "before [an hour and a half ago]")] }, {
        insta::assert_snapshot!(shown);
    });
    validate(&mut workdir, &run.stdout);
    plan(&workdir, &run.stdout);
    let table = workdir.run(&["inventory", "--data", "."]).exits(0).stdout;
    assert!(table.contains("! shard 3 (") && table.contains("bare\n  no retention policies"), "{table}");
}
