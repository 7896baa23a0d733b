//! What waits for one session: bounded, and never with a hole in it.
//!
//! Updates that wait become one frame. When they grow beyond [`OUTBOX_BYTES_MAX`] they are dropped, the outbox notes
//! what was missed, and once the socket has taken everything else the room sends one difference for all of it.
//! Presence collapses to the newest state; acknowledgements are a number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use smallvec::SmallVec;
use weft_ids::ClientId;
use weft_room::Missed;
use weft_wire::{Dialect, Envelope, ServerMessage, Update, awareness};

use crate::bell::Bell;
use crate::limits::{OUTBOX_BYTES_MAX, OUTBOX_WHISPERS_MAX};

/// A message for many sessions, encoded once for each way of wrapping it.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    pub(crate) content: T,
    plain: OnceLock<Bytes>,
    addressed: OnceLock<(Arc<str>, Bytes)>,
}

impl<T> Shared<T> {
    pub(crate) fn new(content: T) -> Arc<Self> {
        Arc::new(Self { content, plain: OnceLock::new(), addressed: OnceLock::new() })
    }

    /// The frame for `envelope`. Sessions of one room nearly always carry the same address, so one is remembered.
    fn frame(&self, envelope: &Envelope, message: impl Fn(&T) -> ServerMessage) -> Bytes {
        let encode = || envelope.encode(&message(&self.content)).unwrap_or_default();
        match envelope {
            Envelope::YWebsocket => self.plain.get_or_init(encode).clone(),
            Envelope::Hocuspocus { address } => {
                let (first, frame) = self.addressed.get_or_init(|| (address.clone(), encode()));
                if first == address { frame.clone() } else { encode() }
            }
        }
    }
}

pub(crate) type SharedUpdate = Arc<Shared<Update>>;
pub(crate) type SharedWhisper = Arc<Shared<Arc<[awareness::Entry]>>>;

/// Why a session ends, as its socket is to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// The WebSocket close code ([`weft_wire::close`]).
    pub code: u16,
    /// For people who debug their client.
    pub reason: &'static str,
}

/// What a socket takes from an outbox.
#[derive(Debug, Default)]
pub struct Mail {
    /// Whole frames, in order.
    pub frames: Vec<Bytes>,
    /// The session is over once these are sent.
    pub closing: Option<Closing>,
}

#[derive(Debug, Default)]
struct Queue {
    frames: Vec<Bytes>,
    /// Mostly one at a time.
    updates: SmallVec<[SharedUpdate; 1]>,
    update_bytes: usize,
    whispers: Vec<SharedWhisper>,
    acks: u32,
    missed: Option<Missed>,
    closing: Option<Closing>,
}

/// What waits for one session.
#[derive(Debug)]
pub(crate) struct Outbox {
    envelope: Envelope,
    /// Its socket's.
    bell: Arc<Bell>,
    queue: Mutex<Queue>,
}

impl Outbox {
    pub(crate) fn new(envelope: Envelope, bell: Arc<Bell>) -> Arc<Self> {
        Arc::new(Self { envelope, bell, queue: Mutex::default() })
    }

    /// A message that is never dropped: there are only as many as the session itself asked for.
    pub(crate) fn send(&self, message: &ServerMessage) {
        if let Some(frame) = self.envelope.encode(message) {
            self.push(|queue| queue.frames.push(frame));
        }
    }

    /// Returns whether the session fell behind just now.
    pub(crate) fn relay(&self, update: &SharedUpdate) -> bool {
        self.push(|queue| {
            if let Some(missed) = &mut queue.missed {
                miss(missed, &update.content);
                return false;
            }
            queue.update_bytes += update.content.bytes().len();
            queue.updates.push(update.clone());
            if queue.update_bytes <= OUTBOX_BYTES_MAX {
                return false;
            }
            let mut missed = Missed::new();
            for update in std::mem::take(&mut queue.updates) {
                miss(&mut missed, &update.content);
            }
            queue.update_bytes = 0;
            queue.missed = Some(missed);
            true
        })
    }

