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
    let target = target(root)?;
    let installing = {
        let (root, target) = (root.to_owned(), target.clone());
        let [web, compat, api, e2e] = [Only::Web, Only::Compat, Only::Api, Only::E2e].map(wants);
        thread::spawn(move || install_all(&root, &target, Installed { web, compat, api, e2e }))
    };
    if [Only::Rust, Only::Compat, Only::Api, Only::E2e].into_iter().any(wants) {
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
    if ready && wants(Only::Api) {
        beside.push(api(root, &target)?);
    }
    if wants(Only::Rust) {
        beside.push(clippy(root));
    }
    if wants(Only::Web) {
        beside.push(web(root));
    }
    if ready && wants(Only::Compat) {
        // The matrix mostly waits for its clients' clocks, so others work beside it, out of its way.
        let matrix = compat(root, &target);
        let waiting = thread::spawn(move || matrix.run());
        outcomes.extend(beside.into_iter().map(Part::run));
        outcomes.push(waiting.join().map_err(|_| anyhow::anyhow!("the matrix panicked"))?);
    } else {
        outcomes.extend(beside.into_iter().map(Part::run));
    }
    if ready && wants(Only::E2e) {
        outcomes.push(e2e(root, &target, &install::chromium()?).run());
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

/// The parts for which something is to be installed.
struct Installed {
    web: bool,
    compat: bool,
    api: bool,
    e2e: bool,
}

fn install_all(root: &Path, target: &Path, wanted: Installed) -> Vec<Outcome> {
    let Installed { web, compat, api, e2e } = wanted;
    let since = Instant::now();
    let mut installed = Vec::new();
    // The server builds the web client into itself. The fuzzer's and the browsers' world stands on the matrix' one.
    let folders = [
        (web || compat || api || e2e, "client-web"),
        (compat || api || e2e, "tests/compat"),
        (api || e2e, "tests/e2e"),
    ];
    for (_, folder) in folders.iter().filter(|(wanted, _)| *wanted) {
        installed.push(install::npm(&root.join(folder)));
    }
    if api {
        installed.push(install::schemathesis(root, target).map(drop));
    }
    if e2e {
        installed.push(install::chromium().map(drop));
    }
    let trouble: Vec<_> =
        installed.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
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

fn compat(root: &Path, target: &Path) -> Part {
    Part::new("compat", "node", &root.join("tests/compat"), Runner::NodeTest)
        .args(["run.mjs"])
        .env("WEFT_BIN", binary(target))
}

fn api(root: &Path, target: &Path) -> Result<Part> {
    let fuzzer = install::schemathesis(root, target)?;
    Ok(gently("api", &"node".into(), &root.join("tests/api"), Runner::NodeTest)
        .args(["--test", "--test-reporter=spec", "openapi.test.mjs"])
        .env("WEFT_BIN", binary(target))
        .env("WEFT_SCHEMATHESIS", fuzzer))
}

fn e2e(root: &Path, target: &Path, chromium: &Path) -> Part {
    Part::new("e2e", "node", &root.join("tests/e2e"), Runner::NodeTest)
        .args(["run.mjs"])
        .env("WEFT_BIN", binary(target))
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

/// Where cargo puts what it builds.
fn target(root: &Path) -> Result<PathBuf> {
    let metadata = architecture::metadata(root)?;
    let target = metadata["target_directory"].as_str();
    Ok(target.context("cargo metadata names the target directory")?.into())
}

/// The server that was built.
fn binary(target: &Path) -> PathBuf {
    target.join("debug").join(format!("weft{}", std::env::consts::EXE_SUFFIX))
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
