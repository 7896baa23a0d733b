//! One client in one room, in either dialect: the handshake, and what the server says.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::timeout;

use crate::socket::{self, Frame, Reader, Writer};
use crate::typist::varint;
use crate::update::Input;

/// How long a server may take to bring a session in sync.
const HANDSHAKE_MAX: Duration = Duration::from_secs(60);

/// What a room name keeps as it is in a URL.
const URL_SAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Message types of both dialects, and the sync protocol inside type 0.
const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const SYNC_STATUS: u64 = 8;
const STEP1: u64 = 0;
const STEP2: u64 = 1;
const UPDATE: u64 = 2;
const PERMISSION_DENIED: u64 = 1;

/// An update that changes nothing, and a state vector that covers nothing.
const EMPTY_UPDATE: &[u8] = &[0, 0];
const EMPTY_STATE_VECTOR: &[u8] = &[0];

/// How a server wants to be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The room stands in the URL; frames carry no name.
    YWebsocket,
    /// Frames begin with the document's name; edits are acknowledged.
    Hocuspocus,
}

/// A server to talk to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// `host:port`.
    pub(crate) authority: String,
    /// The path that rooms are appended to, or the whole path (Hocuspocus); no trailing slash.
    pub(crate) path: String,
    /// The dialect spoken there.
    pub(crate) dialect: Dialect,
}

/// What a server said in one frame, as far as a load generator cares.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// It asks for what it lacks, above this state vector.
    Step1(&'a [u8]),
    /// It answers our Step1.
    Step2(&'a [u8]),
    /// Somebody's edits.
    Update(&'a [u8]),
    /// One of our updates is kept (Hocuspocus only).
    Acknowledged,
    /// One of our updates is refused, or we are (Hocuspocus only).
    Refused,
    /// Presence, authentication and the rest.
    Other,
}

impl Dialect {
    /// Reads one frame in place.
    pub(crate) fn read(self, frame: &[u8]) -> Result<Said<'_>> {
        let mut input = Input(frame);
        if self == Dialect::Hocuspocus {
            input.buffer().context("a frame without an address")?;
        }
        let short = || format!("a frame cut short: {:02x?}", &frame[..frame.len().min(32)]);
        Ok(match input.number().with_context(short)? {
            SYNC => {
                let step = input.number().with_context(short)?;
                let body = input.buffer().with_context(short)?;
                match step {
                    STEP1 => Said::Step1(body),
                    STEP2 => Said::Step2(body),
                    UPDATE => Said::Update(body),
                    other => bail!("unknown sync message {other}"),
                }
            }
            AUTH if input.number() == Some(PERMISSION_DENIED) => Said::Refused,
            SYNC_STATUS if self == Dialect::Hocuspocus => match input.number().with_context(short)? {
                1 => Said::Acknowledged,
                _ => Said::Refused,
            },
            _ => Said::Other,
        })
    }
}

/// The writing side of a session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    writer: Rc<Writer>,
    /// What every frame begins with: nothing, or the document's name.
    address: Rc<[u8]>,
}

impl Session {
    /// Queues an Update frame at the end of `out`, without writing it.
    pub(crate) fn append_update(&self, out: &mut Vec<u8>, update: &[u8]) {
        let mut head = Vec::with_capacity(8);
        head.extend([SYNC as u8, UPDATE as u8]);
        varint(&mut head, update.len() as u64);
        socket::append_binary(out, &[&self.address, &head, update]);
    }

    /// Sends whole frames made by [`Session::append_update`].
    pub(crate) fn push(&self, frames: &[u8]) {
        self.writer.push(|out| out.extend_from_slice(frames));
    }

    /// Resolves when the kernel has taken everything; false when the socket is broken.
    pub(crate) async fn drained(&self) -> bool {
        self.writer.drained().await
    }

    /// Answers the server's Step1 with `update`.
    pub(crate) fn push_step2(&self, update: &[u8]) {
        self.push_message(&[SYNC as u8, STEP2 as u8], update);
    }

    /// Answers a ping.
    pub(crate) fn push_pong(&self, payload: &[u8]) {
        self.writer.push_pong(payload);
    }

    /// Announces a client with an empty presence, as every real client does.
    pub(crate) fn push_presence(&self, client: u64) {
        let mut entries = vec![1];
        varint(&mut entries, client);
        entries.extend(b"\x01\x02{}");
        self.push_message(&[AWARENESS as u8], &entries);
    }

    fn push_message(&self, kind: &[u8], body: &[u8]) {
        let mut head = kind.to_vec();
        varint(&mut head, body.len() as u64);
        self.writer.push_binary(&[&self.address, &head, body]);
    }

    fn push_token(&self) {
        self.push_message(&[AUTH as u8, 0], b"");
    }
}

