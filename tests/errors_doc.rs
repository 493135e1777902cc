//! `docs/errors.md` lists every code with its summary. `UPDATE_DOCS=1 cargo test --test errors_doc` rewrites it.

use tidegate::model::{Blame, Exit};

const BEGIN: &str = "<!-- codes: begin -->\n";
const END: &str = "<!-- codes: end -->\n";

fn exit(blame: Blame) -> String {
    match Exit::of(blame) {
        Exit::Failed => "1 or 14".to_owned(),
        exit => exit.code().to_string(),
    }
}

#[test]
fn the_page_lists_every_code() {
    let table = tidegate::codes()
        .iter()
        .fold("| code | summary | exit |\n|---|---|---|\n".to_owned(), |table, code| {
            format!("{table}| {} | {} | {} |\n", code.id, code.summary, exit(code.blame))
        });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{table}{END}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &wanted).unwrap();
    } else {
        assert_eq!(page, wanted, "run UPDATE_DOCS=1 cargo test --test errors_doc");
    }
}

#[test]
fn codes_are_unique_and_well_formed() {
    let codes = tidegate::codes();
    for pair in codes.windows(2) {
        assert_ne!(pair[0].id, pair[1].id, "{} and {}", pair[0].summary, pair[1].summary);
    }
    for code in codes {
        let digits = code.id.strip_prefix("TG").unwrap();
        assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", code.id);
        assert!(!code.summary.ends_with('.') && !code.summary.is_empty(), "{}", code.summary);
    }
}
