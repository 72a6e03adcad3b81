//! Random logs, and somebody who holds some of their keys and writes what he likes: no line is proved that was not written,
//! at a number that none of his keys may sign. And its opposite: what a writer leaves that only crashed is never tampered.
//!
//! A failure prints its seed; `FORGERY_SEED=<seed>` runs that case alone.

mod forger;
mod history;
mod judge;
#[path = "../attacks/log.rs"]
#[allow(dead_code)] // the attacks ask for the rest
mod log;
#[path = "../common/python.rs"]
#[allow(dead_code)] // it can tell more than this asks for
mod python;
#[path = "../common/random.rs"]
mod random;

use std::collections::HashSet;
use std::ops::Range;

use tracing_audit::verify::{LogReport, Options, Verdict};

use self::forger::{Forged, Forger};
use self::history::{History, fleet};
use self::judge::{Given, Standing, in_a_folder, in_both_modes, numbers, proves_another};
use self::log::secret;
use self::random::Random;

/// How many cases an ordinary run has of each property.
const CASES: u64 = 2_000;
/// And a long one.
const MANY: u64 = 100_000;

/// A way for a property to choose which keys of a log somebody holds: by epochs, of which the last has this number.
type Steal = fn(&mut Random, usize) -> Vec<usize>;

/// What the forger left, and what may be proved of it.
struct Case<'a> {
    history: &'a History,
    stolen: Vec<usize>,
    /// Whether `<prefix>.keys` is as it was.
    are_copies_whole: bool,
    given: Given,
    options: Options,
}

impl Case<'_> {
    /// Whether a line of this number may be proved that was not written: one of his keys may have signed it.
    fn is_his(&self, seq: u64) -> bool {
        let begins =
            |epoch: usize| self.history.first_handed_over[epoch].is_none_or(|handed_over| handed_over < seq);
        let is_over = |epoch: usize| {
            self.are_copies_whole
                && self
                    .history
                    .handed_over
                    .get(epoch + 1)
                    .is_some_and(|end| end.is_some_and(|end| end <= seq))
        };
        self.stolen.iter().any(|epoch| begins(*epoch) && !is_over(*epoch))
    }

    /// Other verifiers say which lines are proved, and whether all is well; not what is torn. Some count copies among them.
    fn check_numbers(&self, proved: &[(u64, u64)], is_whole: bool, has_torn: bool) {
        let all = [&self.given.files[..], self.given.copies.as_slice()].concat();
        let standing = Standing::of(self.history.id(), &all);
        let mut forged = standing.forged(self.history);
        forged.retain(|seq| !self.is_his(*seq));
        assert!(forged.is_empty() || has_torn || !is_whole, "forged: {forged:?}");
        for seq in forged.into_iter().filter(|seq| !standing.has(*seq, self.history)) {
            let is_proved = proved.iter().any(|(from, to)| (*from..=*to).contains(&seq));
            assert!(!is_proved, "{seq} is proved, and only a forged line of it stands there");
        }
    }

    fn check(&self, report: &LogReport, random: &mut Random) {
        let standing = Standing::of(self.history.id(), &self.given.files);
        for seq in numbers(report).filter(|seq| !self.is_his(*seq)) {
            assert!(standing.has(seq, self.history), "{seq} is proved, and not there as it was written");
        }
        let mut forged = standing.forged(self.history);
        forged.retain(|seq| !self.is_his(*seq));
        if !forged.is_empty() && report.torn_bytes == 0 {
            assert_ne!(report.verdict, Verdict::Intact, "forged: {forged:?}");
        }
        for seq in forged {
            let proved = numbers(report).any(|proved| proved == seq);
            let Some(hash) = self.history.hash(seq).filter(|_| proved) else { continue };
            let another = proves_another(&self.given, self.history.id(), &self.options, (seq, hash), random);
            assert!(another.is_none_or(|hash| self.history.has(seq, hash)), "{seq} is forged");
        }
    }
}

