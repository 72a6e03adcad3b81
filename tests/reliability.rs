//! `docs/RELIABILITY.md` names, after each promise, tests that there are; `docs/TRUST.md`, after each thing that is taken at
//! a file's word, and it leaves none out.

use std::fs;
use std::path::Path;

const RELIABILITY: &str = include_str!("../docs/RELIABILITY.md");

const TRUST: &str = include_str!("../docs/TRUST.md");

#[test]
fn each_test_that_a_page_names_is_in_the_file_that_it_names() {
    let both = [RELIABILITY, TRUST].map(named);
    assert!(both.iter().all(|named| named.len() > 20), "{both:?}");
    for (file, test) in both.into_iter().flatten() {
        let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
        assert!(has_test(&source, test), "{file}: {test}");
    }
}

#[test]
fn each_promise_of_the_page_names_a_test() {
    let rows = RELIABILITY.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 4);
    for row in rows.filter(|row| !row.starts_with("| fault |")) {
        let proof = row.split(" | ").nth(3).unwrap();
        assert!(proof.contains(".rs`: `"), "{row}");
    }
}

#[test]
fn each_thing_taken_at_a_files_word_names_who_can_write_it_and_a_test() {
    let rows: Vec<[&str; 5]> = TRUST.lines().filter_map(cells).collect();
    let rows = rows.iter().filter(|[first, ..]| *first != "what" && *first != "---");
    for [what, who, .., tests] in rows.clone() {
        assert!(!who.is_empty() && tests.contains(".rs`: `"), "{what}");
    }
    assert!(rows.count() > 40);
}

#[test]
fn each_member_of_a_control_line_and_each_argument_is_on_the_page_of_trust() {
    let control = include_str!("../src/trail/control.rs");
    let options = include_str!("../src/verify/report.rs");
    let named = |name: &str| {
        let in_code = |end: &str| TRUST.contains(&format!("{name}{end}"));
        in_code("`") || in_code(" OLD=NEW`")
    };
    for (source, structs) in [
        (control, &["Genesis", "Previous", "WriterIdentity", "Resume", "Handoff", "Gap", "Close"][..]),
        (options, &["Options"]),
    ] {
        for name in structs.iter().flat_map(|name| members(source, name)) {
            let asked = match name {
                "keys" => "--key".to_owned(),
                "successions" => "--succession".to_owned(),
                // They change what is checked and how long a writer is waited for, not what is believed.
                "every_signature" | "patience" => continue,
                "trust" | "expect_head" | "max_silence" | "from_start" | "no_losses" => {
                    format!("--{}", name.replace('_', "-"))
                }
                _ => name.to_owned(),
            };
            assert!(named(&asked), "{asked}");
        }
    }
}

/// The public members of a struct.
fn members<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let (_, body) = source.split_once(&format!("pub struct {name} {{\n")).expect(name);
    let (body, _) = body.split_once("\n}").expect(name);
    let members = body.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
    let members: Vec<_> = members.map(|(name, _)| name).collect();
    assert!(!members.is_empty(), "{name}");
    members
}

/// The cells of a table's row that has five.
fn cells(line: &'static str) -> Option<[&'static str; 5]> {
    let row = line.strip_prefix('|')?.strip_suffix('|')?;
    row.split('|').map(str::trim).collect::<Vec<_>>().try_into().ok()
}

/// Files and their tests, as a page has them: `tests/a.rs`: `one`, `two`; `tests/b.rs`: `three`.
fn named(page: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut named = Vec::new();
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let mut file = None;
        for code in line.split('`').skip(1).step_by(2) {
            if code.contains(".rs") {
                file = Some(code);
            } else if let Some(file) = file.filter(|_| looks_like_a_test(code)) {
                named.push((file, code));
            }
        }
    }
    named
}

fn looks_like_a_test(code: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    code.contains('_') && code.bytes().all(of_a_name)
}

/// Whether the source has this test, with whatever attributes between.
fn has_test(source: &str, name: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {name}()")) else { return false };
    before
        .lines()
        .rev()
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| line.starts_with('#'))
        .any(|line| line == "#[test]")
}
