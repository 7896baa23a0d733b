//! One command of a test run: its output goes to the terminal line by line under its name, and is counted.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::count::{Count, Runner};

/// A command to run, and how to count what it prints.
#[derive(Debug)]
pub(crate) struct Part {
    name: &'static str,
    command: Command,
    runner: Runner,
}

/// What became of a part.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) count: Count,
    pub(crate) took: Duration,
    /// Why it failed, in a few words; nothing if it did not.
    pub(crate) trouble: Option<String>,
}

impl Part {
    pub(crate) fn new(name: &'static str, program: impl AsRef<OsStr>, folder: &Path, runner: Runner) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).env("CI", "true").env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never");
        command.env_remove("NODE_ENV").stdin(Stdio::null());
        Self { name, command, runner }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Outcome {
        let since = Instant::now();
        let mut outcome =
            Outcome { name: self.name, count: Count::default(), took: Duration::ZERO, trouble: None };
        say(&format!("{} starts", self.name));
        let child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        match child {
            Err(error) => {
                let program = self.command.get_program().to_string_lossy().into_owned();
                outcome.trouble = Some(format!("{program} could not be started: {error}"));
            }
            Ok(mut child) => {
                let (name, runner) = (self.name, self.runner);
                let (out, err) = (child.stdout.take(), child.stderr.take());
                let readers = [
                    out.map(|stream| thread::spawn(move || read(name, runner, stream))),
                    err.map(|stream| thread::spawn(move || read(name, runner, stream))),
                ];
                for reader in readers.into_iter().flatten() {
                    outcome.count += reader.join().unwrap_or_default();
                }
                match child.wait() {
                    Ok(status) if status.success() => {}
                    Ok(status) => outcome.trouble = Some(status.to_string()),
                    Err(error) => outcome.trouble = Some(error.to_string()),
                }
            }
        }
        outcome.took = since.elapsed();
        outcome.settle(self.runner);
        outcome
    }
}

impl Outcome {
    /// A part that is not a command.
    pub(crate) fn of(name: &'static str, since: Instant, trouble: Option<String>) -> Self {
        let mut outcome = Self { name, count: Count::default(), took: since.elapsed(), trouble };
        outcome.settle(Runner::Check);
        outcome
    }

    /// Makes the count say what the exit code says: tests that did not run are no success, and a failure without a
    /// failed test (a build, a lint) is one.
    fn settle(&mut self, runner: Runner) {
        if runner != Runner::Check && self.trouble.is_none() && self.count == Count::default() {
            self.trouble = Some("no test ran".to_owned());
        }
        if self.trouble.is_none() && self.count.failed > 0 {
            self.trouble = Some(format!("{} failed", self.count.failed));
        }
        if self.trouble.is_some() && self.count.failed == 0 {
            self.count.failed = 1;
        }
        let end =
            self.trouble.as_ref().map_or_else(|| "done".to_owned(), |trouble| format!("FAILED: {trouble}"));
        say(&format!("{} {end} ({:.1} s)", self.name, self.took.as_secs_f64()));
    }
}

fn read(name: &'static str, runner: Runner, stream: impl Read) -> Count {
    let mut count = Count::default();
    let mut line = Vec::new();
    let mut stream = BufReader::new(stream);
    while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        count += runner.read(text);
        say(&format!("{name:>8} | {text}"));
        line.clear();
    }
    count
}

/// One line to the terminal. A terminal that is gone is no reason to stop the tests.
pub(crate) fn say(line: &str) {
    let _ = writeln!(stdout().lock(), "{line}");
}
