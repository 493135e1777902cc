//! The views of a plan.

mod plan_world;

use plan_world::*;
use proptest::prelude::*;
use tidegate::model::{Limits, Retention};
use tidegate::plan::{Options, Plan};
use tidegate::render::{self, Style};

fn no_changes() -> Plan {
    let there = There::default().managed(1, "alerts/raw", days(7));
    plan(&Wanted::new().bucket("alerts/raw", days(7)), &there)
}

/// A plan that safety rules and limits refuse.
fn refused() -> Plan {
    let there = There::default()
        .bucket(1, "telegraf/autogen", Retention::Infinite, "[tidegate:other]")
        .managed(2, "telegraf/gone", Retention::Infinite);
    let wanted = Wanted::new().policy("telegraf", "autogen", Retention::Infinite, true);
    let limits = Limits { max_buckets: Some(2), ..Limits::default() };
    checked(pruned(&wanted, &there), &there, &limits, STRICT, &Options::default())
}

/// Hundreds of databases, as rules make them.
fn large(deletes: usize) -> Plan {
    let mut wanted = Wanted::new();
    for number in 0..400 {
        wanted = wanted.policy(&format!("app_{number:03}"), "autogen", days(30), true);
    }
    let there = (0..deletes).fold(There::default(), |there, number| {
        there.managed(number as u64, &format!("gone_{number:04}"), days(30))
    });
    checked(pruned(&wanted, &there), &there, &Limits::default(), STRICT, &Options::default())
}

#[test]
fn text_shows_risky_things_first() {
    insta::assert_snapshot!(render::text(&rich(), &Style { saved: Some("prod.tgplan"), ..Style::default() }));
}

#[test]
fn full_text_lists_everything() {
    insta::assert_snapshot!(render::text(&rich(), &Style { full: true, width: 110, ..Style::default() }));
}

#[test]
fn text_without_changes_says_so() {
    insta::assert_snapshot!(render::text(&no_changes(), &Style { saved: Some("p"), ..Style::default() }));
}

#[test]
fn refused_text_says_why_and_offers_no_command() {
    insta::assert_snapshot!(render::text(
        &refused(),
        &Style { saved: Some("prod.tgplan"), ..Style::default() }
    ));
}

#[test]
fn colours_only_repeat_what_the_text_says() {
    let plan = rich();
    let colored = render::text(&plan, &Style { color: true, ..Style::default() });
    insta::assert_snapshot!(colored.replace('\u{1b}', "ESC"));
    let uncolored: String = colored
        .split('\u{1b}')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('m').unwrap().1 })
        .collect();
    assert_eq!(uncolored, render::text(&plan, &Style::default()));
}

