//! `weft`: the server, and the errands around its data directory.

mod app;
mod asking;
mod auth;
mod backups;
mod cli;
mod config;
mod data;
mod digest;
mod errand;
#[cfg(test)]
mod generated;
mod http;
mod listen;
mod packing;
mod peer;
mod running;
mod serve;
mod socket;
mod stamp;
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
        Some(Command::Check(flags)) => errand(&flags, errand::check::run),
        Some(Command::Compact(flags)) => errand(&flags, errand::compact::run),
        Some(Command::Erase { asked, settings }) => {
            errand(&settings, |settings| errand::erase::run(settings, &asked))
        }
        Some(Command::Backup { file, force, settings }) => {
            errand(&settings, |settings| errand::backup::run(settings, &file, force))
        }
        Some(Command::User { command }) => {
            errand(command.settings(), |settings| errand::user::run(settings.clone(), &command))
        }
        Some(Command::Restore { file, replace, settings }) => {
            errand(&settings, |settings| errand::restore::run(settings, &file, replace))
        }
    }
}

/// Runs an errand. A store that does not open has an exit code of its own.
fn errand(flags: &SettingFlags, run: impl FnOnce(&Settings) -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    let mut result = Ok(Exit::Done);
    let exit = with(flags, |settings| {
        result = run(&settings);
        Exit::Done
    });
    if exit != Exit::Done {
        return Ok(exit);
    }
    match result {
        Err(error) if error.chain().any(|cause| cause.is::<data::OpenError>()) => {
            cli::complain(&format!("weft: {error:#}"));
            Ok(Exit::Data)
        }
        result => result,
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
