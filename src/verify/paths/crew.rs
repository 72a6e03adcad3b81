//! Looking at the bytes of a file on several threads, while their order stays.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::trail::Records;
use crate::verify::Verifier;
use crate::verify::chunk::{Chunk, Sought};

/// One thread reads what so many can look at.
const MOST_THREADS: usize = 8;

/// How many chunks are under way for each thread: with two, they had nothing to do until who reads had got a processor.
const UNDER_WAY: usize = 8;

/// Threads that look at bytes; none where the process has one processor.
pub(super) struct Crew {
    threads: usize,
    jobs: Sender<Job>,
}

struct Job {
    bytes: Arc<Vec<u8>>,
    sought: Sought,
    done: Sender<Chunk>,
}

impl Crew {
    /// Does `work` with a crew, one thread for each processor.
    pub(super) fn at<T>(work: impl FnOnce(&Crew) -> T) -> T {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Crew::of(if processors > 1 { processors.min(MOST_THREADS) } else { 0 }, work)
    }

    fn of<T>(threads: usize, work: impl FnOnce(&Crew) -> T) -> T {
        thread::scope(|scope| {
            let (jobs, waiting) = bounded(UNDER_WAY * threads);
            // Where no thread can be had, who reads looks too.
            let spawned = (0..threads).map_while(|_| {
                let waiting = waiting.clone();
                thread::Builder::new().spawn_scoped(scope, || look_at_all(waiting)).ok()
            });
            let threads = spawned.count();
            // With the crew goes its end of the queue, and the threads end.
            work(&Crew { threads, jobs })
        })
    }
}

fn look_at_all(waiting: Receiver<Job>) {
    let mut records = Records::default();
    for Job { bytes, sought, done } in waiting {
        // Nobody waits where reading failed meanwhile.
        let _ = done.send(Chunk::of(bytes, &sought, &mut records));
    }
}

/// The bytes of files on their way to their verifier.
pub(super) struct Passage<'a> {
    crew: &'a Crew,
    under_way: VecDeque<UnderWay>,
}

enum UnderWay {
    /// A file of this name begins.
    File(String),
    Chunk(Receiver<Chunk>),
}

impl Passage<'_> {
    pub(super) fn through(crew: &Crew) -> Passage<'_> {
        Passage { crew, under_way: VecDeque::new() }
    }

    /// The next file begins, once all bytes before it arrived.
    pub(super) fn begin_file(&mut self, name: String, verifier: &mut Verifier) {
        match self.under_way.is_empty() {
            true => verifier.begin_file(&name),
            false => self.push(UnderWay::File(name), verifier),
        }
    }

    /// Sends bytes. Those that were sent long before arrive.
    pub(super) fn send(&mut self, bytes: Arc<Vec<u8>>, verifier: &mut Verifier) {
        if self.crew.threads == 0 {
            return verifier.shared_bytes(bytes);
        }
        let (done, coming) = bounded(1);
        let job = Job { bytes, sought: verifier.sought(), done };
        self.crew.jobs.send(job).expect("the crew takes jobs as long as it is there");
        self.push(UnderWay::Chunk(coming), verifier);
    }

    fn push(&mut self, last: UnderWay, verifier: &mut Verifier) {
        self.under_way.push_back(last);
        while self.under_way.len() > UNDER_WAY * self.crew.threads {
            self.arrive(verifier);
        }
    }

    /// All that was sent arrives.
    pub(super) fn end(&mut self, verifier: &mut Verifier) {
        while !self.under_way.is_empty() {
            self.arrive(verifier);
        }
    }

    fn arrive(&mut self, verifier: &mut Verifier) {
        match self.under_way.pop_front() {
            Some(UnderWay::File(name)) => verifier.begin_file(&name),
            Some(UnderWay::Chunk(coming)) => verifier.take(coming.recv().expect("each job gets done")),
            None => {}
        }
    }
}

/// Buffers that are used again once nobody keeps what they hold.
#[derive(Default)]
pub(super) struct Buffers(Vec<Arc<Vec<u8>>>);

impl Buffers {
    pub(super) fn take(&mut self) -> Arc<Vec<u8>> {
        match self.0.iter_mut().position(|buffer| Arc::get_mut(buffer).is_some()) {
            Some(free) => self.0.swap_remove(free),
            None => Arc::default(),
        }
    }

    pub(super) fn keep(&mut self, buffer: &Arc<Vec<u8>>) {
        self.0.push(Arc::clone(buffer));
    }
}

#[cfg(test)]
mod tests;
