//! What an idle session and an open small document cost in memory.

use std::time::Duration;

use anyhow::{Result, ensure};
use rand::Rng;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::process;
use crate::session::{self, Dialect, Said, Target};
use crate::typist::Typist;

/// Characters in a small document.
const SMALL_CHARS: usize = 100;

/// How long the server gets to settle before its size is read: longer than a commit, shorter than any expiry.
const SETTLE: Duration = Duration::from_secs(2);

/// Sessions that share a room when only sessions are measured.
const PER_ROOM: usize = 20;

/// What one round found, in KiB of resident memory.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The process before anyone came.
    pub(crate) at_start_kib: f64,
    /// For each session that idles in a room with others.
    pub(crate) per_session_kib: f64,
    /// For each small document that is open, its only session taken off.
    pub(crate) per_document_kib: f64,
}

/// Fills a fresh server with `count` idle sessions, then with `count` small documents of one session each.
pub(crate) async fn round(target: &Target, pid: u32, count: usize, nonce: &str) -> Result<Memory> {
    let at_start_kib = process::resident_kib(pid)?;
    // The first sessions pay for buffers that all share; they are not what one more session costs.
    let mut idlers = Idlers::default();
    idlers.come(target, PER_ROOM, nonce, "warm", PER_ROOM, 0).await?;
    sleep(SETTLE).await;
    let before = process::resident_kib(pid)?;
    idlers.come(target, count, nonce, "idle", PER_ROOM, 0).await?;
    sleep(SETTLE).await;
    let with_sessions = process::resident_kib(pid)?;
    idlers.come(target, count, nonce, "small", 1, SMALL_CHARS).await?;
    sleep(SETTLE).await;
    let with_documents = process::resident_kib(pid)?;
    idlers.all_still_here()?;
    let per_session_kib = (with_sessions - before) / count as f64;
    let per_document_kib = (with_documents - with_sessions) / count as f64 - per_session_kib;
    Ok(Memory { at_start_kib, per_session_kib, per_document_kib })
}

/// Sessions that read what they are sent and say nothing more.
#[derive(Debug, Default)]
struct Idlers {
    tasks: JoinSet<Result<()>>,
    count: usize,
}

impl Idlers {
    /// Opens `count` sessions, `per_room` to a room, each with an empty presence and `chars` typed characters.
    async fn come(
        &mut self,
        target: &Target,
        count: usize,
        nonce: &str,
        name: &str,
        per_room: usize,
        chars: usize,
    ) -> Result<()> {
        for index in 0..count {
            let room = format!("bench-{nonce}-{name}-{}", index / per_room);
            let opened = session::open(target, &room).await?;
            let client = u64::from(rand::rng().next_u32());
            opened.session.push_presence(client);
            if chars > 0 {
                opened.session.push(&whole(&opened.session, client, chars));
            }
            self.tasks.spawn_local(idle(opened, target.dialect));
            self.count += 1;
        }
        Ok(())
    }

    fn all_still_here(&self) -> Result<()> {
        let here = self.tasks.len();
        ensure!(here == self.count, "the server closed idle sessions: {here} of {} are left", self.count);
        Ok(())
    }
}

/// One frame with one update of `chars` characters.
fn whole(session: &session::Session, client: u64, chars: usize) -> Vec<u8> {
    let (mut typist, mut scratch) = (Typist::new(client), Vec::new());
    (0..chars).for_each(|_| typist.update(&mut scratch));
    let (mut update, mut frame) = (Vec::new(), Vec::new());
    typist.update_since(0, &mut update);
    session.append_update(&mut frame, &update);
    frame
}

/// Reads until the server ends the session, which it should not.
async fn idle(opened: session::Opened, dialect: Dialect) -> Result<()> {
    let session::Opened { session, mut reader, .. } = opened;
    let hear = |frame: crate::socket::Frame<'_>| {
        if let Said::Step1(_) = session.hear(dialect, frame)? {
            session.push_step2(&[0, 0]);
        }
        Ok(())
    };
    while reader.read(hear).await? {}
    Ok(())
}
