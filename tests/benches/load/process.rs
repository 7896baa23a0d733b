//! Servers as processes: started on one core, measured from outside, stopped.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::session::{Dialect, Target};

/// The core of whatever is measured.
const SERVER_CORE: &str = "0";

/// The core of the generator.
const GENERATOR_CORE: &str = "1";

/// How many files the generator and the servers may have open: every socket is one.
const OPEN_FILES: &str = "16384";

/// The unit of CPU time in /proc: USER_HZ, which is 100 for every Linux program.
const TICKS_PER_S: f64 = 100.0;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Moves this process to its own core and lets it open enough sockets. Says what could not be done.
pub(crate) fn prepare_generator() -> Vec<String> {
    let own = std::process::id().to_string();
    let mut notes = Vec::new();
    if !run(Command::new("prlimit").args(["--pid", &own, &format!("--nofile={OPEN_FILES}:")])) {
        notes.push(format!("open files could not be raised to {OPEN_FILES}; large scenarios may fail"));
    }
    if !pinned() {
        notes.push("not pinned: fewer than two cores or no taskset, so server and generator share".into());
    } else if !run(Command::new("taskset").args(["--all-tasks", "-cp", GENERATOR_CORE, &own])) {
        notes.push("the generator could not be pinned to a core".into());
    }
    notes
}

/// True when servers get a core of their own.
pub(crate) fn pinned() -> bool {
    thread_local!(static PINNED: bool = {
        // Counted from /proc, because this process itself is pinned to one core by then.
        let cores = fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count();
        cores >= 2 && run(Command::new("taskset").args(["-c", SERVER_CORE, "true"]))
    });
    PINNED.with(|pinned| *pinned)
}

/// A program that runs on every core, although we do not.
pub(crate) fn unpinned(program: &str) -> Command {
    if !pinned() {
        return Command::new(program);
    }
    let cores = fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count();
    let mut command = Command::new("taskset");
    command.args(["-c", &format!("0-{}", cores.saturating_sub(1)), program]);
    command
}

fn run(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A server or relay under test. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    authority: String,
    log: PathBuf,
}

impl Served {
    /// Starts the bare relay: this very program.
    pub(crate) async fn relay(folder: &Path) -> Result<Served> {
        let own = std::env::current_exe()?;
        let listen = free_address()?;
        let arguments = ["relay", "--listen", &listen].map(OsStr::new);
        start(&own, &arguments, listen.clone(), folder.join("relay.log"), false).await
    }

    /// Starts the server on `data`, with its settings as they are, save that anyone may open any room.
    pub(crate) async fn server(program: &Path, data: &Path) -> Result<Served> {
        let listen = free_address()?;
        let mut arguments = ["serve", "--listen", &listen, "--open", "--data"].map(OsStr::new).to_vec();
        arguments.push(data.as_os_str());
        let mut log = data.as_os_str().to_owned();
        log.push(".log");
        start(program, &arguments, listen.clone(), log.into(), true).await
    }

    /// Where to speak `dialect` with the server.
    pub(crate) fn target(&self, dialect: Dialect) -> Target {
        Target { authority: self.authority.clone(), path: "/ws".into(), dialect }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The text that `GET path` answers.
    pub(crate) async fn get(&self, path: &str) -> Result<String> {
        Ok(String::from_utf8_lossy(&get(&self.authority, path, "*/*").await?).into_owned())
    }

    /// Ends the server the way an operator does, and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<()> {
        ensure!(run(Command::new("kill").args(["-TERM", &self.pid().to_string()])), "no kill command");
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(begun.elapsed() < PATIENCE, "the server ignores SIGTERM; see {}", self.log.display());
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be gone already; either way it must not outlive the run.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Runs `program` on the servers' core and waits until it answers (`/ready`, or a connection when `http` is false).
async fn start(
    program: &Path,
    arguments: &[&OsStr],
    authority: String,
    log: PathBuf,
    http: bool,
) -> Result<Served> {
    let mut command = if pinned() {
        let mut command = Command::new("taskset");
        command.args(["-c", SERVER_CORE]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let output = File::options().create(true).append(true).open(&log)?;
    command.args(arguments).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    let mut served = Served { child, authority, log };
    let begun = Instant::now();
    loop {
        if let Some(status) = served.child.try_wait()? {
            let said = fs::read_to_string(&served.log).unwrap_or_default();
            bail!("{} ended with {status}: {said}", program.display());
        }
        let ready = match http {
            true => served.get("/ready").await.is_ok(),
            false => TcpStream::connect(&served.authority).await.is_ok(),
        };
        if ready {
            return Ok(served);
        }
        ensure!(begun.elapsed() < PATIENCE, "not ready in time; see {}", served.log.display());
        sleep(Duration::from_millis(5)).await;
    }
}

/// An address nobody listens on right now.
pub(crate) fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The body of a 200 answer.
pub(crate) async fn get(authority: &str, path: &str, accept: &str) -> Result<Vec<u8>> {
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    ask(authority, path, head).await
}

/// The body of the 200 answer to a request with JSON.
pub(crate) async fn post(authority: &str, path: &str, json: &str) -> Result<Vec<u8>> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}",
        json.len()
    );
    ask(authority, path, head).await
}

async fn ask(authority: &str, path: &str, request: String) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request.as_bytes()).await?;
    // It says how long it is or comes in chunks; either way it ends with the connection.
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without a body")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let body = answer.split_off(end + 4);
    let said =
        || format!("{path}: {}: {}", head.lines().next().unwrap_or_default(), String::from_utf8_lossy(&body));
    ensure!(head.starts_with("HTTP/1.1 200"), said());
    ensure!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{path}: an answer in chunks");
    Ok(body)
}

/// The CPU time a process has used so far, all its threads together. Source: utime and stime of /proc/PID/stat.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command's name stands in parentheses and may hold anything, so fields are counted behind it.
    let fields = stat.rsplit_once(") ").context("an odd /proc stat line")?.1;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_S))
}

/// The memory of a process that is in RAM, in KiB. Source: VmRSS of /proc/PID/status.
pub(crate) fn resident_kib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_process_has_a_size_and_uses_time() {
        let own = std::process::id();
        assert!(resident_kib(own).unwrap() > 100.0);
        let begun = Instant::now();
        let mut work = 1_u64;
        while cpu_time(own).unwrap() < Duration::from_millis(20) && begun.elapsed() < PATIENCE {
            work = work.wrapping_mul(31);
        }
        assert!(cpu_time(own).unwrap() >= Duration::from_millis(20), "{work}");
    }
}
