//! `docs/OPERATIONS.md` names each error, verdict, finding and notice, and none that there is not.

const PAGE: &str = include_str!("../docs/OPERATIONS.md");

const ENUMS: [(&str, &str); 10] = [
    ("BuildError", include_str!("../src/builder/error.rs")),
    ("OpenError", include_str!("../src/writer/error.rs")),
    ("KeyStoreError", include_str!("../src/keys/error.rs")),
    ("SelfTestError", include_str!("../src/layer/self_test.rs")),
    ("WriteError", include_str!("../src/writer/error.rs")),
    ("Failure", include_str!("../src/failure.rs")),
    ("RequireError", include_str!("../src/require/mod.rs")),
    ("Verdict", include_str!("../src/verify/report.rs")),
    ("FindingKind", include_str!("../src/verify/finding.rs")),
    ("NoticeKind", include_str!("../src/verify/notice.rs")),
];

#[test]
fn the_page_has_a_row_for_each_variant_and_no_other() {
    for (name, source) in ENUMS {
        let mut variants = variants(name, source);
        let mut rows = rows(name);
        variants.sort_unstable();
        rows.sort_unstable();
        assert!(variants.len() > 1, "{name}");
        assert_eq!(rows, variants, "{name}");
    }
}

/// The names of an enum's variants: what stands four spaces in, and begins with a capital.
fn variants<'a>(name: &str, source: &'a str) -> Vec<&'a str> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let named = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    named.map(|line| line.split(|char: char| !char.is_ascii_alphanumeric()).next().unwrap()).collect()
}

/// The first cells of the tables under the heading of an enum.
fn rows(name: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once(&format!("\n### `{name}`\n")).unwrap_or_else(|| panic!("{name}"));
    let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.map(|line| line.split_once('`').unwrap().0).collect()
}
