//! The coarsest unit of time that loses nothing: nine digits a line less, of what a quota counts.

use super::batch::Placed;
use crate::line::Precision;
use std::borrow::Cow;

/// Units and the zeros that their times end in, the coarsest first.
const UNITS: [(Precision, usize); 4] = [
    (Precision::Seconds, 9),
    (Precision::Milliseconds, 6),
    (Precision::Microseconds, 3),
    (Precision::Nanoseconds, 0),
];

/// Cuts the times of all lines, in nanoseconds, to the coarsest unit that loses nothing, and returns it.
pub(super) fn shorten(text: &mut Vec<u8>, lines: &mut [Placed]) -> Precision {
    let fewest = lines.iter().map(|line| zeros(text.get(line.start..line.end - 1), line.time)).min();
    let fewest = fewest.unwrap_or(0);
    let (unit, cut) = UNITS.into_iter().find(|(_, zeros)| *zeros <= fewest).unwrap_or_default();
    if cut == 0 {
        return unit;
    }
    let mut end = 0;
    for line in lines {
        let start = end;
        let kept = line.start..line.end - 1 - if line.time == 0 { 0 } else { cut };
        end += kept.len();
        text.copy_within(kept, start);
        if let Some(byte) = text.get_mut(end) {
            *byte = b'\n';
        }
        end += 1;
        (line.start, line.end) = (start, end);
    }
    text.truncate(end);
    unit
}

/// Returns a line as the source has it.
pub(super) fn lengthen(line: &[u8], time: i64, unit: Precision) -> Cow<'_, [u8]> {
    let zeros = UNITS.iter().find(|(of, _)| *of == unit).map_or(0, |(_, zeros)| *zeros);
    if zeros == 0 || time == 0 {
        return Cow::Borrowed(line);
    }
    Cow::Owned([line, &b"000000000"[..zeros]].concat())
}

/// Returns how many zeros the time of a line ends in, up to nine. A line that does not end in its time has none.
fn zeros(line: Option<&[u8]>, time: i64) -> usize {
    match line {
        _ if time == 0 => 9,
        Some(line) => line.iter().rev().take(9).take_while(|byte| **byte == b'0').count(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::Place;
    use super::*;
    use crate::line;
    use proptest::prelude::*;

    fn placed(lines: &[String]) -> (Vec<u8>, Vec<Placed>) {
        let (mut text, mut places) = (Vec::new(), Vec::new());
        for line in lines {
            let start = text.len();
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
            let time = line::parse(line.as_bytes()).unwrap().timestamp.unwrap();
            let place = Place { file: 0, offset: 0, line: 0 };
            places.push(Placed { start, end: text.len(), time, place });
        }
        (text, places)
    }

    fn shortened(lines: &[&str]) -> (Precision, String) {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        let (mut text, mut places) = placed(&lines);
        let unit = shorten(&mut text, &mut places);
        (unit, String::from_utf8(text).unwrap())
    }

    #[test]
    fn the_finest_time_decides() {
        assert_eq!(
            shortened(&["m v=1 5000000000", "m v=2 0"]),
            (Precision::Seconds, "m v=1 5\nm v=2 0\n".into())
        );
        assert_eq!(
            shortened(&["m v=1 5000000000", "m v=2 -1000000"]),
            (Precision::Milliseconds, "m v=1 5000\nm v=2 -1\n".into())
        );
        assert_eq!(shortened(&["m v=1 5000000000", "m v=2 1000"]).0, Precision::Microseconds);
        let (unit, text) = shortened(&["m v=1 5000000000", "m v=2 7"]);
        assert_eq!((unit, text.as_str()), (Precision::Nanoseconds, "m v=1 5000000000\nm v=2 7\n"));
    }

    #[test]
    fn a_line_with_a_blank_behind_its_time_is_left_as_it_is() {
        let (unit, text) = shortened(&["m v=1 5000000000 "]);
        assert_eq!((unit, text.as_str()), (Precision::Nanoseconds, "m v=1 5000000000 \n"));
    }

    proptest! {
        #[test]
        fn times_and_lines_come_back(
            times in prop::collection::vec((-1_000_000i64..1_000_000, 0..4usize), 1..20),
        ) {
            let time = |(n, scale): &(i64, usize)| n * [1, 1_000, 1_000_000, 1_000_000_000][*scale];
            let lines: Vec<String> =
                times.iter().enumerate().map(|(at, t)| format!("m,t=a v={at}i,s=\"x 000\" {}", time(t))).collect();
            let (mut text, mut places) = placed(&lines);
            let unit = shorten(&mut text, &mut places);
            for (line, place) in lines.iter().zip(&places) {
                let short = &text[place.start..place.end - 1];
                let read = line::parse_with_precision(short, unit).unwrap();
                prop_assert_eq!(read.timestamp, Some(place.time));
                prop_assert_eq!(&*lengthen(short, place.time, unit), line.as_bytes());
            }
        }
    }
}
