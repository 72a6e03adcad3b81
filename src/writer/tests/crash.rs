//! A walk through every crash point: whatever operation of the log or the key store fails, and however, the next start,
//! or the same writer where it lives on, goes on in one history. The [oracle](super::oracle) looks after each step.

use std::path::Path;

use super::KEYS;
use super::service::Service;
use crate::files::FileSystem as _;
use crate::files::memory::Fault;

#[test]
fn a_life_without_faults_is_intact_and_the_next_goes_on() {
    let mut service = Service::new();
    for life in 1..=3 {
        service.live().unwrap();
        let proved = service.prove_intact();
        let log = &proved.logs[0];
        assert_eq!((log.files, log.keys, log.torn_bytes), (life + 1, 2 * life + 1, 0));
        assert_eq!(proved.numbers(), (0..15 * life).collect::<Vec<_>>());
    }
    let keys = service.files.list(Path::new(KEYS)).unwrap();
    assert_eq!(keys.iter().filter(|name| name.starts_with("epoch-")).count(), 1, "{keys:?}");
    assert_eq!(service.files.contents("/var/log/app/audit/audit.current").unwrap(), b"audit.3.jsonl");
}

/// Where else an append may be torn, [`super::torn`] walks.
const FAULTS: [Fault; 4] = [Fault::Failed, Fault::Persisted, Fault::Short(100), Fault::AllBut(1)];

/// Ends the next life of such a service at each of its operations, in each form; the one after must go on.
fn walk(begun: &Service) {
    walk_to(begun, usize::MAX);
}

/// [`walk`], up to that many operations.
fn walk_to(begun: &Service, operations: usize) {
    let mut walked = 0;
    for fault in FAULTS {
        for after in 0..operations {
            let context = format!("{}, {fault:?} after {after} operations", begun.context);
            let mut service = begun.with(begun.files.storage(), begun.oracle.clone(), context);
            service.files.fail(after, fault, true);
            let survived = service.live().is_ok();
            service.files.mend();
            service.prove();
            service.go_on();
            walked += 1;
            if survived {
                break;
            }
        }
    }
    println!("{walked} crashes");
}

#[test]
fn every_crash_point_of_a_first_life_ends_in_one_intact_history() {
    walk(&Service::new());
}

#[test]
fn every_crash_point_of_a_later_life_ends_in_one_intact_history() {
    walk(&Service::new().lived());
}

#[test]
fn every_crash_point_of_a_life_that_begins_a_file_ends_in_one_intact_history() {
    walk(&Service::rarely_up().lived());
}

/// The start that goes on from torn bytes ends them with a newline, in the write of its own line, or before the next file
/// is begun: it may die after that newline, or within that line.
#[test]
fn every_crash_of_a_start_after_a_torn_write_ends_in_one_intact_history() {
    for begun in [Service::new(), Service::rarely_up()] {
        let begun = begun.lived();
        let torn_in_a_record = |after| {
            let context = format!("torn after {after} operations");
            let mut service = begun.with(begun.files.storage(), begun.oracle.clone(), context);
            service.files.fail(after, Fault::Short(100), true);
            service.live().unwrap_err();
            service.files.mend();
            let proved = service.prove();
            (proved.has_unproved_end && proved.numbers().len() > 15).then_some(service)
        };
        walk_to(&(0..).find_map(torn_in_a_record).unwrap(), 16);
    }
}

/// Slow: a crash at each point of the start that goes on from each crash point.
#[test]
#[ignore = "half a minute; for the nightly run"]
fn every_crash_while_going_on_from_a_crash_ends_in_one_intact_history() {
    for first in (0..).step_by(3) {
        let mut survived = false;
        for second in 0..40 {
            let mut service = Service::new();
            service.context = format!("{first} operations, then {second}");
            service.files.fail(first, Fault::Short(100), true);
            survived = service.live().is_ok();
            service.files.fail(second, Fault::Short(50), true);
            let _ = service.live();
            service.files.mend();
            service.prove();
            service.go_on();
        }
        if survived {
            break;
        }
    }
}

#[test]
fn every_single_fault_that_passes_is_got_over_in_the_same_life() {
    let begun = Service::new().lived();
    for fault in FAULTS {
        for after in 0.. {
            let context = format!("{fault:?} after {after} operations");
            let mut service = begun.with(begun.files.storage(), begun.oracle.clone(), context);
            service.files.fail(after, fault, false);
            service.get_through().unwrap_or_else(|error| panic!("{}: {error}", service.context));
            service.prove_intact();
            if !service.files.mend() {
                break;
            }
        }
    }
}
