//! What the process itself uses, read from `/proc` when asked.

use std::fmt::Write as _;
use std::time::Duration;

/// Appends the process' metrics. What the system does not tell is left out.
pub(crate) fn render(text: &mut String, up: Duration) {
    let mut gauge = |name: &str, kind: &str, help: &str, value: f64| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    gauge("weft_uptime_seconds", "gauge", "Time since the server started.", up.as_secs_f64());
    if let Some(bytes) = resident_bytes() {
        gauge("process_resident_memory_bytes", "gauge", "Memory the process has in RAM.", bytes as f64);
    }
    if let Some(count) = open_fds() {
        gauge("process_open_fds", "gauge", "Open file descriptors.", count as f64);
    }
    if let Some(seconds) = cpu_seconds() {
        gauge("process_cpu_seconds_total", "counter", "CPU time used, user and system.", seconds);
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(limit) = limit {
        gauge("process_max_fds", "gauge", "The most file descriptors the process may open.", limit as f64);
    }
}

fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

fn open_fds() -> Option<usize> {
    // The listing's own descriptor is among them.
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold anything; user and system time are the
    // 12th and 13th fields after it.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_knows_its_memory_files_and_time() {
        let mut text = String::new();
        render(&mut text, Duration::from_secs(3));
        assert!(text.contains("\nweft_uptime_seconds 3\n"), "{text}");
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"] {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            let value: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
            assert!(value >= 0.0 && (name.contains("cpu") || value > 0.0), "{line}");
        }
    }
}
