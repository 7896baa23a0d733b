//! A team's wiki: people, spaces, pages, shares, and what is known of each.
//!
//! [`Wiki`] keeps all of it in memory, read from and written to the store's small named values row by row. A change is
//! durable before it is seen; what it touches is told to whoever listens ([`Wiki::changes`]), and when it touches
//! rights, open sockets look again at what they may ([`Wiki::rights`]). Every operation takes proof that it is allowed
//! (see [`weft_access`]); [`Wiki::allow_page`] and its sisters make it from what holds at that moment.
//!
//! One folder per noun: [`member`], [`space`], [`page`], [`share`], [`desk`], [`notice`], [`digest`],
//! [`app`], [`audit`].

pub mod app;
pub mod audit;
mod change;
pub mod desk;
pub mod digest;
mod error;
pub mod member;
mod model;
pub mod notice;
mod order;
pub mod page;
mod row;
pub mod share;
pub mod space;
mod text;
mod wiki;

pub use change::Change;
pub use error::{Field, WikiError};
pub use text::{cleaned, lines_cleaned};
pub use wiki::{SecretHash, Stamp, Wiki};
