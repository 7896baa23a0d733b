//! The clients, the server and what lies between them, one step at a time.

use std::collections::HashMap;

use weft_ids::{ClientId, SessionId, UnixMillis};
use weft_room::{Acks, Counts, Event, HangUp, Kind, Member, Now, RequestId, Standing};
use weft_wire::{ClientMessage, Dialect};

use super::plan::{Op, Plan, What};
use super::post::Post;
use super::server::{Server, tell};
use crate::client::{Client, Heard, Link};
use crate::replica::Replica;

/// What a forger writes, and what must never be read anywhere.
pub(super) const FORGED: &str = "FORGED";
/// What a reader tries to write.
pub(super) const SMUGGLED: &str = "SMUGGLED";

/// What a run went through, to show that it went through it.
#[derive(Debug, Default, Clone, Copy)]
pub struct Seen {
    /// Steps taken.
    pub steps: u64,
    /// What the rooms counted.
    pub counts: Counts,
    /// Forgers hung up on.
    pub forgers: u64,
    /// Crashes of the server.
    pub crashes: u64,
}

/// Everything there is.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clients: Vec<Client>,
    pub(super) server: Server,
    outbox_bytes_max: usize,
    now: u64,
    sessions: u128,
    strangers: u64,
    /// What was on disk when each client opened its socket.
    at_connect: Vec<HashMap<ClientId, u32>>,
    /// Sockets that only the server believes in, and whose they are.
    ghosts: Vec<(usize, SessionId)>,
    forging: Option<SessionId>,
    pub(super) seen: Seen,
}

impl World {
    pub(super) fn new(plan: &Plan) -> Self {
        // Neither in the order of the clients nor close together.
        let id = |number: usize| ClientId::new([50, 3, 900, 17, 400, 8, 60][number % 7]);
        let clients = plan
            .roles
            .iter()
            .enumerate()
            .filter_map(|(number, role)| Some(Client::new(*role, "d", id(number)?)));
        Self {
            clients: clients.collect(),
            server: Server::default(),
            outbox_bytes_max: plan.outbox_bytes_max,
            now: 0,
            sessions: 0,
            strangers: 10_000,
            at_connect: vec![HashMap::new(); plan.roles.len()],
            ghosts: Vec::new(),
            forging: None,
            seen: Seen::default(),
        }
    }

    pub(super) fn now(&self) -> Now {
        // The wall clock is nobody's to rely on: it runs backwards here now and then.
        Now { mono: self.now, wall: UnixMillis(1_700_000_000_000 + (self.now ^ 0x3ff)) }
    }

    pub(super) fn step(&mut self, op: Op) -> Result<(), String> {
        self.seen.steps += 1;
        tell(format_args!("{op:?}"));
        let (who, n) = (op.who, op.n as usize);
        match op.what {
            What::Edit if self.clients[who].role.writes && !self.clients[who].dead => {
                self.clients[who].edit(op.n);
            }
            What::Connect => self.connect(who),
            What::Cut => {
                self.up(who, n)?;
                self.cut(who);
            }
            What::Hang => {
                let link = self.clients[who].link.take();
                link.iter().for_each(|link| self.server.is_deaf(link.session));
                self.ghosts.extend(link.filter(|link| link.joined).map(|link| (who, link.session)));
            }
            What::Reap => self.reap(|ghost| ghost == who),
            What::Up => self.up(who, n)?,
            What::Turn => self.turn(n)?,
            What::Down => self.down(who, n)?,
            What::Disk => drop(self.server.store(self.now())?),
            What::Fail => self.server.fail(n % 2 == 1)?,
            What::Crash => self.crash(n)?,
            What::Evict => self.server.evict(),
            What::Checkpoint => self.server.disk.checkpoint()?,
            What::Time => self.pass(u64::from(op.n))?,
            What::Resend => self.resend(who, n),
            What::Resync => self.clients[who].ask_again(),
            What::Forge => self.forge(who, n)?,
            What::Smuggle => self.smuggle(who),
            What::Presence if !self.clients[who].dead => match n % 4 {
                0 => self.clients[who].hide(),
                _ => self.clients[who].show(),
            },
            What::Submit => self.submit(op.n)?,
            What::Die => self.die(who, n),
            What::Calm => self.calm()?,
            What::Edit | What::Presence => {}
        }
        self.judge_hang_ups()
    }

    pub(super) fn connect(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.dead || client.link.is_some() {
            return;
        }
        self.sessions += 1;
        let session = SessionId(self.sessions);
        client.connect(session);
        self.at_connect[who] = self.server.disk.clocks();
        let acks = acks(client);
        let post = Post::new(client.envelope(), self.outbox_bytes_max);
        self.server.expect(session, post, client.replica.id(), acks);
    }

    pub(super) fn cut(&mut self, who: usize) {
        if let Some(link) = self.clients[who].link.take() {
            self.server.is_deaf(link.session);
            self.server.inbox.push_back(Event::Leave { session: link.session });
        }
    }

