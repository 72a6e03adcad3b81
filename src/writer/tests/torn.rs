//! Torn in the middle: whatever is appended, to a file of the log, its copies of hand-offs or a file of the key store,
//! a crash may cut at any byte.

use super::service::Service;
use crate::files::memory::Moment;

/// Ends the next life of such a service within each append, after as many bytes as `cuts` says; the next must go on.
fn walk(mut begun: Service, cuts: impl Fn(usize, &Moment) -> Vec<usize>) {
    let (mut appends, mut walked) = (0, 0);
    for (at, (moment, oracle)) in begun.remembered_life().iter().enumerate() {
        let cuts = cuts(at, moment);
        appends += usize::from(!cuts.is_empty());
        for length in cuts {
            let context = format!("operation {at}, {}, cut at byte {length}", moment.operation);
            let mut service = begun.with(moment.torn_at(length), oracle.clone(), context);
            service.prove();
            service.go_on();
            walked += 1;
        }
    }
    println!("{walked} cuts of {appends} appends");
}

/// The ends of what is appended, its line ends, and some bytes in between, others in each append.
fn some(at: usize, moment: &Moment) -> Vec<usize> {
    let length = moment.length();
    let near = |end: usize| end.saturating_sub(2)..=(end + 2).min(length);
    let ends = moment.line_ends();
    let mut cuts: Vec<_> = (at * 7 % 131..length).step_by(131).collect();
    cuts.extend(ends.into_iter().chain([0, length]).flat_map(near).filter(|_| length > 0));
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

fn every(_: usize, moment: &Moment) -> Vec<usize> {
    if moment.length() == 0 { Vec::new() } else { (0..=moment.length()).collect() }
}

#[test]
fn a_first_life_goes_on_wherever_an_append_was_torn() {
    walk(Service::new(), some);
}

#[test]
fn a_life_that_begins_a_file_goes_on_wherever_an_append_was_torn() {
    walk(Service::rarely_up().lived(), some);
}

#[test]
#[ignore = "minutes; for the nightly run"]
fn every_life_goes_on_at_every_cut_of_every_append() {
    walk(Service::new(), every);
    walk(Service::new().lived(), every);
    walk(Service::rarely_up().lived(), every);
}
