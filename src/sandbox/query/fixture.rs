//! A store with a few points, for tests.

use crate::line::Precision;
use crate::model::{Kind, Timestamp};
use crate::sandbox::store::{Batch, Bucket, Catalog, Dbrp, Error, Id, Opening, Store, WriteRules};
use tempfile::TempDir;

/// A store in a directory of its own, which goes with it.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) store: Store,
    _directory: TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let opening = Opening {
            path: directory.path(),
            plays: Kind::OssV2,
            organization: "acme",
            discard: false,
            now: Timestamp(0),
            ids: vec![Id::parse("8cc681081dbbc46e").unwrap()],
        };
        Self { store: Store::open(opening).unwrap(), _directory: directory }
    }

    fn change(self, change: impl FnOnce(&mut Catalog)) -> Self {
        self.store
            .change(|catalog| {
                change(catalog);
                Ok::<_, Error>(())
            })
            .unwrap();
        self
    }

    /// Adds a bucket.
    pub(super) fn bucket(self, id: &str, name: &str) -> Self {
        let bucket = Bucket {
            id: Id::parse(id).unwrap(),
            name: name.to_owned(),
            description: String::new(),
            rp: String::new(),
            retention_seconds: 0,
            shard_group_seconds: 604_800,
            system: false,
            created: Timestamp(0),
            updated: Timestamp(0),
        };
        self.change(|catalog| {
            catalog.buckets.insert(bucket.id, bucket);
        })
    }

    /// Adds a mapping; a database's first is its default.
    pub(super) fn mapping(self, database: &str, policy: &str, bucket: &str) -> Self {
        self.change(|catalog| {
            let dbrp = Dbrp {
                id: catalog.new_id(),
                database: database.to_owned(),
                retention_policy: policy.to_owned(),
                bucket: catalog.bucket_named(bucket).unwrap().id,
            };
            catalog.defaults.entry(database.to_owned()).or_insert(dbrp.id);
            catalog.dbrps.insert(dbrp.id, dbrp);
        })
    }

    /// Writes lines into a bucket.
    pub(super) fn lines(self, bucket: &str, lines: &[u8]) -> Self {
        let bucket = self.store.catalog().bucket_named(bucket).unwrap().id;
        let mut batch = Batch::read(lines, Precision::Nanoseconds, Timestamp(0));
        assert!(batch.bad.is_empty(), "{:?}", batch.bad);
        let rules = WriteRules { shard_group_seconds: Some(604_800), ..WriteRules::default() };
        self.store.write(bucket, &mut batch, rules).unwrap();
        assert!(batch.rejected.is_empty(), "{:?}", batch.rejected);
        self
    }
}

/// Returns what was in `telegraf/autogen` of an influxd 2.8.0 when its answers were recorded.
pub(super) fn recorded() -> Fixture {
    let big = format!("big v=\"{}\" 1790000000000000000\n", "x".repeat(70_000));
    let lines = [
        big.as_bytes(),
        br#"
cpu,host=a v=1,i=1i,u=3u,s="x y",b=true 1790000000000000000
cpu,host=c v=1 1790000000000000000
cpu v=2 1790000000000000000
_m v=1 1790000000000000000
cpu _f=1 1790000000000000000
cpu,v=tag v=1 1790000000000000000
typ v=1 1790000000000000000
typ w=1 1790000000000000006
minmax v=1 -9223372036854775806
minmax v=2 9223372036854775806
gz v=1 1790000000000000000
gz2 v=1 1790000000000000000
x v=1 1795307138047948623
esc\ m,t\,a\=g=v\ al f\ k="q\"\\" 1790000000000000000
"#,
        b"utf v=\"\xff\" 1790000000000000000\nut\xfff v=1 1790000000000000000\n",
    ]
    .concat();
    Fixture::new()
        .bucket("1f4160f7b005a522", "")
        .bucket("270731cc302539ef", " spaced name ")
        .bucket("8b49fa6889eabb6d", "telegraf/autogen")
        .bucket("8b49fa6889eabb6e", "telegraf/daily")
        .bucket("8b49fa6889eabb6f", "telegraf/renamed")
        .mapping("telegraf", "autogen", "telegraf/autogen")
        .mapping("telegraf", "daily", "telegraf/daily")
        .mapping("telegraf", "renamed", "telegraf/renamed")
        .lines("telegraf/autogen", &lines)
}

/// Adds what was written after the first recorded answers.
pub(super) fn recorded_later() -> Fixture {
    let lines = b"us u=18446744073709551615u 1790000000000000000\nus u=2u 1790000000000000001\n\
        us i=9223372036854775807i 1790000000000000000\nus i=1i 1790000000000000001";
    recorded().lines("telegraf/autogen", lines)
}
