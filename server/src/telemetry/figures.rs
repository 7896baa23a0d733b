//! What the server does right now, for those who watch it: a few figures, from two readings of its metrics.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::Metrics;

/// What stood in the metrics at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    at: Instant,
    updates: f64,
    commits: f64,
    commit_seconds: f64,
    cpu_seconds: f64,
    /// Sessions that fell behind, and those that were sent a document anew.
    behind: f64,
    memory_bytes: f64,
    disk_bytes: f64,
}

/// What happened between two readings, and what there is at the second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    /// Clients in rooms.
    pub(crate) sessions: usize,
    /// Open documents.
    pub(crate) rooms: usize,
    /// Updates that came in, a second.
    updates: f64,
    /// How long a commit took, in the mean, in milliseconds; null: there was none.
    commit_ms: Option<f64>,
    /// Of one core, in percent.
    cpu: f64,
    /// Memory of the process, in bytes.
    memory: f64,
    /// What the store takes on disk, in bytes.
    disk: f64,
    /// Clients that fell behind, a second.
    slow: f64,
}

impl Reading {
    pub(crate) fn take(metrics: &Metrics) -> Self {
        Self::of(&metrics.render(), Instant::now())
    }

    fn of(text: &str, at: Instant) -> Self {
        let sum = |name: &str| sum(text, name);
        Self {
            at,
            updates: sum("weft_updates_in_total"),
            commits: sum("weft_commit_seconds_count"),
            commit_seconds: sum("weft_commit_seconds_sum"),
            cpu_seconds: sum("process_cpu_seconds_total"),
            behind: sum("weft_sessions_fallen_behind_total") + sum("weft_resyncs_total"),
            memory_bytes: sum("process_resident_memory_bytes"),
            disk_bytes: sum("weft_store_disk_bytes"),
        }
    }

    /// What happened since `before`.
    pub(crate) fn since(&self, before: &Self, sessions: usize, rooms: usize) -> Figures {
        let seconds = self.at.duration_since(before.at).max(Duration::from_millis(1)).as_secs_f64();
        let rate = |now: f64, then: f64| rounded((now - then).max(0.0) / seconds);
        let commits = self.commits - before.commits;
        Figures {
            sessions,
            rooms,
            updates: rate(self.updates, before.updates),
            commit_ms: (commits > 0.0)
                .then(|| rounded((self.commit_seconds - before.commit_seconds) * 1_000.0 / commits)),
            cpu: rate(self.cpu_seconds * 100.0, before.cpu_seconds * 100.0),
            memory: self.memory_bytes,
            disk: self.disk_bytes,
            slow: rate(self.behind, before.behind),
        }
    }
}

/// To two places: nobody reads more off a chart.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// All series of one metric together, in Prometheus' text format; 0 if it was never counted.
fn sum(text: &str, name: &str) -> f64 {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{']))?;
        rest.rsplit_once(' ')?.1.parse::<f64>().ok()
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_what_happened_in_between() {
        let began = Instant::now();
        let before = "weft_updates_in_total{outcome=\"merged\"} 10\nweft_commit_seconds_count 2\n\
            weft_commit_seconds_sum 0.01\nweft_store_disk_bytes 5\n";
        let after = "# TYPE weft_updates_in_total counter\nweft_updates_in_total{outcome=\"merged\"} 30\n\
            weft_updates_in_total{outcome=\"known\"} 20\nweft_commit_seconds_count 12\n\
            weft_commit_seconds_sum 0.06\nweft_commit_seconds_bucket{le=\"0.1\"} 12\nweft_store_disk_bytes 7\n\
            weft_resyncs_total 4\nprocess_cpu_seconds_total 0.5\n";
        let before = Reading::of(before, began);
        let after = Reading::of(after, began + Duration::from_secs(2));
        let figures = after.since(&before, 3, 1);
        let told = serde_json::to_value(figures).unwrap();
        assert_eq!(
            told,
            serde_json::json!({
                "sessions": 3, "rooms": 1, "updates": 20.0, "commitMs": 5.0, "cpu": 25.0, "memory": 0.0,
                "disk": 7.0, "slow": 2.0
            })
        );
        assert_eq!(after.since(&after, 0, 0).commit_ms, None);
    }
}
