//! One WebSocket, from the upgrade to the close: a single task that reads, writes and keeps time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::{FutureExt as _, Sink as _, StreamExt as _, stream};
use metrics::{Counter, Gauge, counter, gauge};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite;
use tokio_util::sync::CancellationToken;
use tracing::debug;
use weft_hub::{Bell, Closing, Mail};
use weft_wire::close;

use super::documents::{Documents, Later, Said};

/// How often a socket looks at the clock.
const TICK: Duration = Duration::from_secs(10);
/// A socket that sent nothing for this long at a tick sends a sign of life: clients give up after 30 s without one,
/// and WebSocket pings do not count for them.
const QUIET_MAX: Duration = Duration::from_secs(4);
/// A peer that sent nothing for this long, not even a pong, is gone.
const SILENT_MAX: Duration = Duration::from_secs(45);
/// How long a socket may stay without opening a document.
const NO_DOCUMENT_MAX: Duration = Duration::from_secs(60);
/// How long whoever has not said yet who they are may stay without opening one.
const STRANGER_MAX: Duration = Duration::from_secs(10);
/// How long a close frame may take to leave.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
/// The largest message of whoever has not said yet who they are: a token and a document's name.
const STRANGER_FRAME_BYTES_MAX: usize = 16 << 10;
/// For so many frames there is always place in what waits to be written.
const OUTGOING_KEPT: usize = 4;
/// Frames read in a row before others get their turn.
const READ_BURST: usize = 64;

struct Metrics {
    sockets: Gauge,
    frames_in: Counter,
    frames_out: Counter,
    refused: Counter,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics {
    sockets: gauge!("weft_sockets"),
    frames_in: counter!("weft_frames_in_total"),
    frames_out: counter!("weft_frames_out_total"),
    refused: counter!("weft_frames_refused_total"),
});

/// Why a connection ends.
enum End {
    /// The peer left, or is gone.
    Gone,
    /// We end it, and say why.
    Close(Closing),
}

/// What happened next.
enum Step {
    /// All that was to be written is out.
    Sent,
    /// The peer can no longer be written to, or has left.
    Gone,
    Read(Message),
    /// What the peer sent cannot be read.
    Unreadable(axum::Error),
    Mail,
    /// The message that had to wait can be said.
    Room,
    /// The server began to stop.
    Draining,
    Tick,
    /// Somebody's rights have moved.
    Rights,
}

pub(super) struct Connection {
    wire: Wire,
    documents: Documents,
    /// A message its room has no place for yet.
    later: Option<Later>,
    closing: Option<Closing>,
    opened: Instant,
    heard: Instant,
    spoke: Instant,
}

impl Connection {
    pub(super) fn new(socket: WebSocket, documents: Documents) -> Self {
        let now = Instant::now();
        let wire = Wire::new(socket);
        Self { wire, documents, later: None, closing: None, opened: now, heard: now, spoke: now }
    }

    pub(super) async fn run(mut self, draining: CancellationToken, rights: watch::Receiver<u64>) {
        METRICS.sockets.increment(1.0);
        if let End::Close(closing) = self.talk(draining, rights).await {
            debug!(code = closing.code, reason = closing.reason, "closing a socket");
            let frame = CloseFrame { code: closing.code, reason: closing.reason.into() };
            self.wire.outgoing.push_back(Message::Close(Some(frame)));
            let _ = timeout(GOODBYE_MAX, poll_fn(|cx| self.wire.poll(cx, false))).await;
        }
        METRICS.sockets.decrement(1.0);
    }

