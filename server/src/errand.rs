//! What `weft` does besides serving, each errand in its file.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod erase;
pub(crate) mod restore;
pub(crate) mod user;

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often a progress line changes.
const EVERY: Duration = Duration::from_millis(200);

/// One line on a terminal that changes while something long goes on. Elsewhere nothing.
#[derive(Debug)]
struct ProgressLine {
    shown: bool,
    next: Instant,
}

impl ProgressLine {
    fn new() -> Self {
        Self { shown: false, next: Instant::now() + EVERY }
    }

    fn show(&mut self, line: impl FnOnce() -> String) {
        let mut out = std::io::stderr().lock();
        if Instant::now() < self.next || !out.is_terminal() {
            return;
        }
        let _ = write!(out, "\r\x1b[K{}", line());
        let _ = out.flush();
        self.shown = true;
        self.next = Instant::now() + EVERY;
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// `1 document`, `2 documents`.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
