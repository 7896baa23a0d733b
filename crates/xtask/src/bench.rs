//! `cargo xtask bench`: builds the server and the load generator as they are released, and measures.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Runs `weft-bench` with `arguments` from the repository's root; its exit code is ours.
///
/// The generator finds the server beside itself, so both are built into the same folder. With `--against` no server of
/// ours is needed, nor built.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<ExitCode> {
    let ours = !arguments.iter().any(|argument| argument == "--against" || argument == "--server");
    if ours && !cargo(root, &["build", "--release", "--package", "weft", "--bin", "weft"])? {
        return Ok(ExitCode::FAILURE);
    }
    let mut run = vec!["run", "--release", "--quiet", "--package", "weft-tests", "--bin", "weft-bench", "--"];
    run.extend(arguments.iter().map(String::as_str));
    Ok(if cargo(root, &run)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(arguments).current_dir(root).status().context("cannot run cargo")?;
    Ok(status.success())
}
