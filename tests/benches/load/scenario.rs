//! What is measured, in which order, beside what.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::Rng;
use tokio::time::sleep;

use crate::browser;
use crate::commit;
use crate::document::Document;
use crate::history;
use crate::load::{self, Outcome, Pace, Shape, Timing};
use crate::memory;
use crate::opening;
use crate::options::{Options, Subject};
use crate::process::{self, Served};
use crate::report::{Goal, Report, Row};
use crate::say;
use crate::session::{Dialect, Target};
use crate::socket;
use crate::wiki;

/// How long people type before anything counts.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long a server gets to forget the sockets of one run before the next.
const BREATH: Duration = Duration::from_millis(500);

/// Idle sessions, and open small documents, in the memory scenario.
const IDLE_COUNT: usize = 2_000;
const IDLE_COUNT_QUICK: usize = 300;

/// As fast as it goes; the options say how many updates may be under way.
const FULL: Pace = Pace::Saturation { window: 0 };

/// Far more under way than a server reads or writes at once: bounded queues overflow, and nothing may be lost for it.
const FLOOD: Pace = Pace::Saturation { window: 4_096 };

/// A load and what is asked of a server under it.
struct Load {
    name: &'static str,
    shape: Shape,
    /// The share of the relay's deliveries a second to reach.
    delivered: Goal,
}

/// Typing costs and waits at most twice what the relay does.
const TYPING: Goal = Goal::RatioAtMost(2.0);

const fn load(name: &'static str, who: [usize; 3], pace: Pace, delivered: Goal) -> Load {
    let [rooms, sessions, writers] = who;
    Load { name, shape: Shape { rooms, sessions, writers, pace }, delivered }
}

/// Every load, the quiet ones first.
const LOADS: [Load; 7] = [
    load("busy-room-typing", [1, 100, 5], Pace::Keys(10.0), Goal::None),
    load("big-room-typing", [1, 1_000, 2], Pace::Keys(5.0), Goal::None),
    load("many-rooms-typing", [100, 5, 1], Pace::Keys(5.0), Goal::None),
    load("busy-room-saturation", [1, 100, 5], FULL, Goal::RatioAtLeast(0.5)),
    load("big-room-saturation", [1, 1_000, 2], FULL, Goal::None),
    load("many-rooms-saturation", [100, 5, 1], FULL, Goal::RatioAtLeast(0.25)),
    load("busy-room-flood", [1, 100, 5], FLOOD, Goal::None),
];

/// Measures everything the options ask for.
pub(crate) async fn measure(options: &Options) -> Result<Report> {
    let mut report = Report { notes: process::prepare_generator(), ..Report::default() };
    let folder = prepare_folder(&options.folder)?;
    let bench = Bench { options, folder };
    bench.describe(&mut report);
    let asked =
        |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part.as_str()));
    ensure!(
        LOADS
            .iter()
            .map(|load| load.name)
            .chain(["open", "memory", "commit", "history", "browser", "wiki"])
            .any(asked),
        "no scenario is called {:?}",
        options.only
    );
    for load in LOADS.iter().filter(|load| asked(load.name)) {
        note(&mut report, load.name, bench.load(load).await);
    }
    if asked("open") {
        let result = bench.open(&mut report.notes).await;
        note(&mut report, "open", result);
    }
    if asked("memory") {
        match options.subject {
            Subject::Program(_) => note(&mut report, "memory", bench.memory().await),
            Subject::Url(_) => report.notes.push("memory: skipped, as the process is not ours".into()),
        }
    }
    if asked("commit") {
        note(&mut report, "commit", bench.commit().await);
    }
    if asked("history") {
        match &options.subject {
            Subject::Program(program) => {
                let result = bench.history(program, &mut report.notes).await;
                note(&mut report, "history", result);
            }
            Subject::Url(_) => report.notes.push("history: skipped, as the data is not ours".into()),
        }
    }
    if asked("browser") {
        match (&options.subject, browser::missing()) {
            (Subject::Program(program), None) => {
                let result = bench.browser(program, &mut report.notes).await;
                note(&mut report, "browser", result);
            }
            (Subject::Program(_), Some(why)) => report.notes.push(format!("browser: skipped, as {why}")),
            (Subject::Url(_), _) => report.notes.push("browser: skipped, as the data is not ours".into()),
        }
    }
    if asked("wiki") {
        match (&options.subject, browser::missing()) {
            (Subject::Program(program), None) => {
                let data = bench.folder.join("wiki");
                let result = wiki::measure(program, &data, options.rounds, &mut report.notes).await;
                note(&mut report, "wiki", result);
            }
            (Subject::Program(_), Some(why)) => report.notes.push(format!("wiki: skipped, as {why}")),
            (Subject::Url(_), _) => report.notes.push("wiki: skipped, as the data is not ours".into()),
        }
    }
    Ok(report)
}

