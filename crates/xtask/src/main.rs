//! The project's own errands: `cargo xtask test`, `tidy`, `codegen`, `bench`.

mod architecture;
mod bench;
mod codegen;
mod count;
mod install;
mod part;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

/// The project's own errands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Errand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Installs what the tests need and the machine lacks, and runs everything (or the named parts).
    Test {
        /// Run these parts only (may be given several times).
        #[arg(long, value_name = "PART")]
        only: Vec<Only>,
    },
    /// Checks formatting, the direction of dependencies, and lints.
    Tidy,
    /// Writes the generated files anew: server/example.toml, server/openapi.json, client-web/schema.json.
    Codegen,
    /// Measures the released server with a load generator of our own; all that follows goes to it.
    #[command(disable_help_flag = true)]
    Bench {
        /// The load generator's own arguments (`--help` lists them).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// A part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Formatting, the direction of dependencies, lints, and all Rust tests.
    Rust,
    /// The web client: style, types, unit tests, bundle budgets.
    Web,
    /// The published clients against the server.
    Compat,
    /// The server against server/openapi.json, by a fuzzer.
    Api,
    /// The browser.
    E2e,
}

fn main() -> Result<ExitCode> {
    let root = root()?;
    match Errand::parse().what {
        What::Test { only } => test::run(&root, &only),
        What::Tidy => test::tidy(&root),
        What::Codegen => codegen::run(&root),
        What::Bench { arguments } => bench::run(&root, &arguments),
    }
}

/// The repository's root: two above this crate.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).context("crates/xtask stands two below the root")?;
    Ok(root.to_owned())
}
