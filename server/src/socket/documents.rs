//! The documents of one socket: the one its address names, or those its frames name.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use weft_access::{Grant, Refused, Right, Whose};
use weft_hub::{Bell, Closing, JoinError, Joining, Mail, Session};
use weft_ids::{DocId, DocIdError};
use weft_wiki::Wiki;
use weft_wire::{ClientMessage, DecodeError, Dialect, Envelope, ServerMessage, close};

use super::Wishes;
use crate::app::AppState;
use crate::asking::Credentials;

/// Documents one socket may have open.
pub(crate) const DOCUMENTS_PER_SOCKET_MAX: usize = 100;

/// What is to be done with a frame.
pub(crate) enum Said {
    /// Nothing more.
    Heard,
    /// Answer with this.
    Answer(Bytes),
    /// The room's queue is full: say it again once there is room.
    Later(Later),
}

/// A message that waits for room in its room's queue.
pub(crate) struct Later {
    address: Option<Arc<str>>,
    message: ClientMessage,
    bytes: usize,
}

/// One document on a socket.
struct Open {
    session: Session,
    /// What the document's own authentication showed besides what the socket did.
    credentials: Credentials,
    /// What it may, as its room was told.
    grant: Grant,
}

pub(crate) struct Documents {
    app: AppState,
    credentials: Credentials,
    wishes: Wishes,
    /// y-websocket: the one document of the socket.
    only: Option<Open>,
    /// Hocuspocus: by address, exactly as the frames carry it.
    named: HashMap<Arc<str>, Open>,
    dialect: Dialect,
    /// Nothing that was shown yet opens anything: who they are is told inside, or never.
    stranger: bool,
    /// Rings when there is something to take.
    pub(crate) mail: Arc<Bell>,
}

impl Documents {
    /// A socket whose frames name their documents.
    pub(crate) fn named(app: AppState, credentials: Credentials, wishes: Wishes) -> Self {
        let named = HashMap::new();
        Self {
            app,
            credentials,
            wishes,
            only: None,
            named,
            dialect: Dialect::Hocuspocus,
            stranger: false,
            mail: Arc::default(),
        }
    }

    /// The same, of whoever has not said yet who they are.
    pub(crate) fn strangers(app: AppState, credentials: Credentials, wishes: Wishes) -> Self {
        Self { stranger: true, ..Self::named(app, credentials, wishes) }
    }

    /// A socket for one document.
    pub(crate) fn one(
        app: AppState,
        credentials: Credentials,
        grant: Grant,
        wishes: Wishes,
    ) -> Result<Self, JoinError> {
        let mut documents = Self::named(app, credentials.clone(), wishes);
        documents.dialect = Dialect::YWebsocket;
        documents.only = Some(documents.join(grant, credentials, Envelope::YWebsocket)?);
        Ok(documents)
    }

    /// Takes in one binary frame.
    ///
    /// # Errors
    /// [`DecodeError`]: hang up.
    pub(crate) fn frame(&mut self, frame: &Bytes) -> Result<Said, DecodeError> {
        let incoming = match self.dialect.decode(frame) {
            Err(DecodeError::NoAddress) => return Ok(nameless()),
            decoded => decoded?,
        };
        let bytes = frame.len();
        Ok(match incoming.address {
            None => match incoming.message {
                ClientMessage::Ping => self.whole_socket(&ServerMessage::Pong),
                message => self.say(Later { address: None, message, bytes }),
            },
            Some(address) => self.addressed(address, incoming.message, bytes),
        })
    }

    /// Says a message that had to wait.
    pub(crate) fn say(&mut self, later: Later) -> Said {
        let Later { address, message, bytes } = later;
        let open = match &address {
            None => self.only.as_ref(),
            Some(address) => self.named.get(address),
        };
        match open.and_then(|open| open.session.say(message, bytes)) {
            Some(message) => Said::Later(Later { address, message, bytes }),
            None => Said::Heard,
        }
    }

    /// Resolves when the message can be said.
    pub(crate) async fn has_room(&self, later: &Later) {
        let open = match &later.address {
            None => self.only.as_ref(),
            Some(address) => self.named.get(address),
        };
        if let Some(open) = open {
            open.session.has_room(later.bytes).await;
        }
    }

    /// Takes the mail of all documents.
    pub(crate) fn take(&self, mail: &mut Mail) {
        self.sessions().for_each(|session| session.take(mail));
    }

    /// All that was taken has been written.
    pub(crate) fn sent(&self) {
        self.sessions().for_each(Session::sent);
    }

    /// A frame that says nothing, to show that the connection lives; `None` while there is no document to say it of.
    pub(crate) fn keep_alive(&self) -> Option<Bytes> {
        match self.dialect {
            Dialect::YWebsocket => Envelope::YWebsocket,
            Dialect::Hocuspocus => Envelope::Hocuspocus { address: self.named.keys().next()?.clone() },
        }
        .encode(&ServerMessage::keep_alive())
    }

