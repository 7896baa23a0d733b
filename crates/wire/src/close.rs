//! The codes with which a socket is closed, and what the clients make of them.
//!
//! y-websocket clients reconnect after every code, from 100 ms up to 2.5 s apart. Hocuspocus providers 3 and 4 ignore
//! codes too and retry after 1 s and up to 30 s; providers 2 know some, told below.

/// The server goes away (RFC 6455). Every client reconnects.
pub const GOING_AWAY: u16 = 1001;
/// The bytes broke the protocol (RFC 6455). Every client reconnects and, synchronised anew, mostly behaves.
pub const PROTOCOL_ERROR: u16 = 1002;
/// The client broke a rule of ours that no other code tells.
pub const POLICY: u16 = 1008;
/// A message was larger than allowed. A provider 2 stops reconnecting; the others try again.
pub const TOO_BIG: u16 = 1009;
/// Something on our side failed.
pub const INTERNAL: u16 = 1011;
/// The server restarts. Every client reconnects.
pub const RESTART: u16 = 1012;
/// Come back later: the server is overloaded or cannot store. Every client reconnects.
pub const TRY_LATER: u16 = 1013;
/// The connection is reset so that the client starts over. Hocuspocus' own code; every provider reconnects.
pub const RESET: u16 = 4205;
/// Not, or no longer, authenticated. A provider 2 stops reconnecting; the others ask for a token and try again.
pub const UNAUTHORIZED: u16 = 4401;
/// Authenticated, but not allowed here. A provider 2 stops reconnecting.
pub const FORBIDDEN: u16 = 4403;
/// Said nothing for too long, or did not authenticate in time. Every client reconnects.
pub const TIMEOUT: u16 = 4408;
