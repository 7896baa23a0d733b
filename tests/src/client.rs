//! A client as the published ones are, without a socket: what it sends, what it counts, what it believes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{ClientId, SessionId};
use weft_wire::varint::{Reader, write_buf, write_string};
use weft_wire::{Dialect, Envelope, StateVector, Update, awareness};

use crate::replica::Replica;

/// What a client is, before it does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// How it speaks.
    pub dialect: Dialect,
    /// Whether it may write.
    pub writes: bool,
}

/// A socket, from the client's side.
#[derive(Debug)]
pub struct Link {
    /// As the server calls it.
    pub session: SessionId,
    /// The server has heard of it.
    pub joined: bool,
    /// On their way to the server.
    pub up: VecDeque<Bytes>,
    /// On their way to the client.
    pub down: VecDeque<Bytes>,
    /// The server closes it once those have arrived.
    pub closing: bool,
    /// How much of its own writing the client sent over this socket.
    pub sent: u32,
    /// How much of it has come back over this socket.
    pub came_back: u32,
    /// The server has answered our SyncStep1.
    pub answered: bool,
    /// The server has asked us.
    pub asked: bool,
}

/// Who is where, as one client sees it.
#[derive(Debug, Default)]
pub struct Presence {
    /// Shows itself.
    pub on: bool,
    clock: u32,
    /// Of the others: the clock, and whether they are here.
    pub others: HashMap<ClientId, (u32, bool)>,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    /// How it speaks, and what it may.
    pub role: Role,
    /// The document's name, which every frame of the Hocuspocus dialect carries.
    pub address: Arc<str>,
    /// Its document.
    pub replica: Replica,
    /// Its socket, if it has one that it believes in.
    pub link: Option<Link>,
    /// Gone for good.
    pub dead: bool,
    /// Hocuspocus: as the provider counts its unsynced changes.
    pub unsynced: u32,
    /// Who is where.
    pub presence: Presence,
    /// Every Update frame it ever sent.
    pub sent: Vec<Bytes>,
    /// Told that it may only read although it may write.
    pub denied: u32,
    /// How often a server asked for what it lacks.
    pub questions: u32,
}

/// What a frame from the server made of the client.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing to look at.
    Nothing,
    /// An acknowledgement that brought the count to 0.
    AllSaved,
    /// A refusal.
    Refused,
    /// Something no client understands.
    Nonsense(String),
}

impl Client {
    /// A client that has not connected yet.
    #[must_use]
    pub fn new(role: Role, address: &str, id: ClientId) -> Self {
        Self {
            role,
            address: address.into(),
            replica: Replica::new(id),
            link: None,
            dead: false,
            unsynced: 0,
            presence: Presence::default(),
            sent: Vec::new(),
            denied: 0,
            questions: 0,
        }
    }

