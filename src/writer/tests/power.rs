//! Power cuts: of what was not synced any part may be on the disk when the machine starts again, see [`Storage`]. All
//! that was acknowledged as synced is there, and the log goes on as `intact`.

use std::collections::HashSet;

use super::oracle::Oracle;
use super::service::Service;
use crate::files::memory::choices;
use crate::files::memory::{Moment, Storage};

/// Disks lose no less.
const SECTOR: usize = 512;

type Choose<'a> = &'a mut dyn FnMut(usize) -> usize;

/// Cuts the power at each operation of the next life of such a service, with pages of this size, in as many ways as
/// `choices` makes; the next start must go on.
fn walk(mut begun: Service, page: usize, choices: impl Fn(&mut dyn FnMut(Choose<'_>))) {
    let life = begun.remembered_life();
    walk_moments(&begun, &life, page, choices);
}

fn walk_moments(
    begun: &Service,
    life: &[(Moment, Oracle)],
    page: usize,
    choices: impl Fn(&mut dyn FnMut(Choose<'_>)),
) {
    let (mut cuts, mut seen) = (0, HashSet::new());
    for (at, (moment, oracle)) in life.iter().enumerate() {
        choices(&mut |choose| {
            cuts += 1;
            let left = moment.before.cut_power(page, choose);
            if seen.insert((left.all(), oracle.count())) {
                let before = &begun.context;
                let context = format!("{before}; power cut before operation {at}, {}", moment.operation);
                go_on(begun, left, oracle, context);
            }
        });
    }
    println!("{} operations, {cuts} power cuts that left {} disks", life.len(), seen.len());
}

fn go_on(begun: &Service, left: Storage, oracle: &Oracle, context: String) {
    begun.with(left, oracle.clone().power_failed(), context).rebooted().go_on();
}

fn all(at_most: usize) -> impl Fn(&mut dyn FnMut(Choose<'_>)) {
    move |test| {
        choices::all(at_most, test);
    }
}

fn some(times: usize) -> impl Fn(&mut dyn FnMut(Choose<'_>)) {
    move |test| choices::some(times, test)
}

#[test]
fn a_first_life_goes_on_after_every_power_cut() {
    walk(Service::new(), SECTOR, some(6));
    walk(Service::new(), 512, some(4));
}

#[test]
fn a_later_life_goes_on_after_every_power_cut() {
    walk(Service::rarely_up().lived(), SECTOR, some(6));
    walk(Service::new().lived(), 4096, some(4));
}

/// What a process wrote that crashed may be unsynced while the next one builds upon it. It crashes before each operation
/// that `crashes` names.
fn walk_behind_crashes(
    mut begun: Service,
    crashes: impl Fn(&Moment) -> bool,
    page: usize,
    choices: impl Fn(&mut dyn FnMut(Choose<'_>)),
) {
    for (at, (moment, oracle)) in begun.remembered_life().iter().enumerate() {
        if !crashes(moment) {
            continue;
        }
        let context = format!("crash before operation {at}, {}", moment.operation);
        let mut service = begun.with(moment.before.clone(), oracle.clone(), context);
        let life = service.remembered_brief_life();
        walk_moments(&service, &life, page, &choices);
    }
}

#[test]
fn a_power_cut_behind_a_crash_takes_nothing_that_the_next_start_built_upon() {
    // Most is unsynced right before a sync.
    let before_a_sync = |moment: &Moment| moment.operation.starts_with("sync");
    for begun in [Service::new(), Service::rarely_up().lived()] {
        walk_behind_crashes(begun, before_a_sync, SECTOR, some(2));
    }
}

/// What a sync failed to bring to the disk may never come there, whatever sync succeeds later. A writer that runs gives
/// up the file then. (A start can't know that a sync failed in a process before it; that, and what is left of a file that
/// was begun in vain, `docs/RELIABILITY.md` has among what is not promised.)
fn walk_behind_failed_syncs(begun: &Service, of: &str, choices: impl Fn(&mut dyn FnMut(Choose<'_>))) {
    for at in 0.. {
        let context = format!("operation {at} failed");
        let mut service = begun.with(begun.files.storage(), begun.oracle.clone(), context);
        service.oracle.sync_failed = true;
        let Some(life) = service.remembered_life_with_failure(at) else { break };
        let (moment, known) = &life[at];
        let has_started = known.count() > begun.oracle.count();
        // What is left of a genesis may be all that is left of its file; it then looks like any damaged file.
        let is_of_genesis = at > 1 && life[at - 2].0.operation.starts_with("create_new audit");
        if has_started && !is_of_genesis && moment.operation.starts_with(of) {
            walk_moments(&service, &life[at..], SECTOR, &choices);
        }
    }
}

#[test]
fn a_power_cut_behind_a_failed_sync_takes_nothing_but_what_the_log_declares() {
    walk_behind_failed_syncs(&Service::new().lived(), "sync audit", some(2));
}

#[test]
#[ignore = "minutes; for the nightly run"]
fn every_life_goes_on_after_every_power_cut_and_behind_every_crash() {
    for begun in [Service::new, || Service::new().lived(), || Service::rarely_up().lived()] {
        // At this size all that is unsynced is a page or three: no choice is left out.
        walk(begun(), SECTOR, all(1_000));
        walk(begun(), SECTOR, some(100));
        walk_behind_crashes(begun(), |_| true, SECTOR, some(6));
        walk_behind_failed_syncs(&begun(), "sync", some(6));
    }
}
