//! A build without audit events is refused when it opens its log. Any crate in a build can ask for that, so it takes a
//! build of its own to see it; that takes minutes, and is done where all must be tested.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
use tracing_audit::{AuditLayer, BuildError, KeyStore};

fn main() {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let error = AuditLayer::builder(folder.join("log"), keys).build::<tracing_subscriber::Registry>().unwrap_err();
    assert!(matches!(error, BuildError::CompiledOut { .. }), "{error:?}");
    println!("{error}");

    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let builder = AuditLayer::builder(folder.join("log"), keys).level(tracing_subscriber::filter::LevelFilter::WARN);
    builder.build::<tracing_subscriber::Registry>().unwrap();
}
"#;

#[test]
fn a_build_that_has_no_info_events_opens_no_log_of_them() {
    if std::env::var_os("TRACING_AUDIT_REQUIRE").is_none_or(|value| value != "all") {
        // Past the test runner, which would keep what a passing test prints to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: needs a build of its own; TRACING_AUDIT_REQUIRE=all makes it"
        );
        return;
    }
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("static-max-level");
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"static-max-level\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         tracing = {{ version = \"0.1\", features = [\"max_level_warn\"] }}\n\
         tracing-audit = {{ path = {:?} }}\n\
         tracing-subscriber = {{ version = \"0.3\", default-features = false }}\n",
        env!("CARGO_MANIFEST_DIR")
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::write(package.join("src/main.rs"), PROGRAM).unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), package.join("Cargo.lock")).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--"]).arg(folder.path()).current_dir(&package);
    let output = cargo.env("CARGO_TARGET_DIR", package.join("target")).output().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{failed}");
    assert!(
        said.contains("level info") && said.contains("up to warn") && said.contains("max_level"),
        "{said}"
    );
}
