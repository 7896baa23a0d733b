//! Logs on standard error, and metrics for `GET /metrics`.

mod figures;
mod process;

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

pub(crate) use self::figures::Reading;

use crate::config::{LogFormat, Settings};

/// Upper bounds of the buckets of every `_seconds` histogram: from a merge in memory to a disk that hangs.
const SECONDS_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];
/// How often the recorder folds what its histograms collected. Without it they grow between scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The metrics of this process.
#[derive(Clone)]
pub(crate) struct Metrics {
    handle: PrometheusHandle,
    started: Instant,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Starts writing log lines. Once per process; later calls do nothing.
pub(crate) fn start_logs(settings: &Settings) {
    let filter = EnvFilter::new(&settings.log.0);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Pretty => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // Only a test process has one already.
    drop(started);
}

impl Metrics {
    /// Makes the recorder, and the process' own if `install`. Must be called inside a tokio runtime.
    pub(crate) fn start(install: bool) -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS_BUCKETS)
            .map(PrometheusBuilder::build_recorder)
            .unwrap_or_else(|_| PrometheusBuilder::new().build_recorder());
        let handle = recorder.handle();
        if install && metrics::set_global_recorder(recorder).is_ok() {
            let upkeep = handle.clone();
            tokio::spawn(async move {
                let mut tick = tokio::time::interval(UPKEEP_EVERY);
                loop {
                    tick.tick().await;
                    upkeep.run_upkeep();
                }
            });
        }
        Self { handle, started: Instant::now() }
    }

    /// All metrics in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let mut text = self.handle.render();
        process::render(&mut text, self.started.elapsed());
        text
    }
}
