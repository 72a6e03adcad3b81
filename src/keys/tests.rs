//! The store over a file system in memory.

use std::path::Path;

use super::contents::epoch_of;
use super::*;
use crate::files::memory::{Fault, MemoryFiles};
use crate::files::{self, Access, FileSystem as _};
use crate::trail::{Hash, Timestamp};

fn folder() -> &'static Path {
    Path::new("/var/lib/app/audit-keys")
}

#[test]
fn a_store_comes_back_with_the_key_it_was_made_with() {
    let files = MemoryFiles::default();
    let first = Store::open_or_create(&files, folder()).unwrap();
    let (pin, id) = (first.pin(), first.key().id());
    assert_eq!((pin.id(), first.epoch()), (id, 0));
    assert!(matches!(Store::open_or_create(&files, folder()), Err(KeyStoreError::Locked { .. })));
    drop(first);
    let again = Store::open_or_create(&files, folder()).unwrap();
    assert_eq!((again.pin(), again.key().id()), (pin, id));
    let beside = files.contents("/var/lib/app/audit-keys.pub").unwrap();
    assert_eq!(beside, format!("{pin}\n").as_bytes());
}

#[test]
fn wherever_the_first_start_ends_the_next_one_has_one_key_and_its_pin() {
    for fault in [Fault::Failed, Fault::Persisted, Fault::Short(7)] {
        for after in 0.. {
            let files = MemoryFiles::default();
            files.fail(after, fault, true);
            let first = Store::open_or_create(&files, folder());
            let whole = first.is_ok();
            drop(first);
            files.mend();
            let again = Store::open_or_create(&files, folder()).unwrap();
            assert_eq!(again.pin(), again.key().public(), "{fault:?} after {after}");
            if whole && after > 20 {
                break;
            }
        }
    }
}

#[test]
fn a_store_that_lost_its_key_never_starts_over() {
    let files = MemoryFiles::default();
    drop(Store::open_or_create(&files, folder()).unwrap());
    files.remove(&folder().join("epoch-0.pem")).unwrap();
    assert!(matches!(Store::open_or_create(&files, folder()), Err(KeyStoreError::KeyMissing { .. })));
}

#[test]
fn damaged_and_doubled_keys_are_refused_by_name() {
    let files = MemoryFiles::default();
    let key = folder().join("epoch-0.pem");
    drop(Store::open_or_create(&files, folder()).unwrap());
    let text = files.contents(&key).unwrap();
    files::store(&files, &folder().join("epoch-2.pem"), Access::Private, &text).unwrap();
    let several = Store::open_or_create(&files, folder()).unwrap_err();
    assert!(
        matches!(several, KeyStoreError::SeveralKeys { ref epochs, .. } if *epochs == [0, 2]),
        "{several}"
    );
    files.remove(&folder().join("epoch-2.pem")).unwrap();
    files::store(&files, &key, Access::Private, &text[..40]).unwrap();
    let damaged = Store::open_or_create(&files, folder()).unwrap_err();
    assert!(matches!(damaged, KeyStoreError::Malformed { ref path, .. } if *path == key), "{damaged}");
}

#[test]
fn a_key_hands_over_and_is_forgotten() {
    let files = MemoryFiles::default();
    let mut store = Store::open_or_create(&files, folder()).unwrap();
    let (pin, next) = (store.pin(), store.prepare_next().unwrap());
    assert_eq!(store.prepare_next().unwrap(), next);
    assert_eq!((store.epoch(), store.key().public()), (0, pin));
    drop(store);
    let mut store = Store::open_or_create(&files, folder()).unwrap();
    assert_eq!(store.prepare_next().unwrap(), next, "the stored next key is used");
    store.hand_over();
    assert_eq!((store.epoch(), store.key().public(), store.has_spent()), (1, next, true));
    let start = Timestamp::from_nanos(1);
    let head = Head {
        seq: 7,
        hash: Hash::ZERO,
        epoch: 1,
        file: 0,
        name: "audit.jsonl".into(),
        bytes: 900,
        oldest: 0,
        epoch_start: start,
        epoch_seq: 8,
        handoff: None,
        origin: None,
        file_follows: false,
    };
    store.store_head(head.clone()).unwrap();
    assert!(files.contents(folder().join("epoch-0.pem")).is_some());
    store.forget_spent().unwrap();
    assert!(files.contents(folder().join("epoch-0.pem")).is_none());
    drop(store);
    let store = Store::open_or_create(&files, folder()).unwrap();
    assert_eq!((store.pin(), store.epoch(), store.key().public()), (pin, 1, next));
    assert_eq!(store.head(), Some(&head));
}

#[test]
fn only_our_spelling_of_a_name_is_a_key() {
    assert_eq!(epoch_of("epoch-12.pem"), Some(12));
    for name in ["epoch-012.pem", "epoch-+1.pem", "epoch-.pem", "epoch-1.pem.tmp", "epoch-1.tmp"] {
        assert_eq!(epoch_of(name), None, "{name}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let files = MemoryFiles::default();
    let shown = format!("{:?}", Store::open_or_create(&files, folder()).unwrap());
    assert!(shown.contains("pin") && !shown.contains("key:") && !shown.contains("seed"), "{shown}");
}

#[test]
fn numbers_that_no_line_can_say_are_refused() {
    assert_eq!(epoch_of("epoch-18446744073709551615.pem"), None);
    let files = MemoryFiles::default();
    let mut store = Store::open_or_create(&files, folder()).unwrap();
    let head = Head {
        seq: u64::MAX,
        hash: Hash::ZERO,
        epoch: 0,
        file: 0,
        name: "audit.jsonl".into(),
        bytes: 1,
        oldest: 0,
        epoch_start: Timestamp::default(),
        epoch_seq: 0,
        handoff: None,
        origin: None,
        file_follows: false,
    };
    store.store_head(head).unwrap();
    drop(store);
    let refused = Store::open_or_create(&files, folder()).unwrap_err();
    assert!(matches!(refused, KeyStoreError::Malformed { path, .. } if path.ends_with("head.json")));
}