/// A session in sync.
#[derive(Debug)]
pub(crate) struct Opened {
    /// To write with.
    pub(crate) session: Session,
    /// To read with.
    pub(crate) reader: Reader,
    /// The document as the server gave it: v1 updates that are all of it together. A server may send most of it before
    /// its Step2.
    pub(crate) given: Vec<Vec<u8>>,
    /// From before the socket was opened until the Step2 was here.
    pub(crate) took: Duration,
    /// The handshake's own Step2 was acknowledged already (Hocuspocus).
    pub(crate) acknowledged: bool,
}

/// Opens `room` and completes the handshake, holding nothing of it.
pub(crate) async fn open(target: &Target, room: &str) -> Result<Opened> {
    let opening = open_patiently(target, room);
    timeout(HANDSHAKE_MAX, opening).await.with_context(|| format!("{room}: not in sync in a minute"))?
}

async fn open_patiently(target: &Target, room: &str) -> Result<Opened> {
    let begun = Instant::now();
    let (path, address) = match target.dialect {
        Dialect::YWebsocket => {
            (format!("{}/{}", target.path, utf8_percent_encode(room, URL_SAFE)), Vec::new())
        }
        Dialect::Hocuspocus => {
            let mut address = Vec::new();
            varint(&mut address, room.len() as u64);
            address.extend(room.as_bytes());
            (if target.path.is_empty() { "/".to_owned() } else { target.path.clone() }, address)
        }
    };
    let (mut reader, writer) = socket::connect(&target.authority, &path).await?;
    let session = Session { writer, address: address.into() };
    if target.dialect == Dialect::Hocuspocus {
        session.push_token();
    }
    session.push_message(&[SYNC as u8, STEP1 as u8], EMPTY_STATE_VECTOR);
    let (mut given, mut took) = (Vec::new(), None);
    let (mut asked, mut acknowledged) = (false, false);
    while took.is_none() || !asked {
        let open = reader
            .read(|frame| {
                match session.hear(target.dialect, frame)? {
                    Said::Step1(_) => {
                        asked = true;
                        session.push_step2(EMPTY_UPDATE);
                    }
                    Said::Step2(update) => {
                        took = Some(begun.elapsed());
                        given.push(update.to_vec());
                    }
                    Said::Update(update) => given.push(update.to_vec()),
                    Said::Acknowledged => acknowledged = true,
                    Said::Refused => bail!("{room}: the server refused us"),
                    _ => (),
                }
                Ok(())
            })
            .await?;
        ensure!(open, "{room}: the server closed the socket during the handshake");
    }
    Ok(Opened { session, reader, given, took: took.unwrap_or_default(), acknowledged })
}

impl Session {
    /// Reads a frame and does what every session does with it: answers pings, notices the end.
    pub(crate) fn hear<'a>(&self, dialect: Dialect, frame: Frame<'a>) -> Result<Said<'a>> {
        match frame {
            Frame::Binary(bytes) => dialect.read(bytes),
            Frame::Ping(payload) => {
                self.push_pong(payload);
                Ok(Said::Other)
            }
            Frame::Close(code, reason) => {
                bail!("the server closed the socket: {code:?} {}", String::from_utf8_lossy(reason))
            }
            Frame::Other => Ok(Said::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_say_the_same_things() {
        let plain = Dialect::YWebsocket;
        let named = Dialect::Hocuspocus;
        assert_eq!(plain.read(&[0, 0, 1, 0]).unwrap(), Said::Step1(&[0]));
        assert_eq!(named.read(&[2, b'd', b'1', 0, 0, 1, 0]).unwrap(), Said::Step1(&[0]));
        assert_eq!(plain.read(&[0, 1, 2, 0, 0]).unwrap(), Said::Step2(&[0, 0]));
        assert_eq!(named.read(&[1, b'd', 0, 2, 2, 0, 0]).unwrap(), Said::Update(&[0, 0]));
        assert_eq!(named.read(&[1, b'd', 8, 1]).unwrap(), Said::Acknowledged);
        assert_eq!(named.read(&[1, b'd', 8, 0]).unwrap(), Said::Refused);
        assert_eq!(named.read(&[1, b'd', 2, 1, 0]).unwrap(), Said::Refused);
        assert_eq!(plain.read(&[1, 1, 0]).unwrap(), Said::Other);
    }

    #[test]
    fn a_frame_cut_short_is_an_error() {
        assert!(Dialect::YWebsocket.read(&[]).is_err());
        assert!(Dialect::YWebsocket.read(&[0, 2, 9, 0]).is_err());
        assert!(Dialect::Hocuspocus.read(&[5, b'd']).is_err());
    }
}