#[test]
fn ascii_text_is_ascii() {
    let wanted = Wanted::new().policy("größe", "autogen", Retention::Infinite, true);
    let there = There::default().bucket(1, "größe/alt", days(1), "").mapping(
        2,
        "größe",
        "autogen",
        "größe/alt",
        true,
    );
    let text = render::text(&plan(&wanted, &there), &Style { ascii: true, ..Style::default() });
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn warnings_of_one_kind_are_folded() {
    let text = render::text(&large(0), &Style::default());
    assert!(text.contains(" TG0643 397 more; --full lists them\n"));
    let full = render::text(&large(0), &Style { full: true, ..Style::default() });
    assert_eq!(full.matches(" TG0643 ").count(), 400);
}

#[test]
fn narrow_text_wraps_words_and_never_addresses() {
    let text = render::text(&rich(), &Style { width: 60, ..Style::default() });
    for step in rich().steps.iter().filter(|step| step.acts()) {
        assert!(text.contains(&step.address.to_string()));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn markdown_is_a_comment() {
    insta::assert_snapshot!(render::markdown(&rich(), 60_000));
}

#[test]
fn markdown_of_a_refused_plan_warns() {
    insta::assert_snapshot!(render::markdown(&refused(), 60_000));
}

#[test]
fn markdown_without_changes_is_short() {
    insta::assert_snapshot!(render::markdown(&no_changes(), 60_000));
}

#[test]
fn a_comment_keeps_its_budget_and_every_destructive_line() {
    let plan = large(300);
    for budget in [60_000, 50_000, 20_000] {
        let text = render::markdown(&plan, budget);
        assert!(text.len() <= budget, "{} > {budget}", text.len());
        for number in 0..300 {
            assert!(text.contains(&format!("- delete    bucket.gone_{number:04}")), "{budget}: {number}");
        }
        assert!(text.contains("left out"));
    }
    let text = render::markdown(&plan, 60_000);
    assert!(text.len() > 55_000, "the budget is used: {}", text.len());
    let beginning: Vec<_> = text.lines().take(24).collect();
    let end: Vec<_> = text.lines().rev().take(24).collect();
    insta::assert_snapshot!(format!(
        "{}\n[..]\n{}",
        beginning.join("\n"),
        end.into_iter().rev().collect::<Vec<_>>().join("\n")
    ));
}

#[test]
fn too_many_destructive_lines_are_worth_more_than_the_budget() {
    let text = render::markdown(&large(300), 1_000);
    assert_eq!(text.matches("\n- delete ").count(), 300);
    assert!(!text.contains("+ create"));
}

#[test]
fn json_is_what_is_saved() {
    insta::assert_snapshot!(render::json(&plan(
        &Wanted::new().policy("telegraf", "autogen", days(90), true),
        &There::default().bucket(1, "telegraf/autogen", days(3), "")
    )));
}

#[test]
fn graphs_carry_the_reason_of_each_edge() {
    insta::assert_snapshot!(render::dot(&rich()));
    insta::assert_snapshot!(render::mermaid(&rich()));
}

#[test]
fn graphs_of_no_changes_are_valid() {
    insta::assert_snapshot!(format!("{}{}", render::dot(&no_changes()), render::mermaid(&no_changes())), @r#"
    digraph plan {
      rankdir = LR;
      node [shape = box, fontname = "monospace"];
    }
    flowchart LR
      none["No changes"]
    "#);
}

#[test]
fn a_hostile_name_stays_a_name() {
    let name = "a`b```\n-->\u{1b}[31m\"<script>@team\u{202e}#;";
    let wanted = Wanted::new().policy(name, "x", days(1), true);
    let mut plan = plan(&wanted, &There::default());
    plan.subject.name = "x-->@team`".to_owned();
    plan.subject.org = "``".to_owned();
    let text = render::text(&plan, &Style::default());
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    let comment = render::markdown(&plan, 60_000);
    assert!(comment.starts_with("<!-- tidegate:plan name=x-team -->\n"), "{comment}");
    assert!(comment.contains("\n````diff\n"), "the fence is longer than the name's backticks: {comment}");
    assert_eq!(comment.matches("\n````").count(), 2);
    assert!(comment.contains("org ``` `` ```"), "{comment}");
    insta::assert_snapshot!(render::mermaid(&plan));
    insta::assert_snapshot!(render::dot(&plan));
}

proptest! {
    /// Nothing of a name reaches a line's first column, ends a block, or moves a cursor.
    #[test]
    fn names_never_break_out(database in any::<String>(), policy in any::<String>(), description in any::<String>()) {
        let wanted = Wanted::new().policy(&database, &policy, days(1), true);
        let there = There::default().bucket(1, &format!("{database}/{policy}"), days(3), &description);
        let plan = plan(&wanted, &there);
        for ascii in [false, true] {
            let text = render::text(&plan, &Style { ascii, full: true, ..Style::default() });
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        }
        let comment = render::markdown(&plan, 60_000);
        let opening = comment.lines().find(|line| line.ends_with("`diff")).unwrap();
        let fence = opening.trim_end_matches("diff");
        prop_assert_eq!(comment.lines().filter(|line| line.starts_with(fence)).count() % 2, 0);
        let block = comment.split(opening).nth(1).unwrap().split(&format!("\n{fence}\n")).next().unwrap();
        for line in block.lines().skip(1) {
            prop_assert!(line.starts_with(['+', '-', '!', '#', ' ']), "{:?}", line);
        }
        for graph in [render::mermaid(&plan), render::dot(&plan)] {
            prop_assert!(!graph.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
