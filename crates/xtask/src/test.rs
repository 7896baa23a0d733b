//! `cargo xtask test` and `cargo xtask tidy`: everything that must hold, and one summary at the end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::Only;
use crate::architecture;
use crate::count::{Count, Runner};
use crate::install;
use crate::part::{Outcome, Part, say};

/// Runs the parts named by `only`, or all. The last line says `N passed, N failed`.
pub(crate) fn run(root: &Path, only: &[Only]) -> Result<ExitCode> {
    let wants = |part| only.is_empty() || only.contains(&part);
    let since = Instant::now();
    let mut outcomes = Vec::new();
    if wants(Only::Rust) {
        outcomes.extend(cheap_checks(root));
    }
    // Packages come over the network while the compiler is busy.
    let installing = {
        let (root, web) = (root.to_owned(), wants(Only::Web) || wants(Only::Compat) || wants(Only::E2e));
        let (compat, e2e) = (wants(Only::Compat), wants(Only::E2e));
        thread::spawn(move || install_all(&root, web, compat, e2e))
    };
    if wants(Only::Rust) || wants(Only::Compat) || wants(Only::E2e) {
        outcomes.push(build(root));
    }
    let installed = installing.join().map_err(|_| anyhow::anyhow!("installing panicked"))?;
    let ready = outcomes.iter().chain(&installed).all(|outcome| outcome.trouble.is_none());
    outcomes.extend(installed);

    if wants(Only::Rust)
        && outcomes.iter().all(|outcome| outcome.name != "build" || outcome.trouble.is_none())
    {
        outcomes.push(rust_tests(root).run());
    }
    let mut beside = Vec::new();
    if wants(Only::Rust) {
        beside.push(clippy(root));
    }
    if wants(Only::Web) {
        beside.push(web(root));
    }
    if ready && wants(Only::Compat) {
        // The matrix mostly waits for its clients' clocks, so the compiler works beside it, out of its way.
        let binary = binary(root)?;
        let matrix = compat(root, &binary);
        let waiting = thread::spawn(move || matrix.run());
        outcomes.extend(beside.into_iter().map(Part::run));
        outcomes.push(waiting.join().map_err(|_| anyhow::anyhow!("the matrix panicked"))?);
    } else {
        outcomes.extend(beside.into_iter().map(Part::run));
    }
    if ready && wants(Only::E2e) {
        outcomes.push(e2e(root, &binary(root)?, &install::chromium()?).run());
    }
    Ok(summary(&outcomes, since.elapsed()))
}

