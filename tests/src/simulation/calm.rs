//! What must be true once everyone is connected and everything has arrived.

use weft_ids::ClientId;
use weft_wire::{Dialect, Update};

use super::world::{FORGED, SMUGGLED, World};
use crate::replica::{Content, Replica};

/// Seconds in which nothing happens before it is believed that nothing will: more than the longest time-out of a room.
const QUIET_SECONDS: u32 = 8;

impl World {
    /// Everyone connects and everything arrives; then all promises are looked at.
    pub(super) fn calm(&mut self) -> Result<(), String> {
        self.reap(|_| true);
        self.rest()?;
        for who in 0..self.clients.len() {
            // A reader who held what the server had lost was refused, and one who tried to write too.
            let client = &self.clients[who];
            if !client.role.writes && client.role.dialect == Dialect::Hocuspocus && client.unsynced > 0 {
                self.cut(who);
            }
        }
        self.rest()?;
        for _ in 0..5 {
            self.pass(10_000)?;
            for client in &mut self.clients {
                if client.presence.on && client.link.is_some() {
                    client.show();
                }
            }
            self.move_everything()?;
        }
        self.check()
    }

    fn rest(&mut self) -> Result<(), String> {
        let mut quiet = 0;
        let mut seconds = 0;
        while quiet < QUIET_SECONDS {
            quiet = if self.move_everything()? { 0 } else { quiet + 1 };
            self.pass(1_000)?;
            seconds += 1;
            if seconds > 300 {
                return Err("the world is not quiet after five minutes".into());
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), String> {
        let room = self.server.room.as_mut().ok_or("no room although everyone is connected")?;
        if !room.is_saved() {
            return Err("the room is not saved".into());
        }
        let live = content(room.state())?;
        let text = room.text();
        for forbidden in [FORGED, SMUGGLED] {
            if live.text.contains(forbidden) {
                return Err(format!("the document says {forbidden}"));
            }
        }
        let mut loaded = self.server.disk.load()?.document;
        same("the document loaded from the disk", &live, &content(loaded.state())?)?;
        let mut replayed = self.server.disk.replay()?;
        same("the document replayed from the log", &live, &content(replayed.state())?)?;
        if replayed.text() != text {
            return Err("the plain texts differ".into());
        }
        (0..self.clients.len())
            .filter(|who| !self.clients[*who].dead)
            .try_for_each(|who| self.check_client(who, &live).map_err(|what| format!("client {who}: {what}")))
    }

    fn check_client(&self, who: usize, live: &Content) -> Result<(), String> {
        let client = &self.clients[who];
        let link = client.link.as_ref().ok_or("it is not connected")?;
        if !client.replica.is_whole() {
            return Err("it waits for something that does not come".into());
        }
        same("its document", live, &client.replica.content())?;
        self.is_saved(who)?;
        if client.denied > 0 {
            return Err("it was told that it may only read".into());
        }
        match client.role.dialect {
            Dialect::Hocuspocus if client.unsynced != 0 => {
                return Err(format!("it counts {} unsynced changes for ever", client.unsynced));
            }
            Dialect::YWebsocket if client.role.writes && link.came_back < link.sent => {
                return Err(format!("it sent {} and {} came back", link.sent, link.came_back));
            }
            _ => {}
        }
        let mut present: Vec<ClientId> = (self.clients.iter().enumerate())
            .filter(|(number, other)| *number != who && other.presence.on && !other.dead)
            .map(|(_, other)| other.replica.id())
            .collect();
        present.sort_unstable();
        let seen = client.sees();
        if seen != present {
            return Err(format!("it sees {seen:?} where {present:?} are"));
        }
        Ok(())
    }
}

fn content(state: bytes::Bytes) -> Result<Content, String> {
    // Nobody in particular; it does not write.
    let id = ClientId::new(1).ok_or("1 is a client id")?;
    let mut observer = Replica::new(id);
    observer.take(Update::scan(state).map_err(|error| format!("the server's state: {error}"))?);
    if !observer.is_whole() {
        return Err("the server's state has holes".into());
    }
    Ok(observer.content())
}

fn same(what: &str, expected: &Content, found: &Content) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} differs:\n  expected {expected:?}\n  found    {found:?}"))
}
