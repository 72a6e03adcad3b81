//! What a trail must withstand: each test is named with its row in the list of attacks.

mod bits;
mod blame;
mod bounds;
mod changed;
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
mod odd;
mod pages;
mod part;
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
mod rewritten;
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

/// Rows whose tests are of other work: the file of keys while the service runs, files that change while they are read; what
/// shipped lines and tables lack, and what is altered beside them.
const ELSEWHERE: [u8; 6] = [34, 36, 37, 38, 42, 43];

#[test]
fn no_row_is_missing() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    let mut folders = vec![root.join("tests"), root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let missing = |row: &u8| {
        ![format!("fn row_{row}_"), format!("fn rows_{row}_"), format!("_and_{row}_")]
            .iter()
            .any(|name| sources.contains(name))
    };
    let rows = (1..=43).filter(|row| !ELSEWHERE.contains(row));
    assert_eq!(rows.filter(missing).collect::<Vec<_>>(), [0; 0]);
}
