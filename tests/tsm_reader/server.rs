//! A data directory that influxd 1.6.7 wrote, against its own answers.

use crate::answers::{Json, answer, assert_answered, exported, unzip};
use crate::points::{Points, open, read, read_with, recorded};
use std::collections::BTreeMap;
use tidegate::model::{Origin, TimeRange, Timestamp};
use tidegate::source::tsm::{OnDamage, Options, key};

const POLICIES: [(&str, &str, &str); 5] = [
    ("telegraf", "autogen", "telegraf_autogen"),
    ("telegraf", "downsampled-daily", "telegraf_downsampled-daily"),
    ("factory", "twenty_years", "factory_twenty_years"),
    ("factory", "autogen", "factory_autogen"),
    ("odd 'name", "autogen", "odd_name_autogen"),
];

fn answered(name: &str) -> BTreeMap<crate::answers::At, Json> {
    answer(&String::from_utf8(unzip(&recorded(&format!("answers/{name}.json.gz")))).unwrap())
}

#[test]
fn every_value_is_what_the_server_answered() {
    let directory = open(&recorded("server-1.6.7"));
    for (database, policy, name) in POLICIES {
        let points = read(&directory, &Origin::new(database, policy));
        assert_answered(&points, &answered(name));
    }
}

#[test]
fn every_value_is_the_last_that_influx_inspect_exported() {
    let directory = open(&recorded("server-1.6.7"));
    for (database, policy, name) in POLICIES {
        let path = recorded(&format!("influx_inspect/{name}.lp.gz"));
        if !path.exists() {
            continue;
        }
        let (points, expected) = (read(&directory, &Origin::new(database, policy)), exported(&unzip(&path)));
        let differs: Vec<_> =
            points.iter().filter(|(at, value)| expected.get(at) != Some(value)).take(5).collect();
        assert!(differs.is_empty(), "{differs:?}");
        assert_eq!(points.len(), expected.len());
    }
}

#[test]
fn counts_are_those_of_the_server() {
    let directory = open(&recorded("server-1.6.7"));
    let summary = Json::parse(&std::fs::read_to_string(recorded("summary.json")).unwrap());
    for (database, policy, _) in POLICIES {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (series, field, _) in read(&directory, &Origin::new(database, policy)).keys() {
            let name = [&key::measurement_name(series), &b" "[..], field].concat();
            *counts.entry(String::from_utf8(name).unwrap()).or_default() += 1;
        }
        let Json::Object(expected) = summary.get(&format!("{database}/{policy}")).get("field_counts") else {
            panic!("no counts")
        };
        let expected: BTreeMap<String, usize> =
            expected.iter().map(|(name, count)| (name.clone(), count.text().parse().unwrap())).collect();
        assert_eq!(counts, expected, "{database}/{policy}");
    }
}

#[test]
fn a_range_of_time_is_what_lies_in_it() {
    let directory = open(&recorded("server-1.6.7"));
    let origin = Origin::new("telegraf", "autogen");
    let all = read(&directory, &origin);
    let times: Vec<i64> = all.keys().map(|at| at.2).collect();
    let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    for (start, end) in [(*first, *last), (first + 1, first + 86_400_000_000_000), (*last, last + 1), (0, 5)]
    {
        let times = TimeRange { start: Timestamp(start), end: Timestamp(end) };
        let options = Options { times, ..Options::default() };
        let (points, _) = read_with(&directory, &origin, &options).unwrap();
        let expected: Points = all
            .iter()
            .filter(|(at, _)| (start..end).contains(&at.2))
            .map(|(at, value)| (at.clone(), value.clone()))
            .collect();
        assert!(points == expected, "{start}..{end}: {} of {}", points.len(), expected.len());
    }
}

#[test]
fn little_memory_gives_the_same_points() {
    let directory = open(&recorded("server-1.6.7"));
    for (database, policy, _) in POLICIES {
        let origin = Origin::new(database, policy);
        let options = Options { memory: 1, ..Options::default() };
        let (points, _) = read_with(&directory, &origin, &options).unwrap();
        assert!(points == read(&directory, &origin), "{origin}");
    }
}

#[test]
fn scanning_counts_what_reading_finds() {
    let directory = open(&recorded("server-1.6.7"));
    for (database, policy, _) in POLICIES {
        let origin = Origin::new(database, policy);
        let points = read(&directory, &origin);
        let (mut values, mut exact, mut times) = (0, true, Vec::new());
        for shard in directory.shards(&origin).unwrap().values() {
            let facts = directory.scan(shard, OnDamage::Fail).unwrap();
            values += facts.values;
            exact &= facts.exact;
            times.extend(facts.times);
        }
        let (first, last) = (times.iter().map(|t| t.0).min(), times.iter().map(|t| t.1).max());
        assert_eq!((first, last), (points.keys().map(|at| at.2).min(), points.keys().map(|at| at.2).max()));
        if exact {
            assert_eq!(values, points.len() as u64, "{origin}");
        } else {
            assert!(values > points.len() as u64, "{origin}: {values}, {}", points.len());
            assert_eq!(policy, "autogen");
        }
    }
}
