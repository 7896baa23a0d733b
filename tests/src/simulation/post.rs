//! What waits for one session: the hub's outbox, without threads, and with a limit that a test can reach.

use bytes::Bytes;
use weft_room::Missed;
use weft_wire::{Envelope, ServerMessage, Update, awareness};

/// An outbox.
#[derive(Debug)]
pub(super) struct Post {
    envelope: Envelope,
    bytes_max: usize,
    frames: Vec<Bytes>,
    updates: Vec<Update>,
    update_bytes: usize,
    whispers: Vec<awareness::Entry>,
    acks: u32,
    missed: Option<Missed>,
    /// It is over once the rest is sent.
    pub(super) closing: bool,
}

impl Post {
    /// An empty one.
    #[must_use]
    pub(super) fn new(envelope: Envelope, bytes_max: usize) -> Self {
        Self {
            envelope,
            bytes_max,
            frames: Vec::new(),
            updates: Vec::new(),
            update_bytes: 0,
            whispers: Vec::new(),
            acks: 0,
            missed: None,
            closing: false,
        }
    }

    /// A message that is never dropped.
    pub(super) fn send(&mut self, message: &ServerMessage) {
        self.frames.extend(self.envelope.encode(message));
    }

    /// An update that may be dropped, but not without a note.
    pub(super) fn relay(&mut self, update: &Update) {
        if let Some(missed) = &mut self.missed {
            return miss(missed, update);
        }
        self.update_bytes += update.bytes().len();
        self.updates.push(update.clone());
        if self.update_bytes > self.bytes_max {
            let mut missed = Missed::new();
            self.updates.drain(..).for_each(|update| miss(&mut missed, &update));
            self.update_bytes = 0;
            self.missed = Some(missed);
        }
    }

    /// Presence.
    pub(super) fn whisper(&mut self, entries: &[awareness::Entry]) {
        for entry in entries {
            match self.whispers.iter_mut().find(|known| known.client == entry.client) {
                Some(known) => *known = entry.clone(),
                None => self.whispers.push(entry.clone()),
            }
        }
    }

    /// Acknowledgements.
    pub(super) fn ack(&mut self, count: u32) {
        self.acks += count;
    }

    /// Everything that waits, as frames; and what the session missed if it had fallen behind.
    pub(super) fn take(&mut self) -> (Vec<Bytes>, Option<Missed>) {
        let mut frames = std::mem::take(&mut self.frames);
        let updates = std::mem::take(&mut self.updates);
        self.update_bytes = 0;
        let updates = match Update::weave(&updates) {
            Some(_) if updates.is_empty() => Vec::new(),
            Some(woven) => vec![woven],
            None => updates,
        };
        let mut say = |message: ServerMessage| frames.extend(self.envelope.encode(&message));
        updates.into_iter().for_each(|update| say(ServerMessage::Update(update.into_bytes())));
        (0..std::mem::take(&mut self.acks)).for_each(|_| say(ServerMessage::SyncStatus(true)));
        let whispers = std::mem::take(&mut self.whispers);
        if !whispers.is_empty() {
            say(ServerMessage::Awareness(awareness::encode(&whispers)));
        }
        (frames, self.missed.take())
    }

    /// Whether nothing waits.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
            && self.updates.is_empty()
            && self.whispers.is_empty()
            && self.acks == 0
            && self.missed.is_none()
    }
}

fn miss(missed: &mut Missed, update: &Update) {
    for section in update.sections() {
        let first = missed.entry(section.client).or_insert(section.start);
        *first = section.start.min(*first);
    }
}
