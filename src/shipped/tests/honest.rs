//! Logs that nobody forged, with forks as power cuts, restored copies and cloned machines leave them.

use super::*;
use crate::trail::Previous;

#[test]
fn a_fork_after_a_power_cut_is_never_called_tampered() {
    each_case(2_000, fork);
}

#[test]
#[ignore = "takes minutes"]
fn not_in_a_hundred_thousand_forks() {
    each_case(100_000, fork);
}

fn grown(mut log: Log, numbers: &mut Numbers, own: Option<u8>) -> Log {
    for _ in 0..numbers.below(4) {
        log = log.events(numbers.below(4) as u64, 1 + numbers.below(3) as u64);
        if numbers.one_in(2) {
            log = match own.filter(|_| numbers.one_in(2)) {
                Some(own) => {
                    let next = (own, log.epoch);
                    log.hand_over_to(next)
                }
                None => log.hand_over(),
            };
        }
    }
    log
}

fn fork(seed: u64) {
    let mut numbers = Numbers::of(seed);
    let log = if numbers.one_in(2) { Log::new(1).naming() } else { Log::new(1) };
    let log = grown(log.events(2, 1), &mut numbers, None).events(1, 1);
    let one = grown(log.clone(), &mut numbers, None);
    let mut other = log.clone();
    other.time += 1 + numbers.below(1 << 30) as u64;
    let other = match numbers.one_in(2) {
        true => other.resume(),
        false => {
            let previous = Previous {
                bytes: 7,
                ended: Ended::Unsynced,
                name: "a".into(),
                torn: None,
                unsynced_from: Some(3),
            };
            let handoff = other.names_hand_off.then_some(HandoffBefore::Line(
                other.hand_off.unwrap_or(Position { hash: other.start, seq: 0 }),
            ));
            let genesis = Genesis {
                handoff,
                ..Genesis::new(
                    1,
                    "log 1",
                    (other.epoch, key(other.key.0, other.key.1).public()),
                    Some(previous),
                    writer(),
                )
            };
            other.control(&Control::Genesis(genesis));
            other
        }
    };
    let other = grown(other, &mut numbers, Some(9));
    let mut lines = [&one.lines[..], &other.lines[log.lines.len()..]].concat();
    if numbers.one_in(2) {
        numbers.shuffle(&mut lines);
    }
    let options = Options {
        keys: vec![log.pin()],
        every_signature: numbers.one_in(2),
        memory: if numbers.one_in(2) { 3_000 } else { 1 << 20 },
        ..Options::default()
    };
    let report = &verify_all(&[&lines.join("\n")], &[], &options).logs[0];
    assert!(matches!(report.verdict, Verdict::Intact | Verdict::Incomplete | Verdict::Forked), "{report:?}");
    if one.lines.len() > log.lines.len() {
        assert_eq!(report.verdict, Verdict::Forked, "{report:?}");
    }
    // What both follow is proved whatever came of it.
    let common = log.lines.len() as u64;
    let proved =
        (0..common).filter(|seq| report.proved.listed.iter().any(|r| (r.from..=r.to).contains(seq))).count();
    assert_eq!(proved as u64, common, "{report:?}");
    each_number_is_said_once(report, false);
}