    pub(crate) fn whisper(&self, whisper: &SharedWhisper) {
        self.push(|queue| {
            queue.whispers.push(whisper.clone());
            if queue.whispers.len() > OUTBOX_WHISPERS_MAX {
                queue.whispers = vec![newest(&queue.whispers)];
            }
        });
    }

    pub(crate) fn ack(&self, count: u32) {
        if self.envelope.dialect() == Dialect::Hocuspocus {
            self.push(|queue| queue.acks += count);
        }
    }

    pub(crate) fn close(&self, closing: Closing) {
        self.push(|queue| {
            queue.closing.get_or_insert(closing);
        });
    }

    /// Takes all that waits.
    pub(crate) fn take(&self, mail: &mut Mail) {
        let mut queue = self.lock();
        mail.frames.append(&mut queue.frames);
        let updates = std::mem::take(&mut queue.updates);
        queue.update_bytes = 0;
        let whispers = std::mem::take(&mut queue.whispers);
        let acks = std::mem::take(&mut queue.acks);
        if mail.closing.is_none() {
            mail.closing.clone_from(&queue.closing);
        }
        // Encoding does not need the lock, and the room must not wait for it.
        drop(queue);
        self.encode_updates(&updates, &mut mail.frames);
        if acks > 0
            && let Some(frame) = self.envelope.encode(&ServerMessage::SyncStatus(true))
        {
            mail.frames.extend(std::iter::repeat_n(frame, acks as usize));
        }
        if let Some(whisper) = match &whispers[..] {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(newest(several)),
        } {
            mail.frames.push(
                whisper.frame(&self.envelope, |entries| ServerMessage::Awareness(awareness::encode(entries))),
            );
        }
    }

    /// Everything taken so far was sent: what the session missed, if it had fallen behind.
    pub(crate) fn sent(&self) -> Option<Missed> {
        self.lock().missed.take()
    }

    fn encode_updates(&self, updates: &[SharedUpdate], frames: &mut Vec<Bytes>) {
        if updates.len() > 1 {
            let contents: Vec<Update> = updates.iter().map(|shared| shared.content.clone()).collect();
            if let Some(woven) = Update::weave(&contents) {
                frames.extend(self.envelope.encode(&ServerMessage::Update(woven.into_bytes())));
                return;
            }
        }
        frames.extend(updates.iter().map(|shared| {
            shared.frame(&self.envelope, |update| ServerMessage::Update(update.bytes().clone()))
        }));
    }