/// Formatting, the direction of dependencies, lints.
pub(crate) fn tidy(root: &Path) -> Result<ExitCode> {
    let since = Instant::now();
    let mut outcomes = cheap_checks(root);
    outcomes.push(clippy(root).run());
    let troubled = outcomes.iter().any(|outcome| outcome.trouble.is_some());
    say(&format!("tidy: {} ({:.0} s)", if troubled { "no" } else { "yes" }, since.elapsed().as_secs_f64()));
    Ok(if troubled { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn cheap_checks(root: &Path) -> Vec<Outcome> {
    let format = Part::new("format", cargo(), root, Runner::Check).args(["fmt", "--all", "--check"]).run();
    let since = Instant::now();
    let trouble = match architecture::breaches(root) {
        Ok(breaches) if breaches.is_empty() => None,
        Ok(breaches) => Some(breaches.join("; ")),
        Err(error) => Some(format!("{error:#}")),
    };
    vec![format, Outcome::of("shape", since, trouble)]
}

fn install_all(root: &Path, web: bool, compat: bool, e2e: bool) -> Vec<Outcome> {
    let wanted = [(web, "client-web"), (compat || e2e, "tests/compat"), (e2e, "tests/e2e")];
    let since = Instant::now();
    let mut trouble = Vec::new();
    for (_, folder) in wanted.iter().filter(|(wanted, _)| *wanted) {
        if let Err(error) = install::npm(&root.join(folder)) {
            trouble.push(format!("{error:#}"));
        }
    }
    if e2e && let Err(error) = install::chromium() {
        trouble.push(format!("{error:#}"));
    }
    let trouble = if trouble.is_empty() { None } else { Some(trouble.join("\n")) };
    vec![Outcome::of("install", since, trouble)]
}

/// One build for all: the same packages, targets and profile as the tests use, so nothing is compiled twice.
fn build(root: &Path) -> Outcome {
    Part::new("build", cargo(), root, Runner::Check)
        .args(["build", "--quiet", "--locked", "--workspace", "--bins", "--tests"])
        .run()
}

fn rust_tests(root: &Path) -> Part {
    if has_nextest(root) {
        Part::new("rust", cargo(), root, Runner::Nextest).args([
            "nextest",
            "run",
            "--locked",
            "--workspace",
            "--no-fail-fast",
            "--status-level",
            "slow",
            "--final-status-level",
            "slow",
        ])
    } else {
        let arguments =
            ["test", "--quiet", "--locked", "--workspace", "--bins", "--lib", "--tests", "--no-fail-fast"];
        Part::new("rust", cargo(), root, Runner::CargoTest).args(arguments)
    }
}

fn has_nextest(root: &Path) -> bool {
    Command::new(cargo())
        .args(["nextest", "--version"])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn clippy(root: &Path) -> Part {
    gently("clippy", &cargo(), root, Runner::Check).args([
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
}

fn web(root: &Path) -> Part {
    gently("web", &"npm".into(), &root.join("client-web"), Runner::Vitest).args(["run", "check"])
}

fn compat(root: &Path, binary: &Path) -> Part {
    Part::new("compat", "node", &root.join("tests/compat"), Runner::NodeTest)
        .args(["run.mjs"])
        .env("WEFT_BIN", binary)
}

fn e2e(root: &Path, binary: &Path, chromium: &Path) -> Part {
    Part::new("e2e", "node", &root.join("tests/e2e"), Runner::NodeTest)
        .args(["run.mjs"])
        .env("WEFT_BIN", binary)
        .env("WEFT_CHROMIUM", chromium)
}

/// A part that leaves the processor to whatever runs beside it, where the system has a way to say so.
fn gently(name: &'static str, program: &OsString, folder: &Path, runner: Runner) -> Part {
    if cfg!(unix) && Path::new("/usr/bin/nice").is_file() {
        Part::new(name, "/usr/bin/nice", folder, runner).args(["-n", "15"]).args([program])
    } else {
        Part::new(name, program, folder, runner)
    }
}

/// Where cargo put the server.
fn binary(root: &Path) -> Result<PathBuf> {
    let metadata = architecture::metadata(root)?;
    let target =
        metadata["target_directory"].as_str().context("cargo metadata names the target directory")?;
    Ok(Path::new(target).join("debug").join(format!("weft{}", std::env::consts::EXE_SUFFIX)))
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn summary(outcomes: &[Outcome], took: Duration) -> ExitCode {
    let mut total = Count::default();
    say("");
    for outcome in outcomes {
        total += outcome.count;
        let verdict = outcome
            .trouble
            .as_deref()
            .map_or_else(|| "ok".to_owned(), |trouble| format!("FAILED: {trouble}"));
        let tests = match outcome.count {
            Count { passed: 0, .. } => String::new(),
            Count { passed, .. } => format!("{passed} passed"),
        };
        say(&format!("{:>8}  {:>7.1} s  {tests:>12}  {verdict}", outcome.name, outcome.took.as_secs_f64()));
    }
    if outcomes.iter().all(|outcome| outcome.trouble.is_none()) && total.passed == 0 {
        say("no test ran");
        total.failed = 1;
    }
    say(&format!("{:>8}  {:>7.1} s", "all", took.as_secs_f64()));
    say(&format!("{} passed, {} failed", total.passed, total.failed));
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