fn cases(seeds: Range<u64>, case: impl FnMut(u64)) {
    random::cases("FORGERY_SEED", seeds, case);
}

/// A way to verify what the forger left.
type Verify<'a> = &'a dyn Fn(&Case<'_>, &mut Random);

fn directly(case: &Case<'_>, random: &mut Random) {
    let report = in_both_modes(&case.given, case.history.id(), &case.options, random);
    case.check(&report, random);
}

fn in_folders(case: &Case<'_>, random: &mut Random) {
    if let Some(report) = in_a_folder(&case.given, case.history.id(), &case.options, random) {
        case.check(&report, random);
    }
}

/// The files as streams, in any order.
#[cfg(feature = "shipped")]
fn as_shipped(case: &Case<'_>, random: &mut Random) {
    let torn = judge::directly(&case.given, case.history.id(), &case.options, random).torn_bytes > 0;
    let (proved, is_whole) = judge::as_shipped(&case.given, case.history.id(), &case.options, random);
    case.check_numbers(&proved, is_whole, torn);
}

/// By the page's Python, which knows no fleets and expects no start.
fn in_python(python: &python::Python, case: &Case<'_>, random: &mut Random) {
    let torn = judge::directly(&case.given, case.history.id(), &case.options, random).torn_bytes > 0;
    let (proved, is_whole) = judge::in_python(python, &case.given, case.history.log.pin());
    case.check_numbers(&proved, is_whole, torn);
}

fn forge(seed: u64, steal: Steal, verify: Verify<'_>) {
    let random = &mut Random::new(seed);
    let history = History::of("victim", random, 9);
    let stolen = steal(random, history.handed_over.len() - 1);
    let mut others = vec![secret("mallory", 0), secret("mallory", 1)];
    // The first key of a log that is trusted too.
    others.push(secret("neighbour", 0));
    let Forged { files, copies } = {
        let mut forger = Forger::new(&history, random, &stolen, others);
        forger.act();
        forger.forged
    };
    let files: Vec<Vec<u8>> = files.into_iter().map(|file| file.concat()).collect();
    let copies = copies.map(|copies| copies.concat());
    let are_copies_whole = copies.as_ref() == Some(&history.log.copies);
    let mut options = Options { from_start: random.chance(10), ..Options::default() };
    if history.is_endorsed && random.chance(50) {
        options.trust.read(&format!("* * {}\n", fleet().public())).unwrap();
    } else {
        options.keys = vec![history.log.pin()];
    }
    options.keys.push(secret("neighbour", 0).public());
    let case = Case { history: &history, stolen, are_copies_whole, given: Given { files, copies }, options };
    verify(&case, random);
}

fn the_latest(_: &mut Random, last: usize) -> Vec<usize> {
    vec![last]
}

fn some(random: &mut Random, last: usize) -> Vec<usize> {
    (0..=random.below(3)).map(|_| random.below(last + 1)).collect()
}

fn none(_: &mut Random, _: usize) -> Vec<usize> {
    Vec::new()
}

#[test]
fn the_thief_of_the_latest_key_proves_nothing_up_to_its_hand_off() {
    cases(0..CASES / 2, |seed| forge(seed, the_latest, &directly));
}

#[test]
fn the_thief_of_old_keys_proves_nothing_that_they_may_not_sign() {
    cases(0..CASES * 2 / 5, |seed| forge(seed, some, &directly));
}

#[test]
fn who_holds_another_trusted_logs_key_proves_nothing() {
    cases(0..CASES / 10, |seed| forge(seed, none, &directly));
}

#[test]
fn in_folders_nobody_proves_more() {
    cases(0..CASES / 100, |seed| {
        for steal in [the_latest as Steal, some, none] {
            forge(seed, steal, &in_folders);
        }
    });
}

#[cfg(feature = "shipped")]
#[test]
fn of_shipped_lines_nobody_proves_more() {
    cases(0..CASES / 50, |seed| {
        for steal in [the_latest as Steal, some, none] {
            forge(seed, steal, &as_shipped);
        }
    });
}

#[test]
fn in_python_nobody_proves_more() {
    let Some(python) = python::Python::from_the_page() else { return };
    cases(0..CASES / 50, |seed| {
        for steal in [the_latest as Steal, some, none] {
            forge(seed, steal, &|case, random| in_python(&python, case, random));
        }
    });
}

/// Copies of hand-offs as honest writers leave them, or lose them; and whether all of them are there.
fn copies(history: &History, random: &mut Random) -> (Option<Vec<u8>>, bool) {
    let all = &history.log.copies;
    let lines: Vec<_> = all.split_inclusive(|byte| *byte == b'\n').collect();
    let last = lines[lines.len() - 1];
    match random.below(8) {
        0 => (None, false),
        1 => (Some([&all[..], all].concat()), true),
        2 => (Some([all, &last[..random.below(last.len())]].concat()), true),
        3 => {
            let at = random.below(lines.len());
            let cut = &lines[at][..random.below(lines[at].len() - 1)];
            let torn = if cut.is_empty() { Vec::new() } else { [cut, b"\n"].concat() };
            (Some([&lines[..at].concat()[..], &torn, &lines[at..].concat()].concat()), true)
        }
        4 => (Some(lines[random.below(lines.len())..].concat()), false),
        5 => (Some(all[..random.below(all.len())].to_vec()), false),
        _ => (Some(all.clone()), true),
    }
}

/// A log that only crashes, power cuts and failing disks damaged.
fn damage(seed: u64) {
    let random = &mut Random::new(seed);
    let history = History::of("honest", random, 15);
    let (copies, are_all) = copies(&history, random);
    let given = Given { files: history.files(), copies };
    let options = Options { keys: vec![history.log.pin()], ..Options::default() };
    let report = in_both_modes(&given, history.id(), &options, random);
    if seed.is_multiple_of(40) {
        in_a_folder(&given, history.id(), &options, random);
    }
    let is_proved = are_all || history.first_file == 0 && history.lost.is_empty();
    // A key that nothing proves is not believed when it declares a loss.
    if is_proved || history.lost.is_empty() {
        let allowed = matches!(report.verdict, Verdict::Intact | Verdict::Incomplete);
        assert!(allowed, "{:?}: {:?}", report.verdict, report.findings);
    }
    if !is_proved {
        return;
    }
    let first = history.first_seq();
    let proved: HashSet<u64> = numbers(&report).collect();
    let is_durable = |seq: &u64| !history.lost.iter().any(|lost| lost.contains(seq));
    let unproved: Vec<_> = (first..history.written.len() as u64)
        .filter(is_durable)
        .filter(|seq| !proved.contains(seq))
        .collect();
    assert!(unproved.is_empty(), "{unproved:?} are there and not proved: {:?}", report.findings);
    // Copies that begin in the middle prove nothing by themselves, and that is said.
    let begins = given
        .copies
        .as_ref()
        .is_none_or(|copies| history.log.copies.starts_with(&copies[..copies.len().min(99)]));
    if history.lost.is_empty() && history.is_clean && begins {
        assert_eq!(report.verdict, Verdict::Intact, "{:?}", report.findings);
    }
}

#[test]
fn what_only_crashed_is_never_tampered_and_all_that_was_durable_is_proved() {
    cases(0..CASES, damage);
}

#[test]
#[ignore = "minutes; for the nightly run"]
fn what_only_crashed_is_never_tampered_in_many_cases() {
    cases(0..MANY, damage);
}

#[test]
#[ignore = "minutes; for the nightly run"]
fn nobody_proves_what_none_of_his_keys_may_sign() {
    cases(0..MANY, |seed| {
        for steal in [the_latest as Steal, some, none] {
            forge(seed, steal, &directly);
        }
        if seed % 20 == 0 {
            forge(seed, some, &in_folders);
            #[cfg(feature = "shipped")]
            forge(seed, some, &as_shipped);
        }
    });
}
