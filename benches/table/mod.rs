//! The rows that each bench prints, in one form: what, ours, baseline, ratio, its spread over the rounds, goal, met or
//! not.

#![allow(dead_code, clippy::cast_precision_loss)] // no bench has every kind of row

use std::fs;
use std::time::Duration;

use cpu_time::ProcessTime;

/// What a row's figure has to be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Shown, and nothing is promised.
    Shown,
}

/// Prints the names of the columns.
pub(crate) fn head(title: &str) {
    line(title, ["ours", "baseline", "ratio", "spread", "goal", ""]);
}

/// The medians of ours and the baseline, `(ours, baseline)` a round, and the ratio of the first to the second.
pub(crate) fn ratio(what: &str, unit: &str, rounds: &[(f64, f64)], goal: Goal) {
    let quotient = |(ours, baseline): (f64, f64)| ours / baseline;
    compared(what, unit, rounds, quotient, &|ratio| format!("{ratio:.3}"), goal);
}

/// How many times the baseline's speed ours has: the costs of the baseline over those of ours.
pub(crate) fn times_as_fast(what: &str, unit: &str, rounds: &[(f64, f64)], goal: Goal) {
    let quotient = |(ours, baseline): (f64, f64)| baseline / ours;
    compared(what, unit, rounds, quotient, &|times| format!("{times:.2} x"), goal);
}

/// How much more ours is than the baseline.
pub(crate) fn added(what: &str, unit: &str, rounds: &[(f64, f64)], goal: Goal) {
    let difference = |(ours, baseline): (f64, f64)| ours - baseline;
    compared(what, unit, rounds, difference, &|added| format!("{added:+.1}"), goal);
}

/// A figure that is compared with its goal alone.
pub(crate) fn alone(what: &str, unit: &str, rounds: &[f64], goal: Goal) {
    let figure = median(rounds.iter().copied());
    let spread = spread(rounds.iter().copied(), &|figure| number(figure));
    line(what, [&with(unit, figure), "", "", &spread, &goal.text(), goal.verdict(figure)]);
}

/// What could not be measured here, and why.
pub(crate) fn skipped(what: &str, why: &str) {
    line(what, ["not measured", why, "", "", "", ""]);
}

fn compared(
    what: &str,
    unit: &str,
    rounds: &[(f64, f64)],
    compare: impl Fn((f64, f64)) -> f64,
    text: &dyn Fn(f64) -> String,
    goal: Goal,
) {
    let ours = median(rounds.iter().map(|round| round.0));
    let baseline = median(rounds.iter().map(|round| round.1));
    let figure = compare((ours, baseline));
    let spread = spread(rounds.iter().map(|round| compare(*round)), text);
    let (ours, baseline) = (with(unit, ours), with(unit, baseline));
    line(what, [&ours, &baseline, &text(figure), &spread, &goal.text(), goal.verdict(figure)]);
}

fn line(what: &str, [ours, baseline, ratio, spread, goal, met]: [&str; 6]) {
    println!("{what:58} {ours:>12} {baseline:>12} {ratio:>9} {spread:>18} {goal:>9}  {met}");
}

impl Goal {
    fn text(self) -> String {
        match self {
            Goal::AtMost(most) => format!("≤ {most}"),
            Goal::AtLeast(least) => format!("≥ {least}"),
            Goal::Shown => String::new(),
        }
    }

    fn verdict(self, figure: f64) -> &'static str {
        let met = match self {
            Goal::AtMost(most) => figure <= most,
            Goal::AtLeast(least) => figure >= least,
            Goal::Shown => return "",
        };
        if met { "met" } else { "NOT MET" }
    }
}

fn spread(figures: impl Iterator<Item = f64>, text: &dyn Fn(f64) -> String) -> String {
    let (least, most) =
        figures.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), at| (least.min(at), most.max(at)));
    format!("{} to {}", text(least), text(most))
}

fn with(unit: &str, figure: f64) -> String {
    format!("{} {unit}", number(figure))
}

/// With as many digits as say something.
fn number(figure: f64) -> String {
    let digits = if figure.abs() >= 100.0 || figure.fract() == 0.0 { 0 } else { 2 };
    format!("{figure:.digits$}")
}

pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures = figures.collect::<Vec<_>>();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Whether the command line has this flag.
pub(crate) fn has(flag: &str) -> bool {
    std::env::args().any(|argument| argument == flag)
}

/// CPU seconds of all threads that `work` took.
pub(crate) fn cpu(work: impl FnOnce()) -> Duration {
    let start = ProcessTime::now();
    work();
    start.elapsed()
}

/// Of this process, in bytes: `VmHWM`, the most memory that it ever had, or `VmRSS`, what it has now. Zero where no
/// system says it.
pub(crate) fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) << 10
}