    pub(super) fn reap(&mut self, whose: impl Fn(usize) -> bool) {
        for (_, session) in self.ghosts.extract_if(.., |(who, _)| whose(*who)) {
            self.server.inbox.push_back(Event::Leave { session });
        }
    }

    /// Frames of a client reach the server, which decodes them as its sockets do.
    pub(super) fn up(&mut self, who: usize, count: usize) -> Result<(), String> {
        for _ in 0..count {
            let client = &mut self.clients[who];
            let Some(link) = &mut client.link else { return Ok(()) };
            let Some(frame) = link.up.pop_front() else { return Ok(()) };
            let session = link.session;
            if !std::mem::replace(&mut link.joined, true) {
                let member = Member {
                    standing: Standing { may_write: client.role.writes, ..Standing::default() },
                    acks: acks(client),
                    schema: None,
                };
                self.server.inbox.push_back(Event::Join { session, member });
            }
            match client.role.dialect.decode(&frame) {
                Ok(incoming) if matches!(incoming.message, ClientMessage::Auth { .. }) => {}
                Ok(incoming) => {
                    self.server.inbox.push_back(Event::Message { session, message: incoming.message });
                }
                Err(error) => return Err(format!("client {who}'s honest frame is refused: {error}")),
            }
        }
        Ok(())
    }

    pub(super) fn turn(&mut self, count: usize) -> Result<(), String> {
        self.server.turn(count, self.now())?;
        if let Some(room) = &mut self.server.room {
            let counts = room.take_counts();
            self.seen.counts.merged += counts.merged;
            self.seen.counts.known += counts.known;
            self.seen.counts.gaps += counts.gaps;
            self.seen.counts.aside += counts.aside;
            self.seen.counts.refused += counts.refused;
            self.seen.counts.resyncs += counts.resyncs;
        }
        Ok(())
    }

    /// A client's socket takes what waits once it is empty; the client reads some of it.
    pub(super) fn down(&mut self, who: usize, count: usize) -> Result<(), String> {
        let client = &mut self.clients[who];
        let Some(link) = &mut client.link else { return Ok(()) };
        let session = link.session;
        if link.down.is_empty()
            && let Some(post) = self.server.posts.get_mut(&session)
        {
            let (frames, missed) = post.take();
            link.down.extend(frames);
            link.closing |= post.closing;
            if let Some(missed) = missed {
                self.server.inbox.push_back(Event::Drained { session, missed });
            }
        }
        for _ in 0..count {
            let began = self.clients[who].link.as_ref().is_some_and(|link| !link.answered);
            let Some(heard) = self.clients[who].hear() else { break };
            self.judge(who, heard)?;
            let client = &self.clients[who];
            let synced = began && client.link.as_ref().is_some_and(|link| link.answered);
            if synced && !client.replica.knows(&self.at_connect[who]) {
                return Err(format!(
                    "client {who} calls itself synchronised and lacks what was stored long ago"
                ));
            }
        }
        let over = |link: &Link| link.closing && link.down.is_empty();
        if self.clients[who].link.as_ref().is_some_and(over) {
            self.cut(who);
        }
        Ok(())
    }

    fn judge(&self, who: usize, heard: Heard) -> Result<(), String> {
        let client = &self.clients[who];
        match heard {
            Heard::Nothing => Ok(()),
            Heard::AllSaved => self.is_saved(who).map_err(|what| format!("client {who} says Saved: {what}")),
            Heard::Refused
                if client.role.writes && client.link.as_ref().map(|l| l.session) != self.forging =>
            {
                Err(format!("client {who}'s honest edit is refused"))
            }
            Heard::Refused => Ok(()),
            Heard::Nonsense(what) => Err(format!("client {who} hears nonsense: {what}")),
        }
    }

    /// Whether everything a client wrote and deleted is durable.
    pub(super) fn is_saved(&self, who: usize) -> Result<(), String> {
        let replica = &self.clients[who].replica;
        let (written, stored) = (replica.written(), self.server.disk.clock(replica.id()));
        if written > stored {
            return Err(format!("it wrote {written}, and {stored} are on disk"));
        }
        if !self.server.disk.has_deleted(replica.deleted()) {
            return Err("what it deleted is not deleted on disk".into());
        }
        Ok(())
    }

    fn judge_hang_ups(&mut self) -> Result<(), String> {
        for (session, why) in std::mem::take(&mut self.server.hung_up) {
            if self.forging == Some(session) && why == HangUp::Foreign {
                self.seen.forgers += 1;
            } else {
                return Err(format!("an honest client is hung up on: {session:?} {why:?}"));
            }
        }
        Ok(())
    }

    fn crash(&mut self, n: usize) -> Result<(), String> {
        self.seen.crashes += 1;
        self.server.fail(n % 2 == 1)?;
        for who in 0..self.clients.len() {
            // What the kernel had taken may still arrive.
            if n & 2 != 0 {
                while let Some(heard) = self.clients[who].hear() {
                    self.judge(who, heard)?;
                }
            }
            self.clients[who].link = None;
        }
        self.ghosts.clear();
        self.server.crash();
        Ok(())
    }

