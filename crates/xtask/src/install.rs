//! What the tests need and the machine may lack: npm packages, and a browser.

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
    for program in [&["apt-get"][..], &["sudo", "-n", "apt-get"][..]] {
        if apt(program, &["update", "-qq"])
            && apt(program, &["install", "-y", "-qq", "--no-install-recommends", "chromium"])
        {
            break;
        }
    }
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

fn apt(program: &[&str], arguments: &[&str]) -> bool {
    Command::new(program[0])
        .args(&program[1..])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
