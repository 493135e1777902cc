//! `meta.db`: that of a real server, and messages made here.

use crate::encode::varint;
use crate::points::{folders, recorded};
use proptest::prelude::*;
use std::path::Path;
use tidegate::model::Coded;
use tidegate::source::meta::{self, ContinuousQuery, Meta, Privilege, ShardGroup, Subscription};
use tidegate::source::tsm::Directory;

fn number(field: u64, value: i64) -> Vec<u8> {
    [varint(field << 3), varint(value as u64)].concat()
}

fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

fn parsed(bytes: &[u8]) -> Result<Meta, String> {
    meta::parse(bytes, Path::new("meta.db")).map_err(|error| error.to_string())
}

#[test]
fn the_servers_own_words_are_read() {
    let meta = meta::read(&recorded("server-1.6.7/meta/meta.db")).unwrap();
    let policies = |database: usize| {
        let database = &meta.databases[database];
        let hours = |ns: i64| ns / 3_600_000_000_000;
        let policy = |p: &meta::RetentionPolicy| {
            (
                p.name.clone(),
                hours(p.duration),
                hours(p.shard_group_duration),
                p.replicas,
                p.name == database.default_retention_policy,
            )
        };
        (database.name.clone(), database.retention_policies.iter().map(policy).collect::<Vec<_>>())
    };
    let policy = |name: &str, keeps, group, default| (name.to_owned(), keeps, group, 1, default);
    assert_eq!(
        (0..4).map(policies).collect::<Vec<_>>(),
        [
            (
                "telegraf".to_owned(),
                vec![policy("autogen", 0, 168, true), policy("downsampled-daily", 0, 720, false)]
            ),
            (
                "factory".to_owned(),
                vec![policy("autogen", 0, 168, false), policy("twenty_years", 174_720, 168, true)]
            ),
            ("empty".to_owned(), vec![policy("autogen", 0, 168, true)]),
            ("odd 'name".to_owned(), vec![policy("autogen", 0, 168, true)]),
        ]
    );
    let query = "CREATE CONTINUOUS QUERY cq_daily ON telegraf BEGIN SELECT mean(usage_idle) AS usage_idle INTO \
                 telegraf.\"downsampled-daily\".cpu FROM telegraf.autogen.cpu GROUP BY time(1d), * END";
    let expected = ContinuousQuery { name: "cq_daily".to_owned(), query: query.to_owned() };
    assert_eq!(meta.databases[0].continuous_queries, [expected]);
    let users: Vec<_> = meta.users.iter().map(|user| (user.name.as_str(), user.admin)).collect();
    assert_eq!(users, [("admin", true), ("reader", false)]);
    let groups = &meta.databases[0].retention_policies[0].shard_groups;
    assert_eq!(groups.iter().flat_map(|g| &g.shards).map(|s| s.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(groups.iter().all(|g| g.end - g.start == 168 * 3_600_000_000_000 && g.deleted_at.is_none()));
    // The bcrypt hash of a password is nowhere.
    assert!(!format!("{meta:?}").contains("$2a$"));
}

#[test]
fn every_message_is_read() {
    let shard = [number(1, 7), number(2, 9), bytes(3, &number(1, 4)), bytes(3, &number(1, 5))].concat();
    let wrapped = [number(1, 3), number(2, 9_223_284_873_709_551_616), number(3, -9_222_854_400_000_000_000)];
    let group = [&wrapped.concat()[..], &number(4, 12), &bytes(5, &shard), &number(6, -1)].concat();
    let subscription =
        [bytes(1, b"s"), bytes(2, b"ANY"), bytes(3, b"http://a"), bytes(3, b"udp://b")].concat();
    let policy =
        [bytes(1, b"rp"), bytes(5, &group), bytes(6, &subscription), number(7, 1), number(99, 1)].concat();
    let privileges = [(1, Privilege::Read), (2, Privilege::Write), (3, Privilege::All), (0, Privilege::None)];
    let privilege = |(n, _): &(i64, Privilege)| bytes(4, &[bytes(1, b"d"), number(2, *n)].concat());
    let user = [bytes(1, b"u"), bytes(2, b"$2a$10$secret"), number(3, 1)].concat();
    let user = [user, privileges.iter().flat_map(privilege).collect()].concat();
    // Fields of fixed width are skipped, as are unknown ones.
    let fixed = [&[0x09][..], &[0; 8], &[0x0d], &[0; 4]].concat();
    let database = [bytes(1, "größe".as_bytes()), bytes(3, &policy)].concat();
    let meta = parsed(&[fixed, bytes(5, &database), bytes(6, &user), number(9, 0)].concat()).unwrap();

    assert_eq!(meta.databases[0].name, "größe");
    let policy = &meta.databases[0].retention_policies[0];
    let ShardGroup { start, end, deleted_at, truncated_at, shards, .. } = &policy.shard_groups[0];
    assert_eq!((*start, *end), (9_223_284_873_709_551_616, -9_222_854_400_000_000_000));
    assert_eq!((*deleted_at, *truncated_at), (Some(12), Some(-1)));
    assert_eq!((shards[0].id, &shards[0].owners[..]), (7, &[4, 5][..]));
    let destinations = vec!["http://a".to_owned(), "udp://b".to_owned()];
    assert_eq!(policy.subscriptions, [Subscription { name: "s".into(), mode: "ANY".into(), destinations }]);
    let found: Vec<_> = meta.users[0].privileges.iter().map(|(_, p)| *p).collect();
    assert_eq!(found, privileges.map(|(_, p)| p));
}

#[test]
fn damage_is_told_with_its_place() {
    for (bytes, message) in [
        (vec![0x2a, 5, 0x0a], "`meta.db` is damaged at byte 0: it ends within a field"),
        (bytes(5, &[0x0a, 9, b'x']), "`meta.db` is damaged at byte 2: it ends within a field"),
        (bytes(5, &bytes(1, b"\xff")), "`meta.db` is damaged at byte 4: a name is not UTF-8"),
        (bytes(5, &number(1, 1)), "`meta.db` is damaged at byte 4: a name or a message is expected"),
        (vec![0x80], "`meta.db` is damaged at byte 0: a field has no number"),
        (bytes(5, &bytes(1, b"x")), "`meta.db` is damaged at byte 5: it is cut off"),
        (vec![0x2b], "`meta.db` is damaged at byte 0: a field is of an unknown kind"),
    ] {
        assert_eq!(parsed(&bytes).unwrap_err(), message);
    }
}

#[test]
fn a_folder_without_the_file_is_an_error_and_no_folder_is_none() {
    let root = recorded("crafted");
    let mut folders = folders(&root);
    assert!(Directory::open(&folders).unwrap().meta().is_none());
    folders.meta = Some(root);
    let error = Directory::open(&folders).unwrap_err();
    assert_eq!(error.code().id, "TG0450");
    assert!(error.to_string().contains("meta.db"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parsed(&bytes);
    }

    #[test]
    fn a_changed_byte_is_read_or_refused(at in 0..1259usize, to in any::<u8>()) {
        let mut bytes = std::fs::read(recorded("server-1.6.7/meta/meta.db")).unwrap();
        bytes[at] = to;
        let _ = parsed(&bytes);
    }
}
