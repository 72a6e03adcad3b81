//! What a trail must withstand: each test is named with its row in the list of attacks.

mod bits;
mod blame;
mod bounds;
mod claims;
#[cfg(feature = "compressed")]
mod compressed;
mod copies;
mod ends;
#[cfg(target_os = "linux")]
mod failing;
mod folders;
#[allow(dead_code)] // the page of the format asks for the rest
#[path = "../common/forge.rs"]
mod forge;
mod forged;
mod handed_on;
mod joins;
mod keys;
#[cfg(target_os = "linux")]
#[path = "../common/limit.rs"]
mod limit;
mod lines;
#[cfg(unix)]
mod live;
mod log;
mod pages;
#[cfg(target_os = "linux")]
#[allow(dead_code)] // the faults ask for the rest
#[path = "../common/program.rs"]
mod program;
mod reading;
#[cfg(target_os = "linux")]
#[path = "../common/require.rs"]
mod require;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
#[path = "../common/service.rs"]
mod service;
mod spelling;
#[cfg(target_os = "linux")]
#[path = "../common/strace.rs"]
mod strace;
mod torn;
mod trust;
mod trusted;
mod windows;

#[test]
fn no_row_is_missing() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
    let sources =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()));
    let sources = sources.collect::<Result<String, _>>().unwrap();
    let missing = |row: &u8| {
        ![format!("fn row_{row}_"), format!("fn rows_{row}_"), format!("_and_{row}_")]
            .iter()
            .any(|name| sources.contains(name))
    };
    assert_eq!((1..=30).filter(missing).collect::<Vec<_>>(), [0; 0]);
}
