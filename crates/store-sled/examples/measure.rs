//! Measures the store in a fresh directory: `cargo run --release -p weft-store-sled --example measure [DIR]`.
#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_ids::{DocId, Seq, SessionId, UnixMillis};
use weft_store::{Author, Batch, BatchId, Log, NewRecord, RecordKind};
use weft_store_sled::{Settings, SledStore};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn typed(number: u64) -> Batch {
    let author = Author { user: None, name: Some("Anna".into()), session: SessionId(7) };
    let update = format!("{number:020}").into();
    let time = UnixMillis(1_700_000_000_000 + number * 80);
    let record = NewRecord { time, author, kind: RecordKind::Edit, update };
    Batch { id: BatchId { writer: 1, number }, records: vec![record] }
}

fn memory_kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

fn cpu() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

fn percentile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize]
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "measure-store".into());
    let dir = Path::new(&dir);
    if dir.join("many").exists() {
        // A second run measures what a fresh process needs for what the first one wrote.
        return reopen(&dir.join("many")).await;
    }
    one_after_the_other(&dir.join("single")).await?;
    at_once(&dir.join("hundred")).await?;
    for wait in [0, 2, 4, 8] {
        busy(&dir.join(format!("busy-{wait}")), Duration::from_millis(wait)).await?;
    }
    typing(&dir.join("typed")).await?;
    many_documents(&dir.join("many")).await
}

async fn one_after_the_other(dir: &Path) -> Outcome<()> {
    let store = SledStore::open(dir, Settings::default())?;
    let doc = DocId::new("page")?;
    let mut times = Vec::new();
    let start = Instant::now();
    for number in 0..3000 {
        let start = Instant::now();
        store.append(&doc, typed(number)).await?;
        times.push(start.elapsed());
    }
    let rate = 3000.0 / start.elapsed().as_secs_f64();
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    println!("one after the other: {rate:.0} appends/s, p50 {p50:?}, p99 {p99:?}");
    Ok(())
}

async fn at_once(dir: &Path) -> Outcome<()> {
    let store = Arc::new(SledStore::open(dir, Settings::default())?);
    let start = Instant::now();
    let tasks: Vec<_> = (0..100)
        .map(|room| {
            let store = store.clone();
            tokio::spawn(async move {
                let doc = DocId::new(&format!("room {room}"))?;
                for number in 0..200 {
                    store.append(&doc, typed(number)).await?;
                }
                Outcome::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    println!("100 at once: {:.0} appends/s", 20_000.0 / start.elapsed().as_secs_f64());
    Ok(())
}

/// 100 rooms, five appends a second each.
async fn busy(dir: &Path, commit_wait: Duration) -> Outcome<()> {
    let store = Arc::new(SledStore::open(dir, Settings { commit_wait, ..Settings::default() })?);
    let before = cpu().unwrap_or_default();
    let tasks: Vec<_> = (0..100_u64)
        .map(|room| {
            let store = store.clone();
            tokio::spawn(async move {
                let doc = DocId::new(&format!("room {room}"))?;
                let mut times = Vec::new();
                tokio::time::sleep(Duration::from_millis(room * 37 % 200)).await;
                let mut ticks = tokio::time::interval(Duration::from_millis(200));
                for number in 0..25 {
                    ticks.tick().await;
                    let start = Instant::now();
                    store.append(&doc, typed(number)).await?;
                    times.push(start.elapsed());
                }
                Outcome::Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    let cpu = (cpu().unwrap_or_default() - before).as_secs_f64() / 5.2 * 100.0;
    let witness = std::fs::read(dir.join("WITNESS"))?;
    let commits = witness.first_chunk().map_or(0, |commits| u64::from_be_bytes(*commits));
    println!(
        "2,500 appends at 500/s over 100 rooms, wait {commit_wait:?}: {commits} commits, p50 {p50:?}, p99 {p99:?}, {cpu:.1} % of a core"
    );
    Ok(())
}

/// 100,000 typed records: 20 pages, groups as the hub makes them.
async fn typing(dir: &Path) -> Outcome<()> {
    let store = Arc::new(SledStore::open(dir, Settings::default())?);
    let start = Instant::now();
    let tasks: Vec<_> = (0..20)
        .map(|room| {
            let store = store.clone();
            tokio::spawn(async move {
                let doc = DocId::new(&format!("room {room}"))?;
                for number in 0..5000 {
                    store.append(&doc, typed(number)).await?;
                }
                Outcome::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let bytes = store.disk_bytes() as f64 / 1e6;
    println!("100,000 typed records: {bytes:.1} MB on disk, in {:?}", start.elapsed());
    let (start, doc) = (Instant::now(), DocId::new("room 3")?);
    let page = store.read(&doc, Seq::ZERO, 64 << 20).await?;
    println!("reading {} of them: {:?}", page.records.len(), start.elapsed());
    let start = Instant::now();
    let store = Arc::into_inner(store).ok_or("somebody still holds the store")?;
    let report = weft_store_sled::check::run(&store, |_| {})?;
    println!("checking {} records: {:?}, {} damages", report.records, start.elapsed(), report.damages);
    Ok(())
}

async fn many_documents(dir: &Path) -> Outcome<()> {
    let store = SledStore::open(dir, Settings::default())?;
    for group in 0..100 {
        let docs =
            (0..100).map(|n| DocId::new(&format!("page/{group}-{n}"))).collect::<Result<Vec<_>, _>>()?;
        for number in 0..3 {
            let appends = docs.iter().map(|doc| store.append(doc, typed(number)));
            for append in futures(appends).await {
                append?;
            }
        }
    }
    drop(store);
    reopen(dir).await
}

async fn reopen(dir: &Path) -> Outcome<()> {
    for _ in 0..3 {
        let start = Instant::now();
        let store = SledStore::open(dir, Settings::default())?;
        let opened = start.elapsed();
        let start = Instant::now();
        let first = store.documents(None, usize::MAX).await?.len();
        let listed = start.elapsed();
        let (rss, peak) =
            (memory_kib("VmRSS:").unwrap_or(0) / 1024, memory_kib("VmHWM:").unwrap_or(0) / 1024);
        let bytes = store.disk_bytes() as f64 / 1e6;
        println!(
            "{first} documents: open {opened:?}, list {listed:?}, RSS {rss} MB (peak {peak}), {bytes:.1} MB"
        );
    }
    Ok(())
}

async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        all.retain_mut(|one| match one.as_mut().poll(cx) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}