fn note(report: &mut Report, name: &str, result: Result<Vec<Row>>) {
    match result {
        Ok(rows) => report.rows.extend(rows),
        Err(error) => {
            say(&format!("{name}: {error:#}"));
            report.failures.push(format!("{name}: {error:#}"));
        }
    }
}

/// A folder for data and logs, on the disk the options name: emptied, so that no run inherits another's data.
fn prepare_folder(folder: &Path) -> Result<PathBuf> {
    const OURS: &str = "weft-bench.folder";
    if folder.exists() {
        // Only a folder that an earlier run made is emptied.
        let ours = folder.join(OURS).exists() || std::fs::read_dir(folder)?.next().is_none();
        ensure!(ours, "{} holds something else; name another with --folder", folder.display());
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join(OURS), b"")?;
    Ok(folder.canonicalize()?)
}

/// What all scenarios need.
struct Bench<'a> {
    options: &'a Options,
    folder: PathBuf,
}

/// What a scenario talks to.
struct Side {
    target: Target,
    /// Dropped, it ends; `None` for a server that is not ours.
    process: Option<Served>,
}

impl Side {
    fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Served::pid)
    }
}

impl Bench<'_> {
    fn describe(&self, report: &mut Report) {
        let what = match &self.options.subject {
            Subject::Program(program) => program.display().to_string(),
            Subject::Url(url) => url.clone(),
        };
        let cores = if process::pinned() { "server on core 0, generator on core 1" } else { "cores shared" };
        report.notes.push(format!(
            "{what}, {:?}, {} round(s) of {} s, {} in flight for each writer at saturation, {cores}",
            self.options.dialect, self.options.rounds, self.options.seconds, self.options.in_flight
        ));
    }

    /// The server under test, on fresh data when it is ours to start.
    async fn server(&self, scenario: &str, dialect: Dialect) -> Result<Side> {
        match &self.options.subject {
            Subject::Program(program) => {
                let process = Served::server(program, &self.folder.join(scenario)).await?;
                Ok(Side { target: process.target(dialect), process: Some(process) })
            }
            Subject::Url(url) => {
                let (authority, path) = socket::split_url(url)?;
                Ok(Side { target: Target { authority, path, dialect }, process: None })
            }
        }
    }

    async fn relay(&self) -> Result<Side> {
        let process = Served::relay(&self.folder).await?;
        Ok(Side { target: process.target(Dialect::YWebsocket), process: Some(process) })
    }

    /// Server and relay take turns under one load, the one that begins changing from round to round.
    async fn load(&self, load: &Load) -> Result<Vec<Row>> {
        let server = self.server(load.name, self.options.dialect).await?;
        let relay = self.relay().await?;
        let timing = Timing { warm_up: WARM_UP, measured: Duration::from_secs(self.options.seconds) };
        let mut shape = load.shape;
        if let Pace::Saturation { window: window @ 0 } = &mut shape.pace {
            *window = self.options.in_flight;
        }
        let (mut of_server, mut of_relay) = (Vec::new(), Vec::new());
        for round in 0..self.options.rounds {
            for turn in 0..2 {
                let is_server = (turn + round).is_multiple_of(2);
                let side = if is_server { &server } else { &relay };
                let outcome = load::run(&side.target, shape, timing, side.pid(), &nonce())
                    .await
                    .with_context(|| if is_server { "server" } else { "relay" })?;
                progress(load.name, if is_server { "server" } else { "relay" }, &outcome);
                if is_server { &mut of_server } else { &mut of_relay }.push(outcome);
                sleep(BREATH).await;
            }
        }
        Ok(load_rows(load, &of_server, &of_relay))
    }

    async fn open(&self, notes: &mut Vec<String>) -> Result<Vec<Row>> {
        let document = Document::load(&self.options.trace)?;
        notes.push(format!(
            "open: {}, {} edits, {} characters; {} at once",
            document.origin,
            document.updates.len(),
            document.text.len(),
            opening::AT_ONCE
        ));
        let room = format!("bench-{}-paper", nonce());
        let dialect = self.options.dialect;
        let server = self.server("open", dialect).await?;
        let took = opening::type_document(&server.target, &room, &document).await?;
        say(&format!("open: the document was typed and kept in {:.1} s", took.as_secs_f64()));
        let row = |measure, unit, goal, server| Row {
            scenario: "open",
            measure,
            unit,
            goal,
            server,
            relay: Vec::new(),
        };
        let typed = row(
            "typed edits kept",
            "/s",
            Goal::None,
            vec![document.updates.len() as f64 / took.as_secs_f64()],
        );
        let (Subject::Program(program), Some(process)) = (&self.options.subject, server.process) else {
            let (mut warm, mut many) = (Vec::new(), Vec::new());
            for _ in 0..self.options.rounds {
                let (warm_ms, warm_per_s) = opening::warm_round(&server.target, &room, &document).await?;
                warm.push(warm_ms);
                many.push(warm_per_s);
            }
            let rows =
                [row("warm, alone", "ms", Goal::None, warm), row("warm, 50 at once", "/s", Goal::None, many)];
            return Ok([typed].into_iter().chain(rows).collect());
        };
        process.stop().await?;
        let data = self.folder.join("open");
        let mut rounds = Vec::new();
        for _ in 0..self.options.rounds {
            let found = opening::round(program, &data, dialect, &room, &document).await?;
            say(&format!("open: {found:?}"));
            rounds.push(found);
        }
        let all = |pick: fn(&opening::Openings) -> f64| rounds.iter().map(pick).collect();
        Ok(vec![
            typed,
            row("cold, alone", "ms", Goal::AtMost(10.0), all(|found| found.cold_ms)),
            row("warm, alone", "ms", Goal::None, all(|found| found.warm_ms)),
            row("cold, 50 at once", "/s", Goal::None, all(|found| found.cold_per_s)),
            row("warm, 50 at once", "/s", Goal::None, all(|found| found.warm_per_s)),
        ])
    }

    async fn memory(&self) -> Result<Vec<Row>> {
        let count = if self.options.quick { IDLE_COUNT_QUICK } else { IDLE_COUNT };
        let (mut of_server, mut of_relay) = (Vec::new(), Vec::new());
        for round in 0..self.options.rounds {
            // A fresh process each time: memory that was given back once is not asked for again.
            let server = self.server(&format!("memory-{round}"), self.options.dialect).await?;
            let relay = self.relay().await?;
            for (side, found) in [(server, &mut of_server), (relay, &mut of_relay)] {
                let pid = side.pid().context("no process")?;
                let memory = memory::round(&side.target, pid, count, &nonce()).await?;
                say(&format!("memory: {memory:?}"));
                found.push(memory);
            }
        }
        let row = |measure, unit, goal, pick: fn(&memory::Memory) -> f64| Row {
            scenario: "memory",
            measure,
            unit,
            goal,
            server: of_server.iter().map(pick).collect(),
            relay: of_relay.iter().map(pick).collect(),
        };
        Ok(vec![
            row("at start", "MiB", Goal::None, |memory| memory.at_start_kib / 1024.0),
            row("idle session", "KiB", Goal::AtMost(12.0), |memory| memory.per_session_kib),
            row("open small document", "KiB", Goal::None, |memory| memory.per_document_kib),
        ])
    }

    async fn commit(&self) -> Result<Vec<Row>> {
        let ours = matches!(self.options.subject, Subject::Program(_));
        if !ours && self.options.dialect == Dialect::YWebsocket {
            return Ok(Vec::new());
        }
        let server = self.server("commit", Dialect::Hocuspocus).await?;
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for _ in 0..self.options.rounds {
            let room = format!("bench-{}-commit", nonce());
            let times = commit::round(&server.target, &room, self.options.seconds).await?;
            p50.extend(times.quantile_ms(0.5));
            p99.extend(times.quantile_ms(0.99));
        }
        let row = |measure, values| {
            let relay = Vec::new();
            Row { scenario: "commit", measure, unit: "ms", goal: Goal::None, server: values, relay }
        };
        let mut rows = vec![row("edit to saved, p50", p50), row("edit to saved, p99", p99)];
        if let Some(process) = &server.process
            && let Ok(metrics) = process.get("/metrics").await
            && let Some((p50, p99)) = commit::server_side(&metrics)
        {
            rows.push(row("server's own commit, p50", vec![p50]));
            rows.push(row("server's own commit, p99", vec![p99]));
        }
        Ok(rows)
    }

    async fn history(&self, program: &Path, notes: &mut Vec<String>) -> Result<Vec<Row>> {
        let document = Document::load(&self.options.trace)?;
        let data = self.folder.join("history");
        let kept = history::prepare(program, &data, &document).await?;
        let without = self.folder.join("without-history");
        history::prepare_without(&without, &document).await?;
        notes.push(format!(
            "history: {}, {} edits by three people over two weeks",
            document.origin,
            document.updates.len()
        ));
        let mut rounds = Vec::new();
        for round in 0..self.options.rounds {
            let found = history::round(program, &data, &document, round as u64).await?;
            say(&format!("history: {found:?}"));
            rounds.push(found);
        }
        let mut beside = Vec::new();
        for _ in 0..self.options.rounds {
            let folders = [&*without, &*data];
            let found = history::beside_typing(program, folders, &document, self.options.seconds).await?;
            say(&format!("history: {found:?}"));
            beside.push(found);
        }
        let row = |measure, unit, goal, server| Row {
            scenario: "history",
            measure,
            unit,
            goal,
            server,
            relay: Vec::new(),
        };
        let time = |measure, most, pick: fn(&history::Found) -> f64| {
            row(measure, "ms", Goal::AtMost(most), rounds.iter().map(pick).collect())
        };
        let typing = |measure, unit, who: usize, pick: fn(&history::Beside) -> f64| {
            row(measure, unit, Goal::None, beside.iter().map(|found| pick(&found[who])).collect())
        };
        Ok(vec![
            typing("edit to saved, p50, without a past", "ms", 0, |found| found.p50),
            typing("edit to saved, p50, nobody looks back", "ms", 1, |found| found.p50),
            typing("edit to saved, p50, somebody does", "ms", 2, |found| found.p50),
            typing("edit to saved, p99, without a past", "ms", 0, |found| found.p99),
            typing("edit to saved, p99, nobody looks back", "ms", 1, |found| found.p99),
            typing("edit to saved, p99, somebody does", "ms", 2, |found| found.p99),
            typing("memory, without a past", "MiB", 0, |found| found.memory),
            typing("memory, nobody looks back", "MiB", 1, |found| found.memory),
            typing("memory, somebody does", "MiB", 2, |found| found.memory),
            time("first moment after a restart", 400.0, |found| found.first),
            time("a moment's state, p95", 100.0, |found| found.state),
            time("a moment's text, p95", 100.0, |found| found.text),
            time("timeline, first page", 30.0, |found| found.timeline),
            time("density, 200 buckets", 50.0, |found| found.density),
            time("difference over a day, p95", 300.0, |found| found.diff),
            time("blame of the whole text", 500.0, |found| found.blame),
            time("restore reaches a co-editor", 1_000.0, |found| found.restore),
            row("updates alone", "MB", Goal::None, vec![kept.raw as f64 / 1e6]),
            row("history packed, all of it", "MB", Goal::AtMost(1.5), vec![kept.packed as f64 / 1e6]),
            row("data directory, as written", "MB", Goal::None, vec![kept.written as f64 / 1e6]),
            row("data directory, compacted", "MB", Goal::None, vec![kept.compacted as f64 / 1e6]),
        ])
    }

    async fn browser(&self, program: &Path, notes: &mut Vec<String>) -> Result<Vec<Row>> {
        let data = self.folder.join("browser");
        browser::prepare(program, &data).await?;
        let mut rounds = Vec::new();
        for _ in 0..self.options.rounds {
            let felt = browser::round(program, &data).await?;
            say(&format!("browser: {felt:?}"));
            rounds.push(felt);
        }
        let frames: u64 = rounds.iter().map(|felt| felt.frames).sum();
        notes.push(format!(
            "browser: the handle dragged over a page of {} edits in Chromium, on all cores; {frames} frames",
            browser::EDITS
        ));
        let row = |measure, unit, goal, pick: fn(&browser::Felt) -> f64| Row {
            scenario: "browser",
            measure,
            unit,
            goal,
            server: rounds.iter().map(pick).collect(),
            relay: Vec::new(),
        };
        Ok(vec![
            // A screen of 60 Hz shows one every 16.7 ms.
            row("frame while dragging, p50", "ms", Goal::AtMost(17.0), |felt| felt.p50),
            row("frame while dragging, p99", "ms", Goal::AtMost(20.0), |felt| felt.p99),
            row("frame while dragging, longest", "ms", Goal::None, |felt| felt.longest),
            row("frames over 20 ms", "", Goal::None, |felt| felt.late),
            row("let go to drawn, longest", "ms", Goal::AtMost(300.0), |felt| felt.drawn),
        ])
    }
}

