//! `docs/RELIABILITY.md` names, behind each promise, tests that there are.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../docs/RELIABILITY.md");

#[test]
fn each_test_that_the_page_names_is_in_the_file_that_it_names() {
    let named = named();
    assert!(named.len() > 20, "{named:?}");
    for (file, test) in named {
        let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
        assert!(has_test(&source, test), "{file}: {test}");
    }
}

#[test]
fn each_promise_of_the_page_names_a_test() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 4);
    for row in rows.filter(|row| !row.starts_with("| fault |")) {
        let proof = row.split(" | ").nth(3).unwrap();
        assert!(proof.contains(".rs`: `"), "{row}");
    }
}

/// Files and their tests, as the page has them: `tests/a.rs`: `one`, `two`; `tests/b.rs`: `three`.
fn named() -> Vec<(&'static str, &'static str)> {
    let mut named = Vec::new();
    for line in PAGE.lines().filter(|line| line.starts_with('|')) {
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
