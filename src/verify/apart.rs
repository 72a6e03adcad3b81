//! Lines of a key to which no hand-off leads.
//!
//! Anybody can make such lines. They are compared with each other, so that a log whose copies of hand-offs are gone can still
//! be looked into; but what they say changes nothing in the proof, and whatever a known key signed is judged as if they did
//! not stand there.

use super::Head;
use super::debris::Debris;
use super::genesis::FileEnd;
use super::ledger::Ledger;
use super::measure::Measure;
use super::proof::{Proof, ProvedLine};
use super::report::Agreement;
use super::walk::Walk;

impl Proof {
    /// Sets the proof apart from what is to come.
    pub(super) fn part(&mut self) {
        if self.apart.is_none() {
            self.apart = Some(Box::new(self.clone()));
        }
    }

    /// A line of a known key comes, or the end: the proof goes on as it was before the lines apart from it.
    pub(super) fn rejoin(&mut self, ledger: &mut Ledger) {
        let Some(proved) = self.apart.take() else { return };
        self.let_stand(ledger);
        let (findings, more) = self.walk.clone().blame_at_end();
        ledger.enter_all(findings, more);
        let apart = std::mem::replace(self, *proved);
        let is_in_another_file = self.before.is_some() || self.files < apart.files;
        self.before = self.head.filter(|_| is_in_another_file).map(|_| FileEnd {
            bytes: 0,
            behind: Measure::default(),
            walk: Walk::from(self.next()),
            last_closed: self.last_closed(),
            closed: self.closed.take(),
            // Of what its successor says nothing can be compared.
            found: 0,
            is_cut: false,
        });
        self.file = apart.file.clone();
        self.resume_at(&apart, ledger);
        (self.files, self.coverage, self.agrees) = (apart.files, apart.coverage, apart.agrees);
        self.given_up = apart.given_up;
        (self.before_hole, self.behind) = (None, Measure::default());
        (self.begun, self.no_newline) = (false, false);
        self.strays.add(apart.strays);
        self.walk = Walk::from(self.next());
        self.debris = Debris::after(self.next());
    }

    /// Counts a line, and those before it up to `from`, that agree with each other and that nothing proves.
    pub(super) fn agree(&mut self, from: u64, last: ProvedLine) {
        self.coverage.meet(from, last.seq);
        let head = Head::from(last);
        let lines = last.seq - from + 1;
        let none = Agreement { lines: 0, first: from, last: head, origin: None, succeeds: None };
        let agrees = self.agrees.get_or_insert(none);
        agrees.lines += lines;
        agrees.last = head;
    }
}
