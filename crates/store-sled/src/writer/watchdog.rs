use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::engine::Shared;

/// A commit that takes longer may wait for a thread that has failed.
const STUCK_AFTER: Duration = Duration::from_secs(1);

/// Wakes a commit that sled forgot.
///
/// When one of sled's own threads cannot write (a full disk), it notes that and ends, but does not always wake who
/// waits for it. Whoever flushes next finds the note and wakes everybody; this is who flushes next.
pub(super) struct Watchdog {
    since: Arc<Mutex<Option<Instant>>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let since = Arc::<Mutex<Option<Instant>>>::default();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("store watchdog".into()).spawn({
            let since = since.clone();
            move || {
                while stopped.recv_timeout(STUCK_AFTER) == Err(RecvTimeoutError::Timeout) {
                    let since = *since.lock().unwrap_or_else(PoisonError::into_inner);
                    if since.is_some_and(|since| since.elapsed() > STUCK_AFTER) {
                        // Its outcome is the commit's to tell.
                        let _ = shared.with_engine(|engine| Ok(engine.db.flush()));
                    }
                }
            }
        })?;
        Ok(Self { since, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn begins(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn ends(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
