//! The server's rules once more, slow and obvious: one byte at a time, two passes over the fields.

use tidegate::line::Kind;

/// Keys and values.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What a line holds, still escaped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) series: Vec<u8>,
    pub(crate) fields: Pairs,
    pub(crate) timestamp: Option<i64>,
}

/// A byte, or NUL behind the end; a place is within the text.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn is(&self, at: usize, bytes: &[u8]) -> bool {
        self.0.get(at).is_some_and(|byte| bytes.contains(byte))
    }

    fn ended(&self, at: usize) -> bool {
        at >= self.0.len()
    }

    fn after_backslash(&self, at: usize) -> bool {
        at > 0 && self.is(at - 1, b"\\")
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while self.is(at, b" \t\0") {
            at += 1;
        }
        at
    }

    /// The first of `stops` after `from` that follows no backslash.
    fn stop(&self, from: usize, stops: &[u8]) -> Option<usize> {
        (from + 1..self.0.len()).find(|&at| self.is(at, stops) && !self.after_backslash(at))
    }
}

pub(crate) fn kind(text: &[u8]) -> Kind {
    match text.iter().find(|byte| !b" \t\0".contains(byte)) {
        None => Kind::Blank,
        Some(b'#') => Kind::Comment,
        Some(_) => Kind::Point,
    }
}

/// Where records begin and end, without their line breaks. The last one may run to the end.
pub(crate) fn records(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = record_end(text, start);
        found.push((start, end));
        start = end + 1;
    }
    found
}

fn record_end(text: &[u8], start: usize) -> usize {
    let first_line = text[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| start + at);
    if kind(&text[start..first_line]) == Kind::Comment {
        return first_line;
    }
    let (mut at, mut in_fields, mut quoted, mut equals, mut commas) = (start, false, false, 0, 0);
    while at < text.len() {
        if text[at] == b'\\' && at + 2 < text.len() {
            at += 2;
            continue;
        }
        if text[at] == b' ' {
            in_fields = true;
        }
        if in_fields && !quoted && text[at] == b'=' {
            equals += 1;
        } else if in_fields && !quoted && text[at] == b',' {
            commas += 1;
        } else if in_fields && text[at] == b'"' && equals > commas {
            quoted = !quoted;
        } else if text[at] == b'\n' && !quoted {
            return at;
        }
        at += 1;
    }
    text.len()
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Parts, String> {
    let text = Text(bytes);
    let start = text.skip_blanks(0);
    let key_end = key(&text, start)?;
    let series = &bytes[start..key_end];
    if series.len() > 65_535 {
        return Err(format!("max key length exceeded: {} > 65535", series.len()));
    }
    let fields_start = text.skip_blanks(key_end);
    let fields_end = fields(&text, fields_start)?;
    let pairs = pairs(&bytes[fields_start..fields_end])?;
    let timestamp = timestamp(&text, fields_end)?;
    Ok(Parts { series: series.to_vec(), fields: pairs, timestamp })
}

fn key(text: &Text<'_>, start: usize) -> Result<usize, String> {
    if text.ended(start) || text.is(start, b",") {
        return Err("missing measurement".into());
    }
    let mut at = text.stop(start, b", ").ok_or("missing fields")?;
    let mut names: Vec<&[u8]> = Vec::new();
    while text.is(at, b",") {
        let tag = at + 1;
        if text.ended(tag) || text.is(tag, b" ,=") {
            return Err("missing tag key".into());
        }
        let equals = text.stop(tag, b" ,=").ok_or("missing tag value")?;
        if !text.is(equals, b"=") || text.ended(equals + 1) || text.is(equals + 1, b", ") {
            return Err("missing tag value".into());
        }
        at = text.stop(equals + 1, b"=, ").ok_or("missing fields")?;
        if text.is(at, b"=") {
            return Err("invalid tag format".into());
        }
        names.push(&text.0[tag..equals]);
    }
    for name in &names {
        match *name {
            b"time" | b"_field" | b"_measurement" => {
                return Err(format!("cannot use reserved tag key \"{}\"", String::from_utf8_lossy(name)));
            }
            b"\0" => return Err("cannot use reserved tag key \"\\x00\"".into()),
            b"\xff" => return Err("cannot use reserved tag key \"\\xff\"".into()),
            _ => {}
        }
    }
    let unique: std::collections::HashSet<_> = names.iter().collect();
    if unique.len() < names.len() {
        return Err("duplicate tags".into());
    }
    Ok(at)
}

fn fields(text: &Text<'_>, start: usize) -> Result<usize, String> {
    let (mut at, mut quoted, mut equals, mut commas) = (start, false, 0, 0);
    while !text.ended(at) {
        if text.is(at, b"\\") && !text.ended(at + 1) {
            at += 2;
            continue;
        }
        if text.is(at, b"\"") && equals > commas {
            quoted = !quoted;
            at += 1;
            continue;
        }
        if !quoted && text.is(at, b"=") {
            equals += 1;
            if at >= 2 && text.is(at - 1, b" ,") && !text.is(at - 2, b"\\") {
                return Err("missing field key".into());
            }
            if text.ended(at + 1) || text.is(at + 1, b", ") {
                return Err("missing field value".into());
            }
            if text.is(at + 1, b"\"") {
                at += 1;
                continue;
            }
            let end = (at + 1..text.0.len()).find(|&at| text.is(at, b", ")).unwrap_or(text.0.len());
            let value = &text.0[at + 1..end];
            if text.is(at + 1, b"0123456789.-Nn") {
                number(value)?;
            } else if !is_boolean(value) {
                return Err("invalid boolean".into());
            }
            at = end;
            continue;
        }
        if !quoted && text.is(at, b",") {
            commas += 1;
        }
        if !quoted && text.is(at, b" ") {
            break;
        }
        at += 1;
    }
    if quoted {
        return Err("unbalanced quotes".into());
    }
    if equals == 0 || commas + 1 != equals {
        return Err("invalid field format".into());
    }
    Ok(at.min(text.0.len()))
}

pub(crate) fn is_boolean(value: &[u8]) -> bool {
    ["t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"]
        .iter()
        .any(|b| b.as_bytes() == value)
}

fn number(value: &[u8]) -> Result<(), String> {
    let invalid = || Err("invalid number".to_owned());
    let Ok(text) = std::str::from_utf8(value) else { return invalid() };
    let unsigned_text = text.strip_prefix('-').unwrap_or(text);
    if let Some(digits) = unsigned_text.strip_suffix(['i', 'u']) {
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return invalid();
        }
        let digits = &text[..text.len() - 1];
        return if text.ends_with('u') {
            if digits.starts_with('-') {
                return invalid();
            }
            digits.parse::<u64>().map(drop).map_err(|_| {
                format!("unable to parse unsigned {digits}: strconv.ParseUint: parsing \"{digits}\": value out of range")
            })
        } else {
            digits.parse::<i64>().map(drop).map_err(|_| {
                format!("unable to parse integer {digits}: strconv.ParseInt: parsing \"{digits}\": value out of range")
            })
        };
    }
    // Bytes that can stand in a float; a sign only after an `e`, an `e` not first, one point.
    let bytes = text.as_bytes();
    let after_sign = usize::from(text.starts_with('-'));
    let ok = |at: usize| match bytes[at] {
        b'0'..=b'9' | b'.' => true,
        b'e' | b'E' => at > 0,
        b'+' | b'-' => at > 0 && matches!(bytes[at - 1], b'e' | b'E'),
        _ => false,
    };
    let exponent = unsigned_text.contains(['e', 'E']);
    let points = text.matches('.').count();
    let rest = unsigned_text.len() - points.min(1);
    if !(after_sign..bytes.len()).all(ok) || points > 1 || rest == 0 {
        return invalid();
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(()),
        _ if exponent || text.len() >= 25 => Err("invalid float".into()),
        _ => invalid(),
    }
}

