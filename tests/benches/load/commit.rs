//! How long "saved" takes: from an edit to its acknowledgement, which a server gives once the edit is durable.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::Rng;
use tokio::time::{interval, sleep};

use crate::latency::Histogram;
use crate::session::{self, Dialect, Said, Target};
use crate::typist::Typist;

/// Edits a second of the only person in the room.
const KEYS_PER_S: u32 = 50;

/// How long the last acknowledgement may take.
const ACK_MAX: Duration = Duration::from_secs(5);

/// Types alone for `seconds` and returns how long each edit took to be acknowledged.
pub(crate) async fn round(target: &Target, room: &str, seconds: u64) -> Result<Histogram> {
    ensure!(target.dialect == Dialect::Hocuspocus, "only the Hocuspocus dialect acknowledges edits");
    let session::Opened { session, mut reader, acknowledged, .. } = session::open(target, room).await?;
    let waiting: Rc<RefCell<VecDeque<Instant>>> = Rc::default();
    let typing = async {
        let mut typist = Typist::new(u64::from(rand::rng().next_u32()));
        let mut beat = interval(Duration::from_secs(1) / KEYS_PER_S);
        for _ in 0..seconds * u64::from(KEYS_PER_S) {
            beat.tick().await;
            let (mut update, mut frame) = (Vec::new(), Vec::new());
            typist.update(&mut update);
            session.append_update(&mut frame, &update);
            waiting.borrow_mut().push_back(Instant::now());
            session.push(&frame);
        }
        let sent = Instant::now();
        while !waiting.borrow().is_empty() && sent.elapsed() < ACK_MAX {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let mut times = Histogram::default();
    // The handshake's own Step2 is acknowledged too, maybe only now.
    let mut handshake = !acknowledged;
    let hearing = async {
        loop {
            let open = reader
                .read(|frame| {
                    match session.hear(target.dialect, frame)? {
                        Said::Acknowledged if handshake => handshake = false,
                        Said::Acknowledged => {
                            let sent =
                                waiting.borrow_mut().pop_front().context("one acknowledgement too many")?;
                            times.record(sent.elapsed().as_micros() as u32);
                        }
                        Said::Refused => bail!("the server refused an edit"),
                        _ => (),
                    }
                    Ok(())
                })
                .await?;
            ensure!(open, "the server closed the socket");
        }
    };
    let heard: Result<()> = tokio::select! {
        () = typing => Ok(()),
        failed = hearing => failed,
    };
    heard?;
    ensure!(waiting.borrow().is_empty(), "{} edits were never acknowledged", waiting.borrow().len());
    Ok(times)
}

/// The quantiles of the server's own commit time, in ms: (p50, p99), when its /metrics names one.
///
/// Reads a Prometheus summary (`quantile` labels) or histogram (`le` labels) whose name holds "commit" and "seconds".
pub(crate) fn server_side(metrics: &str) -> Option<(f64, f64)> {
    let told = |line: &&str| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        !line.starts_with('#') && name.contains("commit") && name.contains("seconds")
    };
    let lines = metrics.lines().filter(told);
    let labelled = |label: &str| -> Vec<(f64, f64)> {
        let prefix = format!("{label}=\"");
        let read = |line: &str| {
            let (bound, rest) = line.split_once(&prefix)?.1.split_once('"')?;
            let value = rest.rsplit_once(' ')?.1.parse().ok()?;
            Some((if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? }, value))
        };
        lines.clone().filter_map(read).collect()
    };
    let quantiles = labelled("quantile");
    if !quantiles.is_empty() {
        let at =
            |share: f64| quantiles.iter().find(|(q, _)| (q - share).abs() < 1e-9).map(|(_, s)| s * 1000.0);
        return at(0.5).zip(at(0.99));
    }
    let buckets = labelled("le");
    let total = buckets.last()?.1;
    let at = |share: f64| interpolate(&buckets, total * share).map(|seconds| seconds * 1000.0);
    at(0.5).zip(at(0.99))
}

/// Where the `rank`th value lies, by straight lines between the ends of cumulative buckets.
fn interpolate(buckets: &[(f64, f64)], rank: f64) -> Option<f64> {
    let (mut from, mut passed) = (0.0, 0.0);
    for &(end, count) in buckets {
        if count >= rank && count > passed {
            return end.is_finite().then(|| from + (end - from) * (rank - passed) / (count - passed));
        }
        (from, passed) = (end, count);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_and_a_histogram_of_commit_times_are_read() {
        let summary = "# TYPE weft_commit_seconds summary\n\
            weft_commit_seconds{quantile=\"0.5\"} 0.002\nweft_commit_seconds{quantile=\"0.99\"} 0.009\n\
            weft_commit_seconds_sum 7\n";
        assert_eq!(server_side(summary), Some((2.0, 9.0)));
        let histogram = "x_commit_batches_bucket{le=\"7\"} 9\nx_commit_seconds_bucket{le=\"0.001\"} 40\nx_commit_seconds_bucket{le=\"0.002\"} 60\n\
            x_commit_seconds_bucket{le=\"0.01\"} 100\nx_commit_seconds_bucket{le=\"+Inf\"} 100\n";
        let (p50, p99) = server_side(histogram).unwrap();
        assert!((p50 - 1.5).abs() < 1e-9 && (p99 - 9.8).abs() < 1e-9, "{p50} {p99}");
        assert_eq!(server_side("weft_rooms 3\n"), None);
    }
}