/// Rooms of different runs never meet, not even on a server that keeps its data.
fn nonce() -> String {
    format!("{:08x}", rand::rng().next_u32())
}

fn progress(name: &str, side: &str, outcome: &Outcome) {
    let quantile = |share| outcome.latency.quantile_ms(share).unwrap_or(0.0);
    say(&format!(
        "{name}: {side:<6} {:>9.0}/s  p50 {:.2} ms  p99 {:.2} ms  cpu {:.2}  generator {:.2}  sent {}  lost {}  gaps {}  resyncs {}  asked again {}",
        outcome.delivered_per_s,
        quantile(0.5),
        quantile(0.99),
        outcome.server_cpu.unwrap_or(0.0),
        outcome.generator_cpu,
        outcome.sent,
        outcome.lost,
        outcome.gaps,
        outcome.resyncs,
        outcome.asked_again,
    ));
}

/// The rows of a load: what is asked for first, then what explains it.
fn load_rows(load: &Load, server: &[Outcome], relay: &[Outcome]) -> Vec<Row> {
    let row = |measure, unit, goal, pick: fn(&Outcome) -> Option<f64>| Row {
        scenario: load.name,
        measure,
        unit,
        goal,
        server: server.iter().filter_map(pick).collect(),
        relay: relay.iter().filter_map(pick).collect(),
    };
    let typing = matches!(load.shape.pace, Pace::Keys(_));
    let only_typing = if typing { TYPING } else { Goal::None };
    vec![
        row("delivered", "/s", load.delivered, |outcome| Some(outcome.delivered_per_s)),
        row("latency p50", "ms", Goal::None, |outcome| outcome.latency.quantile_ms(0.5)),
        row("latency p99", "ms", only_typing, |outcome| outcome.latency.quantile_ms(0.99)),
        row("cpu", "cores", only_typing, |outcome| outcome.server_cpu),
        row("delivered per cpu second", "/s", Goal::None, Outcome::delivered_per_cpu_s),
        row("generator cpu", "cores", Goal::None, |outcome| Some(outcome.generator_cpu)),
        row("lost or skipped", "", Goal::AtMost(0.0), |outcome| Some((outcome.lost + outcome.gaps) as f64)),
        row("resyncs", "", Goal::None, |outcome| Some(outcome.resyncs as f64)),
        row("asked again", "", Goal::None, |outcome| Some(outcome.asked_again as f64)),
    ]
}
