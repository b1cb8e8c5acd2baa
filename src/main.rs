//! The binary: reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = balefire::cli::Arguments::parse();
    balefire::cli::run(arguments)
}
