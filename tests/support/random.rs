//! Repeatable randomness (splitmix64), and export files made from it.

use std::fmt::Write;

#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Returns lines as `influx_inspect export` writes them: a line a value, series by series, and
    /// then a second generation that overwrites some of them.
    pub(crate) fn export(&mut self, series: u64, times: u64) -> String {
        let mut text = String::new();
        for generation in 0..2 {
            for host in 0..series {
                for field in ["usage_idle", "state", "count"] {
                    for time in 0..times {
                        if generation == 1 && self.below(5) != 0 {
                            continue;
                        }
                        let value = match field {
                            "usage_idle" => format!("{}.{:03}", self.below(100), self.below(1000)),
                            "state" => format!("\"s{} line\nbreak, \\\"q\\\"\"", self.below(9)),
                            _ => format!("{}i", self.next().cast_signed()),
                        };
                        let at = 1_700_000_000_000_000_000 + time * 10_000_000_000;
                        writeln!(text, "cpu,host=web{host:02},site=a\\ b {field}={value} {at}").unwrap();
                    }
                }
            }
        }
        text
    }
}
