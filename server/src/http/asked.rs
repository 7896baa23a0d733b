//! What the wiki's routes are given: whoever asks, and by them the proof of what they may.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use weft_access::{Action, Allowed, PageFacts, Refused, SpaceRules, Subject};
use weft_ids::{PageId, SpaceId};
use weft_wiki::Wiki;

use super::error::ApiError;
use crate::app::AppState;
use crate::asking::Credentials;
use crate::peer::Peer;

/// Whoever asks.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Who that is.
    pub(crate) subject: Subject,
    /// Where from.
    pub(crate) address: IpAddr,
    /// What they showed.
    pub(crate) credentials: Credentials,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let credentials = Credentials::of(&app.settings, &parts.extensions, &parts.headers, &parts.uri);
        let peer = parts.extensions.get::<Peer>();
        Ok(Self {
            subject: credentials.subject(&app.wiki),
            address: peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical()),
            credentials,
        })
    }
}

impl Asked {
    /// Proof that they may do `A` on this server.
    pub(crate) fn may<A>(&self, wiki: &Wiki) -> Result<Allowed<A>, ApiError>
    where
        A: for<'a> Action<Object = (), Facts<'a> = ()>,
    {
        Ok(wiki.allow::<A>(&self.subject)?)
    }

    /// Proof that they may do `A` to the page with an id from an address; what is no id is as hidden as what does not
    /// exist.
    pub(crate) fn may_to_page<A>(&self, wiki: &Wiki, id: &str) -> Result<Allowed<A>, ApiError>
    where
        A: for<'a> Action<Object = PageId, Facts<'a> = PageFacts<'a>>,
    {
        let id = PageId::new(id).ok_or_else(|| self.unseen())?;
        Ok(wiki.allow_page::<A>(&self.subject, &id)?)
    }

    /// Proof that they may do `A` to the space with an id from an address, likewise.
    pub(crate) fn may_to_space<A>(&self, wiki: &Wiki, id: &str) -> Result<Allowed<A>, ApiError>
    where
        A: for<'a> Action<Object = SpaceId, Facts<'a> = SpaceRules>,
    {
        let id = SpaceId::new(id).ok_or_else(|| self.unseen())?;
        Ok(wiki.allow_space::<A>(&self.subject, &id)?)
    }

    /// The refusal for what they may not know of.
    pub(crate) fn unseen(&self) -> Refused {
        Refused::unseen(&self.subject)
    }
}