/// The second pass: a key ends at an `=` after no backslash, a value at a comma outside quotes.
fn pairs(section: &[u8]) -> Result<Pairs, String> {
    let mut pairs = Vec::new();
    let mut rest = section;
    while !rest.is_empty() {
        let text = Text(rest);
        let equals =
            (0..rest.len()).find(|&at| text.is(at, b"=") && !text.after_backslash(at)).unwrap_or(rest.len());
        let key = &rest[..equals];
        if equals + 2 > rest.len() {
            return Err(format!("invalid value: field-key={}", String::from_utf8_lossy(key)));
        }
        let value_text = &rest[equals + 1..];
        let (mut at, mut quoted) = (0, false);
        while at < value_text.len() {
            match (value_text[at], value_text.get(at + 1)) {
                (b'\\', Some(b'"' | b'\\')) => at += 1,
                (b'"', _) => quoted = !quoted,
                (b',', _) if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        let at = at.min(value_text.len());
        pairs.push((key.to_vec(), value_text[..at].to_vec()));
        rest = value_text.get(at + 1..).unwrap_or_default();
    }
    Ok(pairs)
}

fn timestamp(text: &Text<'_>, from: usize) -> Result<Option<i64>, String> {
    let start = text.skip_blanks(from);
    let mut end = start;
    while !text.ended(end) && !text.is(end, b" \n") {
        if !(text.is(end, b"0123456789") || (end == start && text.is(end, b"-"))) {
            return Err("bad timestamp".into());
        }
        end += 1;
    }
    let number = std::str::from_utf8(&text.0[start..end]).unwrap();
    if number.is_empty() {
        return Ok(None);
    }
    if number == "-" {
        return Err("strconv.ParseInt: parsing \"-\": invalid syntax".into());
    }
    let time: i64 =
        number.parse().map_err(|_| format!("strconv.ParseInt: parsing \"{number}\": value out of range"))?;
    if !(-9_223_372_036_854_775_806..=9_223_372_036_854_775_806).contains(&time) {
        return Err("time outside range -9223372036854775806 - 9223372036854775806".into());
    }
    if text.0[end..].iter().any(|byte| *byte != b' ') {
        return Err("point is invalid".into());
    }
    Ok(Some(time))
}
