//! Runs npm: installs what the client needs, and builds it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The oldest Node that builds the client.
const NODE_MAJOR_MIN: u32 = 20;
/// What of the client, when it changes, asks for a new build. A path that does not exist is left out: cargo takes it
/// for one that changed.
const SOURCES: &[&str] = &[
    "src",
    "public",
    "scripts",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
    "tsconfig.app.json",
    "tsconfig.node.json",
    ".npmrc",
];
/// How much of a failing command's output is shown.
const LINES_SHOWN_MAX: usize = 12;

/// Builds the client of `client` into `dist`.
pub(crate) fn build(client: &Path, dist: &Path) -> Result<PathBuf, String> {
    if !client.join("package.json").is_file() {
        return placeholder(client, dist);
    }
    for source in SOURCES.iter().map(|source| client.join(source)).filter(|source| source.exists()) {
        println!("cargo:rerun-if-changed={}", source.display());
    }
    node_is_there()?;
    // Cargo runs this script once per target directory and profile, perhaps at the same time; npm's folder is one.
    // The lock goes with the file handle.
    let lockfile = client.join("package-lock.json");
    let lock = File::open(&lockfile).map_err(|error| format!("{}: {error}", lockfile.display()))?;
    lock.lock().map_err(|error| format!("{} cannot be locked: {error}", lockfile.display()))?;
    if !is_installed(client, &lockfile) {
        install(client)?;
    }
    let arguments = ["run", "build", "--", "--emptyOutDir", "--outDir"];
    let output = npm(client).args(arguments).arg(dist).output();
    succeeded("npm run build", output)?;
    Ok(dist.to_owned())
}

/// Without a client (a packaged source of the server alone) the server still runs, and says so to a browser.
fn placeholder(client: &Path, dist: &Path) -> Result<PathBuf, String> {
    println!("cargo:rerun-if-changed={}", client.join("package.json").display());
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Weft</title>\
                <p>This Weft was built without its web client. Documents are served at /ws and /api.</p></html>\n";
    fs::create_dir_all(dist)
        .and_then(|()| fs::write(dist.join("index.html"), page))
        .map_err(|error| format!("{}: {error}", dist.display()))?;
    Ok(dist.to_owned())
}

fn node_is_there() -> Result<(), String> {
    let help = format!(
        "Install Node.js {NODE_MAJOR_MIN} or newer with npm (https://nodejs.org, or your system's packages nodejs and npm), \
         or set WEFT_WEB_DIST to the folder of a web client built elsewhere"
    );
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(node) = version("node") else {
        return Err(format!("Node.js is missing, and the web client is built with it. {help}."));
    };
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        return Err(format!("Node.js {node} is too old to build the web client. {help}."));
    }
    if version("npm").is_none() {
        return Err(format!("npm is missing, and the web client is built with it. {help}."));
    }
    Ok(())
}

/// npm writes `node_modules/.package-lock.json` at the end of an install: newer than the lockfile means complete.
fn is_installed(client: &Path, lockfile: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified());
    let installed = modified(&client.join("node_modules/.package-lock.json"));
    match (installed, modified(lockfile)) {
        (Ok(installed), Ok(locked)) => installed >= locked && client.join("node_modules/.bin/vite").exists(),
        _ => false,
    }
}

fn install(client: &Path) -> Result<(), String> {
    let run = |command: &[&str]| {
        let mut npm = npm(client);
        npm.args(command).args(["--ignore-scripts", "--no-audit", "--no-fund"]);
        if builds_without_dev_dependencies(client) {
            npm.arg("--omit=dev");
        }
        succeeded(&format!("npm {}", command.join(" ")), npm.output())
    };
    match run(&["ci"]) {
        // `npm ci` insists on optional packages of other platforms, which not every registry mirror has. An install takes
        // the same versions from the lockfile without them, and --no-save leaves the lockfile alone.
        Err(reason) if reason.contains("EUSAGE") => run(&["install", "--no-save"]).map_err(|_| reason),
        result => result,
    }
}

/// When the bundler stands among the plain dependencies, what is left in the others is for tests only.
fn builds_without_dev_dependencies(client: &Path) -> bool {
    let manifest = fs::read_to_string(client.join("package.json")).unwrap_or_default();
    let plain = manifest.split_once("\"dependencies\"").and_then(|(_, rest)| rest.split_once('}'));
    plain.is_some_and(|(plain, _)| plain.contains("\"vite\""))
}

fn npm(client: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(client).env("CI", "true").env("NO_COLOR", "1").env_remove("NODE_ENV");
    command
}

fn succeeded(what: &str, output: std::io::Result<Output>) -> Result<(), String> {
    let output = output.map_err(|error| format!("{what} could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let both = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&both);
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "npm error").collect();
    // The first line that speaks of an error says most; npm ends with its usage and the place of its log.
    let tail = lines.len().saturating_sub(LINES_SHOWN_MAX);
    let first = lines.iter().position(|line| line.to_lowercase().contains("error")).unwrap_or(tail);
    let shown = &lines[first..lines.len().min(first + LINES_SHOWN_MAX)];
    Err(format!("{what} failed in client-web ({}): {}", output.status, shown.join("\n")))
}