    /// Whether nothing was opened yet by somebody who has not said who they are.
    pub(crate) fn of_stranger(&self) -> bool {
        self.stranger
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.only.is_none() && self.named.is_empty()
    }

    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.only.iter().chain(self.named.values()).map(|open| &open.session)
    }

    /// A Hocuspocus frame: about a document that is open, or one that is to be.
    fn addressed(&mut self, address: Arc<str>, message: ClientMessage, bytes: usize) -> Said {
        if let Some(open) = self.named.get(&address) {
            return match message {
                // Said twice: answered twice. The session goes on as it is.
                ClientMessage::Auth { .. } => {
                    answer(address, &ServerMessage::Authenticated { read_only: !open.grant.may_write() })
                }
                ClientMessage::Close => {
                    self.named.remove(&address);
                    Said::Heard
                }
                message => self.say(Later { address: Some(address), message, bytes }),
            };
        }
        match message {
            ClientMessage::Auth { token, .. } => match self.open(&address, &token) {
                Ok(()) => Said::Heard,
                Err(why) => answer(address, &ServerMessage::PermissionDenied(why)),
            },
            // A provider 2 without a token says nothing of itself and begins to synchronise.
            ClientMessage::SyncStep1(_) => match self.open(&address, "") {
                Ok(()) => self.say(Later { address: Some(address), message, bytes }),
                Err(why) => answer(address, &ServerMessage::PermissionDenied(why)),
            },
            ClientMessage::SyncStep2(_) | ClientMessage::Update(_) => {
                let why =
                    "authenticate before you send changes: this document is not open on this connection";
                answer(address, &ServerMessage::PermissionDenied(why.into()))
            }
            // Presence, questions and goodbyes for a document that is not open say nothing.
            _ => Said::Heard,
        }
    }

    fn open(&mut self, address: &Arc<str>, token: &str) -> Result<(), String> {
        if self.named.len() >= DOCUMENTS_PER_SOCKET_MAX {
            return Err(format!("one connection may have at most {DOCUMENTS_PER_SOCKET_MAX} documents open"));
        }
        let envelope = Envelope::Hocuspocus { address: address.clone() };
        let name = envelope.document().unwrap_or_default();
        let doc = DocId::new(name).map_err(|error| error.to_string())?;
        let credentials = self.credentials.with_token(&self.app, token);
        let grant = granted(&self.app.wiki, &credentials, doc, self.wishes);
        let grant = grant.map_err(|refused| credentials.why(refused))?;
        let open = self.join(grant, credentials, envelope).map_err(|error| error.to_string())?;
        self.named.insert(address.clone(), open);
        self.stranger = false;
        Ok(())
    }

    fn join(&self, grant: Grant, credentials: Credentials, envelope: Envelope) -> Result<Open, JoinError> {
        let joining = Joining { envelope, mail: self.mail.clone(), schema: self.wishes.schema };
        Ok(Open { session: self.app.hub.join(&grant, joining)?, credentials, grant })
    }

    /// Looks again at what everyone on this socket may. What is over is ended: a document with a denial that its client
    /// understands, the whole socket where it is for one document only.
    ///
    /// # Errors
    /// How to close the socket.
    pub(crate) fn look_again(&mut self) -> Result<Vec<Bytes>, Closing> {
        let (wiki, wishes) = (&self.app.wiki, self.wishes);
        if let Some(open) = &mut self.only {
            let reason = "you may not see this document any more";
            open.look_again(wiki, wishes).map_err(|_| Closing { code: close::FORBIDDEN, reason })?;
        }
        let mut denials = Vec::new();
        self.named.retain(|address, open| {
            let looked = open.look_again(wiki, wishes);
            if let Err(refused) = &looked {
                let envelope = Envelope::Hocuspocus { address: address.clone() };
                denials.extend(envelope.encode(&ServerMessage::PermissionDenied(refused.to_string())));
            }
            looked.is_ok()
        });
        Ok(denials)
    }

    /// An answer that names no document.
    fn whole_socket(&self, message: &ServerMessage) -> Said {
        let envelope = Envelope::Hocuspocus { address: "".into() };
        envelope.encode(message).map_or(Said::Heard, Said::Answer)
    }
}

impl Open {
    /// Whether it may still be open; what it may now, its room is told.
    fn look_again(&mut self, wiki: &Wiki, wishes: Wishes) -> Result<(), Refused> {
        let grant = granted(wiki, &self.credentials, self.session.doc().clone(), wishes)?;
        // An app that is removed leaves its rooms to nobody, and its people do not stay as anybody.
        if self.grant.whose() == Whose::Apps && grant.whose() != Whose::Apps {
            return Err(Refused::SignIn);
        }
        if grant != self.grant {
            self.session.regrant(&grant);
            self.grant = grant;
        }
        Ok(())
    }
}

/// As much of a document as may be had by what was shown, and was wished for.
pub(crate) fn granted(
    wiki: &Wiki,
    credentials: &Credentials,
    doc: DocId,
    wishes: Wishes,
) -> Result<Grant, Refused> {
    let grant = wiki.grant(&credentials.subject(wiki), doc, Right::Most)?;
    Ok(if wishes.read_only { grant.read_only() } else { grant })
}

fn answer(address: Arc<str>, message: &ServerMessage) -> Said {
    Envelope::Hocuspocus { address }.encode(message).map_or(Said::Heard, Said::Answer)
}

/// A frame for a document without a name: denied like any other document that cannot be opened.
fn nameless() -> Said {
    answer("".into(), &ServerMessage::PermissionDenied(DocIdError::Empty.to_string()))
}
