//! What Weft answers over HTTP, one file per noun.

pub(crate) mod admin;
pub(crate) mod asked;
pub(crate) mod body;
pub(crate) mod desk;
pub(crate) mod docs;
pub(crate) mod error;
pub(crate) mod etag;
pub(crate) mod events;
pub(crate) mod guard;
pub(crate) mod history;
pub(crate) mod home;
pub(crate) mod live;
pub(crate) mod metrics;
pub(crate) mod name;
pub(crate) mod openapi;
pub(crate) mod pages;
pub(crate) mod ready;
pub(crate) mod shares;
pub(crate) mod spaces;
pub(crate) mod wiki;