    fn push<R>(&self, change: impl FnOnce(&mut Queue) -> R) -> R {
        let result = change(&mut self.lock());
        self.bell.ring();
        result
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics between two changes that belong together.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn miss(missed: &mut Missed, update: &Update) {
    for section in update.sections() {
        let first = missed.entry(section.client).or_insert(section.start);
        *first = section.start.min(*first);
    }
}

/// The newest state of everyone in `whispers`.
fn newest(whispers: &[SharedWhisper]) -> SharedWhisper {
    let mut entries: BTreeMap<ClientId, awareness::Entry> = BTreeMap::new();
    for entry in whispers.iter().flat_map(|whisper| whisper.content.iter()) {
        entries.insert(entry.client, entry.clone());
    }
    Shared::new(entries.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: u8 = 7;

    /// A v1 update: client 7 appends one character to the root text `t`, as its `clock`-th.
    fn typed(clock: u8, letter: u8) -> SharedUpdate {
        let mut bytes = vec![1, 1, CLIENT, clock];
        if clock == 0 {
            bytes.extend([4, 1, 1, b't', 1, letter]);
        } else {
            bytes.extend([0x84, CLIENT, clock - 1, 1, letter]);
        }
        bytes.push(0);
        Shared::new(Update::scan(bytes.into()).unwrap())
    }

    fn presence(client: u64, clock: u32) -> SharedWhisper {
        let state = Some(Bytes::from_static(b"{}"));
        Shared::new(vec![awareness::Entry { client: ClientId::new(client).unwrap(), clock, state }].into())
    }

    fn outbox(envelope: Envelope) -> Arc<Outbox> {
        Outbox::new(envelope, Arc::default())
    }

    fn mail(outbox: &Outbox) -> Vec<Bytes> {
        let mut mail = Mail::default();
        outbox.take(&mut mail);
        mail.frames
    }

    #[test]
    fn updates_that_wait_become_one_frame_with_all_of_them() {
        let outbox = outbox(Envelope::YWebsocket);
        for (clock, letter) in (0u8..).zip(*b"weft") {
            assert!(!outbox.relay(&typed(clock, letter)));
        }
        let frames = mail(&outbox);
        assert_eq!(frames.len(), 1);
        let incoming = Dialect::YWebsocket.decode(&frames[0]).unwrap();
        let weft_wire::ClientMessage::Update(update) = incoming.message else { panic!("{incoming:?}") };
        assert_eq!((update.sections()[0].start, update.sections()[0].end), (0, 4));
        assert!(mail(&outbox).is_empty());
    }

    #[test]
    fn a_session_that_does_not_read_is_marked_behind_and_told_what_it_missed() {
        let outbox = outbox(Envelope::YWebsocket);
        let mut text = vec![1, 1, CLIENT, 0, 4, 1, 1, b't'];
        let length = OUTBOX_BYTES_MAX + 1;
        weft_wire::varint::write_string(&mut text, &"x".repeat(length));
        text.push(0);
        let large = Shared::new(Update::scan(text.into()).unwrap());
        assert!(outbox.relay(&large));
        assert_eq!(outbox.lock().update_bytes, 0);
        assert!(mail(&outbox).is_empty());
        assert_eq!(outbox.sent(), Some(Missed::from([(ClientId::new(7).unwrap(), 0)])));
        // From here on it is up to date again, once the room has sent what it missed.
        assert_eq!(outbox.sent(), None);
        outbox.relay(&typed(0, b'x'));
        assert_eq!(mail(&outbox).len(), 1);
    }

    #[test]
    fn presence_that_waits_collapses_to_the_newest_state() {
        let outbox = outbox(Envelope::YWebsocket);
        for clock in 1..100 {
            outbox.whisper(&presence(1, clock));
            outbox.whisper(&presence(2, clock));
        }
        assert!(outbox.lock().whispers.len() <= OUTBOX_WHISPERS_MAX);
        let frames = mail(&outbox);
        assert_eq!(frames.len(), 1);
        let incoming = Dialect::YWebsocket.decode(&frames[0]).unwrap();
        let weft_wire::ClientMessage::Awareness(entries) = incoming.message else { panic!("{incoming:?}") };
        assert_eq!(entries.iter().map(|entry| entry.clock).collect::<Vec<_>>(), [99, 99]);
    }

    #[test]
    fn each_stored_update_is_acknowledged_once_and_after_the_updates() {
        let address: Arc<str> = "d".into();
        let outbox = outbox(Envelope::Hocuspocus { address });
        outbox.ack(2);
        outbox.relay(&typed(0, b'x'));
        let frames = mail(&outbox);
        assert_eq!(frames.len(), 3);
        assert_eq!(frames[1], Bytes::from_static(&[1, b'd', 8, 1]));
        assert_eq!(frames[1], frames[2]);
    }

    #[test]
    fn a_session_with_an_address_of_its_own_gets_its_own_frames() {
        let update = typed(0, b'x');
        let frame = |address: &str| {
            let outbox = outbox(Envelope::Hocuspocus { address: address.into() });
            outbox.relay(&update);
            mail(&outbox).remove(0)
        };
        assert!(frame("d").starts_with(b"\x01d"));
        assert!(frame("d\0s").starts_with(b"\x03d\0s"));
    }
}
