//! What a large wiki feels like: how long it takes to start, to open a page, to begin one, and to roll through its tree.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use weft_tests::http::encoded;
use weft_tests::team::Person;
use yrs::{Doc, Transact, WriteTxn, XmlElementPrelim, XmlFragment, XmlTextPrelim};

use crate::browser::{EMAIL, PASSWORD, add_owner, folder};
use crate::process::{Served, resident_kib, unpinned};
use crate::report::{Goal, Row};
use crate::say;
use crate::session::Dialect;

/// Pages of the wiki.
const PAGES: usize = 10_000;
/// So many of them stand side by side at the top of their space; the others lie below these.
const SIDE_BY_SIDE: usize = 5_000;
/// Pages made at once.
const AT_ONCE: usize = 16;
/// How long a started server is left alone before its memory is read.
const SETTLING: Duration = Duration::from_secs(3);

/// What a round found; times in ms.
#[derive(Debug)]
struct Found {
    /// From starting the program until it answers 200.
    start: f64,
    /// MiB, with nobody there.
    memory: f64,
    felt: Felt,
}

/// What a person in a browser has of it.
#[derive(Debug, Deserialize)]
struct Felt {
    /// From the tree to a page that can be written, by a browser that has no editor yet.
    open_cold: f64,
    /// Further ones: the one in the middle, and the longest.
    open_warm: f64,
    open_longest: f64,
    /// From asking for a new page until the caret stands in its title.
    new_page: f64,
    new_longest: f64,
    /// Frames while the tree rolls.
    p50: f64,
    p99: f64,
    late: f64,
}

/// Makes a wiki in `data`, and looks around in it.
pub(crate) async fn measure(
    program: &Path,
    data: &Path,
    rounds: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<Row>> {
    prepare(program, data).await?;
    let mut all = Vec::new();
    for _ in 0..rounds {
        let found = round(program, data).await?;
        say(&format!("wiki: {found:?}"));
        all.push(found);
    }
    notes.push(format!(
        "wiki: {PAGES} pages, {SIDE_BY_SIDE} of them side by side in one space; the browser runs on all cores"
    ));
    let row = |measure, unit, goal, pick: fn(&Found) -> f64| Row {
        scenario: "wiki",
        measure,
        unit,
        goal,
        server: all.iter().map(pick).collect(),
        relay: Vec::new(),
    };
    Ok(vec![
        row("start to 200", "ms", Goal::AtMost(1_000.0), |found| found.start),
        row("memory, nobody there", "MiB", Goal::AtMost(60.0), |found| found.memory),
        row("page opened, cold", "ms", Goal::AtMost(1_000.0), |found| found.felt.open_cold),
        row("page opened, warm, p50", "ms", Goal::AtMost(300.0), |found| found.felt.open_warm),
        row("page opened, warm, longest", "ms", Goal::None, |found| found.felt.open_longest),
        row("new page to caret, p50", "ms", Goal::AtMost(200.0), |found| found.felt.new_page),
        row("new page to caret, longest", "ms", Goal::None, |found| found.felt.new_longest),
        row("frame while the tree rolls, p50", "ms", Goal::AtMost(17.0), |found| found.felt.p50),
        row("frame while the tree rolls, p99", "ms", Goal::AtMost(20.0), |found| found.felt.p99),
        row("frames over 20 ms", "", Goal::None, |found| found.felt.late),
    ])
}

async fn prepare(program: &Path, data: &Path) -> Result<()> {
    std::fs::create_dir_all(data)?;
    add_owner(program, data).await?;
    let server = Served::server(program, data).await?;
    let at = server.target(Dialect::YWebsocket).authority;
    let anna = Person::sign_in(&at, EMAIL, PASSWORD).await?;
    let (space, _) = first_space(&anna).await?;
    let makes = async |number: usize, place: Value| {
        let page = anna.makes("/api/pages", &place).await?;
        let document = encoded(&format!("page/{page}"));
        anna.sends(&format!("/api/docs/{document}/update"), titled(number).into()).await?;
        anyhow::Ok(page)
    };
    let tops: Vec<String> = stream::iter(1..=SIDE_BY_SIDE)
        .map(|number| makes(number, json!({ "space": space })))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    stream::iter(SIDE_BY_SIDE + 1..=PAGES)
        .map(|number| makes(number, json!({ "space": space, "parent": tops[number % tops.len()] })))
        .buffered(AT_ONCE)
        .try_for_each(async |_| Ok(()))
        .await?;
    server.stop().await
}

async fn first_space(anna: &Person) -> Result<(Value, String)> {
    let spaces = anna.does(hyper::Method::GET, "/api/spaces", &Value::Null).await?;
    let space = &spaces["spaces"][0];
    let name = space["name"].as_str().context("no space")?;
    Ok((space["id"].clone(), name.to_owned()))
}

/// A page that has a title and nothing else.
fn titled(number: usize) -> Vec<u8> {
    let doc = Doc::new();
    let mut txn = doc.transact_mut();
    let title = txn.get_or_insert_xml_fragment("title");
    let line = title.push_back(&mut txn, XmlElementPrelim::empty("paragraph"));
    line.push_back(&mut txn, XmlTextPrelim::new(format!("Page {number:04}")));
    txn.encode_update_v1()
}

/// Starts the server and looks around in its wiki.
async fn round(program: &Path, data: &Path) -> Result<Found> {
    let begun = Instant::now();
    let server = Served::server(program, data).await?;
    let start = begun.elapsed().as_secs_f64() * 1_000.0;
    sleep(SETTLING).await;
    let memory = resident_kib(server.pid())? / 1024.0;
    let at = server.target(Dialect::YWebsocket).authority;
    let (_, space) = first_space(&Person::sign_in(&at, EMAIL, PASSWORD).await?).await?;
    // Beside the generator on one core a browser would measure the generator.
    let mut command = unpinned("node");
    command.args(["bench/wiki.mjs", &format!("http://{at}"), EMAIL, PASSWORD, &space]).current_dir(folder());
    let output = spawn_blocking(move || command.stdin(Stdio::null()).output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    server.stop().await?;
    let felt = serde_json::from_slice(&output.stdout).context("the browser said something else")?;
    Ok(Found { start, memory, felt })
}
