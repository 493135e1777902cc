//! Reads the annotated CSV that Flux answers with.

/// Splits CSV into records of raw fields: quotes may hold line breaks, names need not be UTF-8.
///
/// An empty line is a record without fields.
pub(super) struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// Takes one field off the front; tells whether another one follows in this record.
    fn field(&mut self) -> (Vec<u8>, bool) {
        let mut field = Vec::new();
        let mut quoted = false;
        if let Some(rest) = self.rest.strip_prefix(b"\"") {
            (self.rest, quoted) = (rest, true);
        }
        while let Some((byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'"' if quoted => match self.rest.strip_prefix(b"\"") {
                    Some(rest) => {
                        field.push(b'"');
                        self.rest = rest;
                    }
                    None => quoted = false,
                },
                b',' if !quoted => return (field, true),
                b'\r' if !quoted && self.rest.first() == Some(&b'\n') => {}
                b'\n' if !quoted => return (field, false),
                byte => field.push(*byte),
            }
        }
        (field, false)
    }
}

impl Iterator for Records<'_> {
    type Item = Vec<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut record = Vec::new();
        loop {
            let (field, more) = self.field();
            record.push(field);
            if !more {
                break;
            }
        }
        if record.len() == 1 && record.first().is_some_and(Vec::is_empty) {
            record.clear();
        }
        Some(record)
    }
}

/// A row of a table, with the names of its columns.
pub(super) struct Row<'a> {
    header: &'a [Vec<u8>],
    values: &'a [Vec<u8>],
}

impl Row<'_> {
    /// Returns the value of a column; empty where there is no such column.
    pub(super) fn get(&self, column: &str) -> &[u8] {
        let at = self.header.iter().position(|name| name == column.as_bytes());
        at.and_then(|at| self.values.get(at)).map_or(b"", Vec::as_slice)
    }
}

/// Calls `row` for every row of every table.
///
/// The error is the server's words: a query that fails midway says so in a last table, under a 200.
pub(super) fn each_row(
    text: &[u8],
    mut row: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut header: Option<Vec<Vec<u8>>> = None;
    for record in Records::new(text) {
        match (&header, record.first()) {
            (_, None) => header = None,
            (_, Some(first)) if first.starts_with(b"#") => header = None,
            (None, Some(_)) => header = Some(record),
            (Some(header), Some(_)) => {
                let row_of = Row { header, values: &record };
                if header.iter().any(|name| name == b"error") {
                    return Err(String::from_utf8_lossy(row_of.get("error")).into_owned());
                }
                row(&row_of)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &[u8], column: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        each_row(text, |row| {
            found.push(String::from_utf8_lossy(row.get(column)).into_owned());
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn reads_the_tables_of_2_8_0() {
        // Two tables of one shape, then one of another, as recorded.
        let text = b"#datatype,string,long,dateTime:RFC3339,long,string\r\n#group,false,false,true,false,true\r\n\
            #default,_result,,,,\r\n,result,table,_start,_value,_field\r\n,,0,1970-01-01T00:00:00Z,1,v\r\n\
            ,,1,1970-01-01T00:00:00Z,2,\"f,\"\"k\r\n\"\r\n\r\n#datatype,string,long,long,string\r\n\
            #group,false,false,false,true\r\n#default,_result,,,\r\n,result,table,_value,_field\r\n,,2,3,x\r\n\r\n";
        assert_eq!(values(text, "_value").unwrap(), ["1", "2", "3"]);
        assert_eq!(values(text, "_field").unwrap(), ["v", "f,\"k\r\n", "x"]);
        assert_eq!(values(text, "_start").unwrap(), ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", ""]);
    }

    #[test]
    fn an_empty_result_has_no_rows() {
        assert_eq!(values(b"\r\n", "_value").unwrap(), [""; 0]);
        assert_eq!(values(b"", "_value").unwrap(), [""; 0]);
    }

    #[test]
    fn finds_an_error_after_rows() {
        let text = b",result,table,_value\r\n,,0,1\r\n\r\n#datatype,string,string\r\n#group,true,true\r\n\
            #default,,\r\n,error,reference\r\n,\"query terminated: out of memory\",897\r\n";
        assert_eq!(values(text, "_value").unwrap_err(), "query terminated: out of memory");
        let bare = b"error,reference\nFailed to parse query,897\n";
        assert_eq!(values(bare, "_value").unwrap_err(), "Failed to parse query");
    }

    proptest! {
        #[test]
        fn any_fields_read_back(records in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 2..5), 0..5))
        {
            let mut text = Vec::new();
            for record in &records {
                for (at, field) in record.iter().enumerate() {
                    text.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
                    text.extend(field.iter().flat_map(|b| if *b == b'"' { vec![b'"', b'"'] } else { vec![*b] }));
                    text.push(b'"');
                }
                text.extend_from_slice(b"\r\n");
            }
            prop_assert_eq!(Records::new(&text).collect::<Vec<_>>(), records);
        }

        #[test]
        fn any_bytes_end(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = each_row(&text, |_| Ok(()));
        }
    }
}