    /// Time passes, and the room is woken when it asked for it.
    pub(super) fn pass(&mut self, ms: u64) -> Result<(), String> {
        let until = self.now + ms;
        for _ in 0..10_000 {
            let due = self.server.room.as_ref().and_then(weft_room::Room::wakes_at);
            let Some(due) = due.filter(|due| *due <= until) else {
                self.now = until;
                return Ok(());
            };
            self.now = due.max(self.now + 1).min(until.max(self.now));
            self.server.feed(vec![Event::Wake], self.now())?;
        }
        Err("the room does not stop waking".into())
    }

    fn resend(&mut self, who: usize, n: usize) {
        let client = &mut self.clients[who];
        if client.link.is_some()
            && client.role.writes
            && let Some(update) = client.sent.iter().rev().nth(n).cloned()
        {
            client.update(&update);
        }
    }

    fn smuggle(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if !client.role.writes && client.link.is_some() {
            let update = client.replica.forged(SMUGGLED, 0);
            client.update(update.bytes());
        }
    }

    fn submit(&mut self, n: u32) -> Result<(), String> {
        let Some(room) = &mut self.server.room else { return Ok(()) };
        self.strangers += 1;
        let Some(id) = ClientId::new(self.strangers) else { return Ok(()) };
        let mut stranger = Replica::new(id);
        let state = weft_wire::Update::scan(room.state()).map_err(|error| error.to_string())?;
        stranger.take(state);
        if let Some(update) = stranger.edit(n) {
            let request = RequestId(self.strangers);
            let author = SessionId(u128::MAX - u128::from(self.strangers));
            self.server.inbox.push_back(Event::Submit {
                request,
                author,
                user: None,
                name: None,
                kind: Kind::Edit,
                update,
            });
        }
        Ok(())
    }

    fn die(&mut self, who: usize, n: usize) {
        // Somebody has to stay.
        if who == 0 {
            return;
        }
        self.clients[who].dead = true;
        let link = self.clients[who].link.take();
        link.iter().for_each(|link| self.server.is_deaf(link.session));
        match link {
            Some(link) if n % 2 == 1 => self.server.inbox.push_back(Event::Leave { session: link.session }),
            Some(link) if link.joined => self.ghosts.push((who, link.session)),
            _ => {}
        }
    }

    /// A client writes under the id of another who is here, answers, and did not write that.
    fn forge(&mut self, who: usize, victim: usize) -> Result<(), String> {
        let session = |client: &Client| {
            let link = client.link.as_ref().filter(|link| link.joined && !link.closing);
            link.map(|link| link.session)
        };
        let Some(link) = session(&self.clients[who]) else { return Ok(()) };
        let Some(target) = self.clients.get(victim).and_then(session) else { return Ok(()) };
        let id = self.clients[victim].replica.id();
        if who == victim || !self.clients[who].role.writes || !self.server.defends(id, target) {
            return Ok(());
        }
        self.up(who, usize::MAX)?;
        self.turn(usize::MAX)?;
        self.forging = Some(link);
        let update = self.clients[victim].replica.forged(FORGED, 0);
        self.clients[who].update(update.bytes());
        self.up(who, usize::MAX)?;
        for _ in 0..4 {
            self.turn(usize::MAX)?;
            self.down(victim, usize::MAX)?;
            self.up(victim, usize::MAX)?;
        }
        self.turn(usize::MAX)?;
        self.judge_hang_ups()?;
        // Whatever still waits of it goes with its socket.
        self.down(who, usize::MAX)?;
        self.cut(who);
        self.turn(usize::MAX)?;
        self.forging = None;
        Ok(())
    }

    /// Everything that is on its way arrives. Returns whether anything was.
    pub(super) fn move_everything(&mut self) -> Result<bool, String> {
        let mut moved = false;
        for _ in 0..1_000 {
            let mut busy = false;
            for who in 0..self.clients.len() {
                self.connect(who);
                let link = self.clients[who].link.as_ref();
                busy |= link.is_some_and(|link| !link.up.is_empty() || !link.down.is_empty());
                self.up(who, usize::MAX)?;
            }
            busy |= !self.server.is_idle();
            self.turn(usize::MAX)?;
            while self.server.store(self.now())? {}
            self.judge_hang_ups()?;
            busy |= self.server.posts.values().any(|post| !post.is_empty());
            for who in 0..self.clients.len() {
                self.down(who, usize::MAX)?;
            }
            if !busy {
                return Ok(moved);
            }
            moved = true;
        }
        Err("the world does not come to rest".into())
    }
}

fn acks(client: &Client) -> Acks {
    match client.role.dialect {
        Dialect::Hocuspocus => Acks::Status,
        Dialect::YWebsocket => Acks::Echo,
    }
}
