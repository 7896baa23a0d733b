//! A real server process: started, killed, stopped and started again on the same data.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a server may take to be ready. Other tests use the machine at the same time.
const READY_MAX: Duration = Duration::from_secs(60);

/// Where the server's program is: `WEFT_BIN`, else beside the folder of this test's own program.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("WEFT_BIN") {
        return named.into();
    }
    let own = std::env::current_exe().unwrap_or_default();
    // target/debug/deps/it-… stands beside target/debug/weft.
    own.ancestors().nth(2).unwrap_or(Path::new(".")).join("weft")
}

/// A server, and the folder it keeps its data in.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    flags: Vec<String>,
    child: Child,
    authority: String,
    /// The lines it printed after its address.
    printed: Receiver<String>,
}

/// What a process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory, bytes.
    pub memory: u64,
    /// Open files, sockets among them.
    pub files: usize,
    /// Threads.
    pub threads: usize,
}

impl Server {
    /// Starts one on an empty folder, with more flags.
    ///
    /// # Errors
    /// If it is not ready in time; says what it printed.
    pub fn start(flags: &[&str]) -> Result<Self> {
        Self::start_in(tempfile::tempdir()?, flags)
    }

    /// Starts one on a folder.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in(folder: TempDir, flags: &[&str]) -> Result<Self> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let (child, authority, printed) = spawn(folder.path(), &flags)?;
        Ok(Self { folder, flags, child, authority, printed })
    }

    /// `host:port`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The token of the link with which its first owner sets it up. It is printed after the address.
    ///
    /// # Errors
    /// If it prints none in time.
    pub fn set_up_token(&self) -> Result<String> {
        loop {
            let line = self.printed.recv_timeout(READY_MAX).context("no link to set it up was printed")?;
            if let Some((_, token)) = line.split_once("/setup?token=") {
                return Ok(token.trim().to_owned());
            }
        }
    }

    /// What it printed after its address and is not read yet, once it has ended.
    #[must_use]
    pub fn last_words(&self) -> String {
        self.printed.iter().collect()
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Kills it, as a power cut would.
    ///
    /// # Errors
    /// If there is nothing to kill.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same data, at another port.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&mut self) -> Result<()> {
        (self.child, self.authority, self.printed) = spawn(self.folder.path(), &self.flags)?;
        Ok(())
    }

    /// Asks it to stop, as a container's runtime does.
    ///
    /// # Errors
    /// If there is no such process.
    pub fn terminate(&self) -> Result<()> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).context("the signal was not delivered")
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let began = Instant::now();
        loop {
            // The standard library has no wait with a limit.
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if began.elapsed() > within {
                bail!("the server did not end within {within:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If that cannot be found out.
    pub fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// What it uses now.
    ///
    /// # Errors
    /// If it is not running.
    pub fn usage(&self) -> Result<Usage> {
        let pid = self.child.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        };
        Ok(Usage {
            memory: field("VmRSS:").context("no VmRSS")? * 1024,
            files: std::fs::read_dir(format!("/proc/{pid}/fd"))?.count(),
            threads: field("Threads:").context("no Threads")? as usize,
        })
    }

    /// What the server logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Runs another `weft` command on the same data.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn command(&self, arguments: &[&str]) -> Result<Output> {
        self.command_reading(arguments, "")
    }

    /// Runs another `weft` command on the same data, which reads `text` from its standard input.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn command_reading(&self, arguments: &[&str], text: &str) -> Result<Output> {
        let mut command = Command::new(program());
        quiet(&mut command).args(arguments).arg("--data").arg(self.data());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // One that ends before it has read everything wanted no more.
        let _ = child.stdin.take().context("standard input is piped")?.write_all(text.as_bytes());
        Ok(child.wait_with_output()?)
    }

    /// Runs another `weft` command on the same data, and kills it after a while.
    ///
    /// # Errors
    /// If it cannot be run or killed.
    pub fn killed(&self, arguments: &[&str], after: Duration) -> Result<()> {
        let mut command = Command::new(program());
        quiet(command.args(arguments).arg("--data").arg(self.data()));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        std::thread::sleep(after);
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Bytes of all files below its data, but for backups.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn stored_bytes(&self) -> Result<u64> {
        fn below(folder: &Path) -> Result<u64> {
            let mut bytes = 0;
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() && entry.file_name() != "backups" {
                    bytes += below(&entry.path())?;
                } else if kind.is_file() {
                    bytes += entry.metadata()?.len();
                }
            }
            Ok(bytes)
        }
        below(&self.data())
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "a test that fails shows what its server had to say")]
    fn drop(&mut self) {
        let _ = self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(4_000);
            eprintln!("the server logged:\n{}", log.get(from..).unwrap_or(&log));
        }
    }
}

/// Without the settings of whoever runs the tests.
fn quiet(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WEFT_") {
            command.env_remove(name);
        }
    }
    command
}

fn spawn(folder: &Path, flags: &[String]) -> Result<(Child, String, Receiver<String>)> {
    let program = program();
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log"))?;
    let mut command = Command::new(&program);
    quiet(&mut command).current_dir(folder).args(["serve", "--listen", "127.0.0.1:0", "--data", "data"]);
    let mut child = command
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} cannot be started; build it with cargo build", program.display()))?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let (tell, told) = mpsc::channel();
    let (print, printed) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            if let Some(address) = line.trim().strip_prefix("Weft is at http://") {
                let _ = tell.send(address.trim_end_matches('/').to_owned());
            } else {
                let _ = print.send(line.clone());
            }
            line.clear();
        }
        let _ = lines.read_to_end(&mut Vec::new());
    });
    match told.recv_timeout(READY_MAX) {
        Ok(authority) => Ok((child, authority, printed)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            bail!("the server was not ready ({error}): {log}")
        }
    }
}
