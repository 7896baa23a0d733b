//! `weft-bench`: what a collaboration server costs and reaches, beside a bare relay in the same run.
//!
//! A load generator opens real sockets, types real updates and credits each of them to each receiver by the writer's
//! clock ([`credit`]), so that merged frames count what they carry. The relay ([`relay`]) forwards frames and knows
//! nothing: machines differ and are noisy, so what counts is the ratio to it. [`scenario`] lists what is measured.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

mod browser;
mod commit;
mod credit;
mod document;
mod history;
mod latency;
mod load;
mod memory;
mod opening;
mod options;
mod process;
mod relay;
mod report;
mod scenario;
mod session;
mod socket;
mod typist;
mod update;
mod wiki;

use options::{Command, Options};

fn main() -> ExitCode {
    let done = options::parse(std::env::args().skip(1)).and_then(|command| match command {
        Command::Help => print(options::HELP).map(|()| true),
        Command::Relay { listen } => {
            LocalSet::new().block_on(&runtime()?, relay::serve(&listen)).map(|()| true)
        }
        Command::Measure(options) => measure(&options),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// True when nothing was lost and everything could be measured.
fn measure(options: &Options) -> Result<bool> {
    let report = LocalSet::new().block_on(&runtime()?, scenario::measure(options))?;
    print(&report.table())?;
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report.json())?)?;
    }
    Ok(report.sound())
}

/// One thread: the generator has one core, and so has the relay.
fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn print(text: &str) -> Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// Tells the person who waits what is going on.
pub(crate) fn say(line: &str) {
    // Nobody may be listening, and that is their choice.
    writeln!(std::io::stderr(), "{line}").ok();
}
