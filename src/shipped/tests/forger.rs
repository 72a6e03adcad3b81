//! Somebody has the latest key, and everything that is public. He adds, alters and takes away lines as he likes.

use super::*;

#[test]
fn no_line_up_to_his_hand_off_is_proved_that_was_not_written() {
    each_case(2_000, |seed| forge(seed, true));
}

#[test]
fn nor_with_an_older_key() {
    each_case(1_000, |seed| forge(seed, false));
}

#[test]
#[ignore = "takes minutes"]
fn not_in_a_hundred_thousand_logs() {
    each_case(100_000, |seed| forge(seed, true));
    each_case(50_000, |seed| forge(seed, false));
}

struct Case {
    log: Log,
    /// The numbers of its hand-offs.
    hand_offs: Vec<usize>,
}

fn written(numbers: &mut Numbers) -> Case {
    let mut log = Log::new(1);
    if numbers.one_in(2) {
        log = log.naming();
    }
    let mut hand_offs = Vec::new();
    for _ in 0..=numbers.below(3) {
        log = log.events(numbers.below(5) as u64, 1 + numbers.below(4) as u64);
        hand_offs.push(log.lines.len());
        log = log.hand_over();
    }
    Case { log: log.events(1 + numbers.below(4) as u64, 2), hand_offs }
}

fn forge(seed: u64, latest: bool) {
    let mut numbers = Numbers::of(seed);
    let Case { log, hand_offs } = written(&mut numbers);
    let epoch = if latest { hand_offs.len() } else { numbers.below(hand_offs.len()) };
    // What he may not touch ends with the hand-off to his key.
    let his = epoch.checked_sub(1).map_or(0, |at| hand_offs[at] + 1);
    let own = (1, epoch as u64);
    let mut forged: Vec<String> = Vec::new();
    for _ in 0..=numbers.below(6) {
        let seq = numbers.below(log.lines.len() + 2);
        let prev = match numbers.below(4) {
            0 => Hash::ZERO,
            1 => Hash::of_line(b"x"),
            2 if !forged.is_empty() => Hash::of_line(forged[numbers.below(forged.len())].as_bytes()),
            _ => seq
                .checked_sub(1)
                .and_then(|seq| log.lines.get(seq))
                .map_or(Hash::ZERO, |line| Hash::of_line(line.as_bytes())),
        };
        let base = Log { time: numbers.below(1 << 40) as u64, ..log.clone() };
        let base = base.fresh().with_key(own, numbers.below(5) as u64).at(seq as u64, prev);
        let run = base.events(numbers.below(4) as u64, 1 + numbers.below(3) as u64);
        let run = match numbers.below(5) {
            // To a key of the log, whose secret he has not: he goes on with his own.
            0 => run.hand_over_to((1, numbers.below(6) as u64)).with_key(own, 9).events(2, 1),
            1 => run.hand_over_to((6, 6)).events(2, 1),
            2 => run.resume(),
            3 => {
                let mut run = run;
                let file = numbers.below(9) as u64;
                let genesis = Genesis {
                    oldest: file,
                    ..Genesis::new(
                        file,
                        "log 1",
                        (numbers.below(4) as u64, key(own.0, own.1).public()),
                        None,
                        writer(),
                    )
                };
                run.control(&Control::Genesis(genesis));
                run
            }
            _ => run,
        };
        forged.extend(run.lines);
    }
    // And lines as they were, with a word changed.
    for _ in 0..numbers.below(3) {
        forged.push(log.lines[numbers.below(log.lines.len())].replace("\"count\":", "\"counts\":"));
    }
    let (mut kept, keep) = (Vec::new(), 1 + numbers.below(4));
    for line in &log.lines {
        if !numbers.one_in(keep) {
            kept.push(line.clone());
        }
    }
    let mut copied: Vec<String> = Vec::new();
    if !numbers.one_in(3) {
        copied.push(log.lines[0].clone());
        copied.extend(hand_offs.iter().map(|at| log.lines[*at].clone()));
        copied.truncate(1 + numbers.below(copied.len() + 1));
        if numbers.one_in(3) {
            let at = numbers.below(forged.len().max(1));
            copied.extend(forged.get(at).cloned());
        }
    }
    let real: Vec<bool> =
        log.lines.iter().map(|line| [&kept, &copied, &forged].iter().any(|all| all.contains(line))).collect();
    kept.append(&mut forged);
    numbers.shuffle(&mut kept);
    let options = Options {
        keys: vec![log.pin()],
        sparse: numbers.one_in(3),
        every_signature: numbers.one_in(3),
        ..Options::default()
    };
    let report = verify_all(&[&kept.join("\n")], &[&copied.join("\n")], &options);
    let Some(report) = report.logs.first() else { return };
    // Up to his hand-off, or, of an older key, where its own hand-off is known.
    let mine = |seq: u64| usize::try_from(seq).is_ok_and(|seq| seq < his);
    for range in &report.proved.listed {
        for seq in (range.from..=range.to).filter(|seq| mine(*seq)) {
            let seq = usize::try_from(seq).unwrap();
            assert!(real[seq], "line {seq} is proved, and was not given: {report:?}\n{}", kept.join("\n"));
        }
    }
    if let Some(head) = report.head.filter(|head| mine(head.seq)) {
        assert_eq!(head.hash, log.hash(usize::try_from(head.seq).unwrap()));
    }
    each_number_is_said_once(report, options.sparse);
}