    async fn talk(&mut self, draining: CancellationToken, rights: watch::Receiver<u64>) -> End {
        let mail = self.documents.mail.clone();
        // Kept from step to step: asking anew costs more than the step.
        let rights = stream::unfold(rights, |mut rights| async {
            rights.changed().await.ok()?;
            Some(((), rights))
        });
        let mut rights = pin!(rights.fuse());
        let mut draining = pin!(draining.cancelled().fuse());
        let mut tick = interval_at(Instant::now() + TICK, TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = false;
        loop {
            if let Some(end) = self.write() {
                return end;
            }
            let sending = self.wire.is_sending();
            if !sending && let Some(closing) = self.closing.take() {
                return End::Close(closing);
            }
            // While a message waits for its room, or the server stops, the peer is not read: TCP makes it wait too.
            let reading = self.later.is_none() && !stopping;
            let (wire, documents, later) = (&mut self.wire, &self.documents, &self.later);
            let step = tokio::select! {
                biased;
                // What the peer said goes first.
                step = poll_fn(|cx| wire.poll(cx, reading)) => step,
                () = mail.rung(), if !sending => Step::Mail,
                () = waits(documents, later), if later.is_some() => Step::Room,
                () = &mut draining => Step::Draining,
                Some(()) = rights.next() => Step::Rights,
                _ = tick.tick() => Step::Tick,
            };
            let end = match step {
                Step::Sent => {
                    self.sent();
                    None
                }
                Step::Gone => Some(End::Gone),
                Step::Read(message) => self.read(message),
                Step::Unreadable(error) => Some(unreadable(error)),
                Step::Mail => {
                    self.collect();
                    None
                }
                Step::Room => {
                    if let Some(later) = self.later.take() {
                        let said = self.documents.say(later);
                        self.said(said);
                    }
                    None
                }
                Step::Draining => {
                    stopping = true;
                    // The rooms send their sessions off once everything is stored; without one there is nothing to wait
                    // for.
                    let reason = "the server restarts";
                    let closing = Closing { code: close::RESTART, reason };
                    self.documents.is_empty().then_some(End::Close(closing))
                }
                // What ends by itself, a link or a sign-in, moves nothing: so every tick looks too.
                Step::Tick => self.look_again().or_else(|| self.tick()),
                Step::Rights => self.look_again(),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Writes what there is to write, as far as the peer takes it at once, which it nearly always does.
    fn write(&mut self) -> Option<End> {
        if self.wire.is_sending() {
            match self.wire.try_send() {
                Poll::Ready(Ok(())) => self.sent(),
                Poll::Ready(Err(_)) => return Some(End::Gone),
                Poll::Pending => {}
            }
        }
        None
    }

    fn sent(&mut self) {
        self.spoke = Instant::now();
        self.documents.sent();
    }

    /// Takes in one message and those that have come with it.
    fn read(&mut self, first: Message) -> Option<End> {
        self.heard = Instant::now();
        let mut message = first;
        for more in (0..READ_BURST).rev() {
            match message {
                Message::Binary(frame) => {
                    METRICS.frames_in.increment(1);
                    if frame.len() > STRANGER_FRAME_BYTES_MAX && self.documents.of_stranger() {
                        METRICS.refused.increment(1);
                        let reason = "so large a message is taken only once a document is open";
                        return Some(End::Close(Closing { code: close::TOO_BIG, reason }));
                    }
                    match self.documents.frame(&frame) {
                        Ok(said) => self.said(said),
                        Err(error) => {
                            METRICS.refused.increment(1);
                            debug!(%error, "a frame that cannot be read");
                            let reason = "a frame that cannot be read; see the protocol documentation";
                            return Some(End::Close(Closing { code: close::POLICY, reason }));
                        }
                    }
                }
                // No dialect has text frames; clients that send some mean nothing we know.
                Message::Text(_) => METRICS.refused.increment(1),
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Some(End::Gone),
            }
            // Nothing more may be taken off the wire than is dealt with here.
            if more == 0 || self.later.is_some() {
                break;
            }
            match self.wire.socket.next().now_or_never() {
                Some(Some(Ok(next))) => message = next,
                Some(Some(Err(error))) => return Some(unreadable(error)),
                Some(None) => return Some(End::Gone),
                None => break,
            }
        }
        None
    }

    fn said(&mut self, said: Said) {
        match said {
            Said::Heard => {}
            Said::Answer(frame) => self.wire.outgoing.push_back(Message::Binary(frame)),
            Said::Later(later) => self.later = Some(later),
        }
    }

    /// Takes what the rooms have for this socket.
    fn collect(&mut self) {
        let mut mail = Mail::default();
        self.documents.take(&mut mail);
        METRICS.frames_out.increment(mail.frames.len() as u64);
        self.wire.outgoing.extend(mail.frames.into_iter().map(Message::Binary));
        if self.closing.is_none() {
            self.closing = mail.closing;
        }
    }

    /// Whether everyone here may still what they may.
    fn look_again(&mut self) -> Option<End> {
        match self.documents.look_again() {
            Ok(denials) => {
                self.wire.outgoing.extend(denials.into_iter().map(Message::Binary));
                None
            }
            Err(closing) => Some(End::Close(closing)),
        }
    }

    fn tick(&mut self) -> Option<End> {
        if self.heard.elapsed() >= SILENT_MAX {
            return Some(End::Gone);
        }
        let patience = if self.documents.of_stranger() { STRANGER_MAX } else { NO_DOCUMENT_MAX };
        if self.documents.is_empty() && self.opened.elapsed() >= patience {
            let reason = "no document was opened on this connection";
            return Some(End::Close(Closing { code: close::TIMEOUT, reason }));
        }
        if self.spoke.elapsed() >= QUIET_MAX
            && !self.wire.is_sending()
            && let Some(frame) = self.documents.keep_alive()
        {
            self.wire.outgoing.push_back(Message::Binary(frame));
        }
        if self.heard.elapsed() >= TICK {
            self.wire.outgoing.push_back(Message::Ping(Bytes::new()));
        }
        None
    }
}

/// Resolves when the room has a place for the message that waits for one.
async fn waits(documents: &Documents, later: &Option<Later>) {
    if let Some(later) = later {
        documents.has_room(later).await;
    }
}

/// Why what the peer sent cannot be read, as a close code.
fn unreadable(error: axum::Error) -> End {
    let Ok(error) = error.into_inner().downcast::<tungstenite::Error>() else { return End::Gone };
    let closing = match *error {
        tungstenite::Error::Capacity(_) => Closing {
            code: close::TOO_BIG,
            reason: "a message is larger than 8 MiB; send large states over HTTP",
        },
        tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)
        | tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Io(_) => return End::Gone,
        _ => Closing { code: close::PROTOCOL_ERROR, reason: "not a WebSocket frame" },
    };
    METRICS.refused.increment(1);
    End::Close(closing)
}

/// The WebSocket and what is to be written to it.
struct Wire {
    socket: WebSocket,
    outgoing: VecDeque<Message>,
    /// Handed to the socket, but perhaps not out yet.
    unflushed: bool,
    /// Rings when the socket can be read, or written, again.
    calls: Arc<Bell>,
    /// `calls` as the socket knows it.
    waker: Waker,
    /// There was nothing to read at the last look.
    quiet: bool,
}

impl Wire {
    fn new(socket: WebSocket) -> Self {
        let calls = Arc::<Bell>::default();
        let waker = calls.clone().into();
        Self { socket, outgoing: VecDeque::new(), unflushed: false, calls, waker, quiet: false }
    }

    fn is_sending(&self) -> bool {
        self.unflushed || !self.outgoing.is_empty()
    }

    /// Writes what there is to write, and reads if `reading`. Looking costs more than all else that a socket does, and
    /// it is mostly mail that wakes it: so nothing is looked at that has not called.
    fn poll(&mut self, cx: &Context<'_>, reading: bool) -> Poll<Step> {
        let called = self.calls.poll_rung(cx).is_ready();
        if self.quiet && !called && !self.is_sending() {
            return Poll::Pending;
        }
        self.quiet = false;
        if self.is_sending() {
            match self.try_send() {
                Poll::Ready(Ok(())) => return Poll::Ready(Step::Sent),
                Poll::Ready(Err(_)) => return Poll::Ready(Step::Gone),
                Poll::Pending => {}
            }
        }
        if !reading {
            return Poll::Pending;
        }
        let read = self.socket.poll_next_unpin(&mut Context::from_waker(&self.waker));
        self.quiet = read.is_pending();
        Poll::Ready(match ready!(read) {
            Some(Ok(message)) => Step::Read(message),
            Some(Err(error)) => Step::Unreadable(error),
            None => Step::Gone,
        })
    }

    /// Hands everything that waits to the socket, then has it written at once: frames that go out together cost one
    /// system call.
    fn try_send(&mut self) -> Poll<Result<(), axum::Error>> {
        let cx = &mut Context::from_waker(&self.waker);
        while !self.outgoing.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            if let Some(message) = self.outgoing.pop_front() {
                self.unflushed = true;
                Pin::new(&mut self.socket).start_send(message)?;
            }
        }
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        self.unflushed = false;
        // A burst must not keep its memory while the socket is idle.
        self.outgoing.shrink_to(OUTGOING_KEPT);
        Poll::Ready(Ok(()))
    }
}
