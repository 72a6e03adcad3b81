//! The command `tracing-audit`: it parses its arguments and prints. What it says, the library knows.
//!
//! Exit codes: 0 done (`verify`, `show` with a key: intact), 1 tampered, 2 usage or I/O, 3 incomplete or forked.
#![forbid(unsafe_code)]

mod given;
mod keys;
mod pins;
mod show;
mod terminal;
mod verify;

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use terminal::harmless;

/// Verify and read signed audit logs, and keep their keys.
#[derive(Debug, Parser)]
#[command(name = "tracing-audit", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(verify::Arguments),
    Show(show::Arguments),
    #[command(subcommand)]
    Keys(keys::Command),
}

impl Command {
    fn run(self) -> io::Result<ExitCode> {
        match self {
            Command::Verify(arguments) => verify::run(&arguments),
            Command::Show(arguments) => show::run(&arguments),
            Command::Keys(command) => keys::run(&command),
        }
    }
}

fn main() -> ExitCode {
    Arguments::parse().command.run().unwrap_or_else(|error| {
        // Who closes the pipe has read enough; but nothing that was cut short ends with 0.
        if error.kind() != ErrorKind::BrokenPipe {
            let _ = writeln!(io::stderr(), "tracing-audit: {}", harmless(&error.to_string()));
        }
        ExitCode::from(2)
    })
}
