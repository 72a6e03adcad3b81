//! The disk is full, and has room again.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;
use tracing_audit::verify::Verdict;

use crate::disk::Disk;
use crate::limit;
use crate::program::{Process, Program, Proof, Said, Told};
use crate::proved::{accounted, holds};

#[test]
fn those_who_block_on_a_full_disk_go_on_when_it_has_room_and_nothing_is_lost() {
    for disk in Full::disks() {
        let program = Program { threads: 4, ..Program::new(&disk.folder()) };
        let told = [filled(&disk, &program)];
        let history = holds(&disk.folder(), &told);
        let end = told[0].end.as_ref().unwrap();
        assert_eq!((history.report.verdict, history.lost(), end.lost), (Verdict::Intact, 0, 0));
        assert_eq!((end.recorded, end.written), (told[0].emitted(), told[0].emitted()));
    }
}

#[test]
fn a_full_disk_that_drops_records_leaves_a_signed_count_of_them() {
    for disk in Full::disks() {
        let (drops, proof) = (true, Proof::Receipt);
        let program = Program { threads: 4, drops, proof, ..Program::new(&disk.folder()) };
        let told = filled(&disk, &program);
        let history = accounted(&disk.folder(), &told);
        println!("{} of {} records lost, and declared", history.lost(), told.emitted());
        assert!(history.lost() > 0);
    }
}

/// Fills the disk under the service, waits until that is felt, makes room, and ends it behind another proof.
fn filled(disk: &Full, program: &Program) -> Told {
    let mut process = disk.start(program);
    process.hear_a_proof();
    disk.fill(&process);
    let mut refused = 0;
    process.hear_until(|said, _| {
        let Said::Refused { error } = said else { return false };
        refused += 1;
        // Who blocks says no more once the queue is full.
        if program.drops { error.contains("queue had no room") } else { refused > 60 }
    });
    disk.make_room(&process);
    process.hear_a_proof();
    let told = process.end();
    assert!(told.errors.iter().any(|error| error.contains(disk.error())), "{:?}", told.errors);
    assert_eq!(told.end.as_ref().unwrap().error, None);
    told
}

/// A disk that can be filled.
enum Full {
    Disk(Disk),
    Limit(TempDir),
}

impl Full {
    /// A limit, which everybody can have, and a small disk where this process may mount one.
    fn disks() -> impl Iterator<Item = Full> {
        let disk = Disk::of_kilobytes(2_048).map(Full::Disk);
        disk.into_iter().chain([Full::Limit(tempfile::tempdir().unwrap())])
    }

    fn folder(&self) -> PathBuf {
        match self {
            Full::Disk(disk) => disk.path(),
            Full::Limit(folder) => folder.path().to_owned(),
        }
    }

    /// What the system says when there is no room.
    fn error(&self) -> &'static str {
        match self {
            Full::Disk(_) => "No space left on device",
            Full::Limit(_) => "File too large",
        }
    }

    fn start(&self, program: &Program) -> Process {
        program.start_under(match self {
            Full::Disk(_) => None,
            Full::Limit(_) => Some(limit::survivable()),
        })
    }

    fn fill(&self, process: &Process) {
        match self {
            Full::Disk(disk) => {
                let mut filler = File::create(disk.path().join("filler")).unwrap();
                while filler.write_all(&[0; 4096]).is_ok() {}
            }
            // In the middle of some line.
            Full::Limit(_) => limit::files_of(process.id(), Some(50_000)),
        }
    }

    fn make_room(&self, process: &Process) {
        match self {
            Full::Disk(disk) => fs::remove_file(disk.path().join("filler")).unwrap(),
            Full::Limit(_) => limit::files_of(process.id(), None),
        }
    }
}
