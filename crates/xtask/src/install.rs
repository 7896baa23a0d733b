//! What the tests need and the machine may lack: npm packages, a fuzzer, and a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::part::say;

/// Debian's name and places for the browser; others are found by WEFT_CHROMIUM.
const CHROMIUM_PLACES: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const CHROMIUM_VARIABLE: &str = "WEFT_CHROMIUM";
const INSTALL_CHROMIUM: &str = "apt-get install -y --no-install-recommends chromium";
/// Names the lock that a `node_modules` was made from.
const STAMP: &str = "node_modules/.weft-lock";

/// Installs the npm packages of `folder`, unless they were already installed from the same lock.
pub(crate) fn npm(folder: &Path) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} has a package-lock.json", folder.display()))?;
    let stamp = folder.join(STAMP);
    if fs::read(&stamp).is_ok_and(|stamped| stamped == lock) {
        return Ok(());
    }
    say(&format!("npm ci in {}", folder.display()));
    let output = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .env("CI", "true")
        .env_remove("NODE_ENV")
        .stdin(Stdio::null())
        .output()
        .context("npm could not be started; install Node.js 20 or newer with npm")?;
    ensure!(
        output.status.success(),
        "npm ci in {} failed ({}): {}",
        folder.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(&stamp, lock).with_context(|| format!("{} can be written", stamp.display()))
}

/// The fuzzer's executable, installed into `target` from the lock in tests/api unless it was already.
pub(crate) fn schemathesis(root: &Path, target: &Path) -> Result<PathBuf> {
    let lock = root.join("tests/api/requirements.txt");
    let wanted = fs::read(&lock).with_context(|| format!("{} can be read", lock.display()))?;
    let folder = target.join("schemathesis");
    let (program, stamp) = (folder.join("bin/schemathesis"), folder.join("lock"));
    if program.is_file() && fs::read(&stamp).is_ok_and(|stamped| stamped == wanted) {
        return Ok(program);
    }
    say("pip install of the fuzzer");
    let has_venv = || run(Command::new("python3").args(["-c", "import ensurepip, venv"]));
    if !has_venv() {
        say("python3 with venv is missing; trying apt");
        apt_install("python3-venv");
        ensure!(
            has_venv(),
            "the API's fuzzer needs Python 3.10 or newer with venv, and it could not be installed from here. On \
             Debian run once:\n    sudo apt-get install -y python3-venv"
        );
    }
    let output = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).output()?;
    ensure!(output.status.success(), "python3 -m venv failed: {}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"])
        .arg(&lock)
        .stdin(Stdio::null())
        .output()
        .context("pip could not be started")?;
    ensure!(output.status.success(), "pip install failed: {}", String::from_utf8_lossy(&output.stderr));
    fs::write(&stamp, wanted).with_context(|| format!("{} can be written", stamp.display()))?;
    Ok(program)
}

/// The browser's executable; installed by apt if it is missing and this may be done without asking.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(CHROMIUM_VARIABLE) {
        let named = PathBuf::from(named);
        ensure!(named.is_file(), "{CHROMIUM_VARIABLE} names {}, which is not there", named.display());
        return Ok(named);
    }
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    say("chromium is missing; trying apt");
    apt_install("chromium");
    match find_chromium() {
        Some(found) => Ok(found),
        None => bail!(
            "the browser tests need Chromium, and it could not be installed from here. On Debian run once:\n    \
             sudo {INSTALL_CHROMIUM}\nElsewhere set {CHROMIUM_VARIABLE} to a Chromium's executable."
        ),
    }
}

fn find_chromium() -> Option<PathBuf> {
    CHROMIUM_PLACES.iter().map(PathBuf::from).find(|place| place.is_file())
}

/// Installs a package of Debian's, if that can be done without asking; whoever needs it looks whether it is there.
fn apt_install(package: &str) {
    for program in [&["apt-get"][..], &["sudo", "-n", "apt-get"][..]] {
        let apt = |arguments: &[&str]| {
            run(Command::new(program[0])
                .args(&program[1..])
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"))
        };
        if apt(&["update", "-qq"]) && apt(&["install", "-y", "-qq", "--no-install-recommends", package]) {
            return;
        }
    }
}

/// Whether a command could be started and did what it should; what it says is of no interest.
fn run(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
