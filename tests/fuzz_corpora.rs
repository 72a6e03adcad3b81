//! What the fuzzers of `tests/fuzz` found worth keeping, each through the same checks.
#![cfg(all(unix, feature = "compressed", feature = "shipped"))]

#[path = "fuzz/checks/mod.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let input = fs::read(&path).unwrap();
        let held = std::panic::catch_unwind(|| check(&input));
        assert!(held.is_ok(), "{}", path.display());
    }
}

#[test]
fn the_parser_and_the_quick_way_agree_on_what_is_a_line() {
    replay("line", checks::line);
}

#[test]
fn any_folder_is_judged_and_however_it_is_cut_the_same() {
    replay("folder", checks::folder);
}

#[test]
fn a_start_goes_on_or_refuses_and_never_begins_anew() {
    replay("start", checks::start);
}

#[test]
fn a_key_store_opens_or_refuses_and_shows_no_secret() {
    replay("keys", checks::keys);
}

#[test]
fn any_streams_are_judged_and_in_any_order_the_same() {
    replay("shipped", checks::shipped);
}
