//! `weft`: the server, and the errands around its data directory.

mod app;
mod backups;
mod cli;
mod config;
mod data;
#[cfg(test)]
mod generated;
mod http;
mod listen;
mod peer;
mod running;
mod serve;
mod socket;
mod telemetry;
mod web;

use clap::Parser as _;
use cli::{Cli, Command, Exit, SettingFlags};
use config::Settings;

fn main() -> std::process::ExitCode {
    let exit = run(Cli::parse()).unwrap_or_else(|error| {
        cli::complain(&format!("weft: {error:#}"));
        Exit::Failed
    });
    std::process::ExitCode::from(exit as u8)
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    match cli.command {
        None => Ok(with(&cli.settings, serve::run)),
        Some(Command::Serve(flags)) => Ok(with(&flags, serve::run)),
        Some(Command::Version) => {
            cli::say(&format!("weft {}", env!("CARGO_PKG_VERSION"))).map(|()| Exit::Done)
        }
        Some(Command::ExampleConfig) => cli::say(config::example().trim_end()).map(|()| Exit::Done),
        Some(Command::Openapi) => cli::say(http::openapi::json().trim_end()).map(|()| Exit::Done),
        _ => Ok(Exit::Failed),
    }
}

/// Loads the settings and goes on, or says what is wrong with them.
fn with(flags: &SettingFlags, then: impl FnOnce(Settings) -> Exit) -> Exit {
    match flags.load() {
        Ok(settings) => then(settings),
        Err(error) => {
            cli::complain(&format!("weft: {error}"));
            Exit::Usage
        }
    }
}
