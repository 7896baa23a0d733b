//! `cargo xtask codegen`: the tests that compare a generated file with the code write it instead.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::install;
use crate::part::say;

/// Set for the Rust tests (`server/src/generated.rs`) to write what they would compare.
const REWRITE_VARIABLE: &str = "WEFT_CODEGEN";

pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let server = Command::new(cargo)
        .args(["test", "--quiet", "--package", "weft"])
        .current_dir(root)
        .env(REWRITE_VARIABLE, "1")
        .status()
        .context("cannot run cargo")?;
    let client = root.join("client-web");
    install::npm(&client)?;
    let schema = Command::new("npm")
        .args(["run", "--silent", "schema"])
        .current_dir(&client)
        .env(REWRITE_VARIABLE, "1")
        .status()
        .context("cannot run npm")?;
    let done = server.success() && schema.success();
    if done {
        say("server/example.toml, server/openapi.json and client-web/schema.json say what the code says.");
    }
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