    /// How its frames are wrapped.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        match self.role.dialect {
            Dialect::YWebsocket => Envelope::YWebsocket,
            Dialect::Hocuspocus => Envelope::Hocuspocus { address: self.address.clone() },
        }
    }

    /// Opens a socket and says what every client says first.
    pub fn connect(&mut self, session: SessionId) {
        self.link = Some(Link {
            session,
            joined: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            closing: false,
            sent: 0,
            came_back: 0,
            answered: false,
            asked: false,
        });
        self.unsynced = 1;
        // As the published clients do when a socket is lost: the states go, the clocks stay.
        self.presence.others.values_mut().for_each(|(_, here)| *here = false);
        if self.role.dialect == Dialect::Hocuspocus {
            self.say(&[2, 0, 0]);
        }
        self.ask();
        if self.presence.on {
            self.show();
        }
    }

    /// Sends a SyncStep1.
    pub fn ask(&mut self) {
        let vector = self.replica.state_vector();
        self.say_with(&[0, 0], &vector);
    }

    /// Synchronises anew on the same socket, if it has one. A Hocuspocus provider starts to count anew, too, so one that
    /// still waits for something must not do this.
    pub fn ask_again(&mut self) {
        let counts = self.role.dialect == Dialect::Hocuspocus;
        if self.link.is_some() && !(counts && self.unsynced > 0) {
            self.unsynced = 1;
            self.ask();
        }
    }

    /// Changes the document, and sends the change if there is a socket.
    pub fn edit(&mut self, number: u32) {
        if let Some(update) = self.replica.edit(number) {
            self.change(&update);
        }
    }

    /// Writes `text` at the end of the document's text.
    pub fn write(&mut self, text: &str) {
        let update = self.replica.write(text);
        self.change(&update);
    }

    /// Puts `text` in the place of all text there is.
    pub fn replace(&mut self, text: &str) {
        let update = self.replica.replace(text);
        self.change(&update);
    }

    fn change(&mut self, update: &Update) {
        if self.link.is_some() {
            self.sent.push(update.bytes().clone());
            self.update(update.bytes());
        }
    }

    /// Sends an Update frame and counts it.
    pub fn update(&mut self, update: &[u8]) {
        if self.link.is_some() {
            self.unsynced += 1;
        }
        self.say_with(&[0, 2], update);
        let written = self.replica.written();
        if let Some(link) = &mut self.link {
            link.sent = written;
        }
    }

    /// Shows or renews its presence.
    pub fn show(&mut self) {
        self.presence.on = true;
        self.presence.clock += 1;
        self.tell_presence(Some(Bytes::from(format!("{{\"n\":{}}}", self.presence.clock))));
    }

    /// Takes its presence away, as a page that is closed does.
    pub fn hide(&mut self) {
        self.presence.on = false;
        self.tell_presence(None);
    }

    fn tell_presence(&mut self, state: Option<Bytes>) {
        let entry = awareness::Entry { client: self.replica.id(), clock: self.presence.clock, state };
        let body = awareness::encode(&[entry]);
        self.say_with(&[1], &body);
    }

    fn say_with(&mut self, head: &[u8], body: &[u8]) {
        let mut frame = head.to_vec();
        write_buf(&mut frame, body);
        self.say(&frame);
    }

    fn say(&mut self, message: &[u8]) {
        let Some(link) = &mut self.link else { return };
        let mut frame = Vec::with_capacity(message.len() + 2);
        if self.role.dialect == Dialect::Hocuspocus {
            write_string(&mut frame, &self.address);
        }
        frame.extend_from_slice(message);
        link.up.push_back(frame.into());
    }

    /// Reads the next frame that is on its way.
    pub fn hear(&mut self) -> Option<Heard> {
        let frame = self.link.as_mut()?.down.pop_front()?;
        Some(self.read(&frame).unwrap_or_else(|error| Heard::Nonsense(error.to_string())))
    }

    fn read(&mut self, frame: &Bytes) -> Result<Heard, Box<dyn std::error::Error>> {
        let mut reader = Reader::new(frame);
        if self.role.dialect == Dialect::Hocuspocus && reader.string()? != &*self.address {
            return Ok(Heard::Nonsense("another document's frame".into()));
        }
        match (reader.uint()?, self.role.dialect) {
            (0, _) => match reader.uint()? {
                0 => {
                    let since = reader.buf()?;
                    StateVector::scan(since)?;
                    self.questions += 1;
                    let answer = self.replica.diff(since);
                    self.say_with(&[0, 1], &answer);
                    let written = self.replica.written();
                    if let Some(link) = &mut self.link {
                        // What the server has already does not come back.
                        link.came_back = link.came_back.max(StateVector::scan(since)?.get(self.replica.id()));
                        link.sent = link.sent.max(written);
                        link.asked = true;
                    }
                }
                kind @ (1 | 2) => {
                    self.receive(frame.slice_ref(reader.buf()?))?;
                    if let Some(link) = self.link.as_mut().filter(|_| kind == 1) {
                        link.answered = true;
                    }
                }
                kind => return Ok(Heard::Nonsense(format!("sync message {kind}"))),
            },
            (1, _) => self.see(&awareness::decode(reader.buf()?)?),
            (2, Dialect::Hocuspocus) => {
                if reader.uint()? == 2 && reader.string()? == "readonly" && self.role.writes {
                    self.denied += 1;
                }
            }
            (8, Dialect::Hocuspocus) => {
                if reader.uint()? != 1 {
                    return Ok(Heard::Refused);
                }
                // Newer providers floor at 0; one acknowledgement too many shows as nonsense here.
                if self.unsynced == 0 {
                    return Ok(Heard::Nonsense("more acknowledgements than changes".into()));
                }
                self.unsynced -= 1;
                if self.unsynced == 0 {
                    return Ok(Heard::AllSaved);
                }
            }
            (kind, _) => return Ok(Heard::Nonsense(format!("message {kind}"))),
        }
        Ok(Heard::Nothing)
    }

    fn receive(&mut self, bytes: Bytes) -> Result<(), Box<dyn std::error::Error>> {
        let update = Update::scan(bytes)?;
        if let Some(link) = &mut self.link
            && let Some(own) = update.sections().iter().find(|section| section.client == self.replica.id())
        {
            link.came_back = link.came_back.max(own.end);
        }
        self.replica.take(update);
        Ok(())
    }

    fn see(&mut self, entries: &[awareness::Entry]) {
        for entry in entries {
            let here = entry.state.is_some();
            if entry.client == self.replica.id() {
                // Told that it is gone although it is here: it says so again, louder.
                if !here && self.presence.on && entry.clock >= self.presence.clock {
                    self.presence.clock = entry.clock;
                    self.show();
                }
                continue;
            }
            let known = self.presence.others.get(&entry.client).copied().unwrap_or_default();
            if entry.clock > known.0 || (entry.clock == known.0 && !here && known.1) {
                self.presence.others.insert(entry.client, (entry.clock, here));
            }
        }
    }

    /// Whether everything it wrote is on disk, as far as it can know.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        match self.role.dialect {
            Dialect::Hocuspocus => self.unsynced == 0,
            Dialect::YWebsocket => self.link.as_ref().is_some_and(|link| link.came_back >= link.sent),
        }
    }

    /// Whether the handshake is done, both ways.
    #[must_use]
    pub fn is_synchronised(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.answered && link.asked)
    }

    /// Anyone else it sees.
    #[must_use]
    pub fn sees(&self) -> Vec<ClientId> {
        let mut seen: Vec<ClientId> =
            self.presence.others.iter().filter(|(_, (_, here))| *here).map(|(client, _)| *client).collect();
        seen.sort_unstable();
        seen
    }
}
