//! What the wiki's routes are given: whoever asks, and by them the proof of what they may.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use weft_access::{Action, Allowed, PageFacts, Refused, SpaceRules, Subject};
use weft_ids::{PageId, SignInId, SpaceId};
use weft_wiki::Wiki;

use super::error::ApiError;
use crate::app::{App, AppState};
use crate::asking::{By, Credentials};
use crate::auth::cookie::Scheme;
use crate::peer;

/// Whoever asks.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Who that is.
    pub(crate) subject: Subject,
    /// By what.
    by: Option<By>,
    /// Where from.
    pub(crate) address: IpAddr,
    /// How their browser reaches Weft.
    pub(crate) scheme: Scheme,
    /// What they showed.
    pub(crate) credentials: Credentials,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let credentials = Credentials::of(app, &parts.extensions, &parts.headers, &parts.uri);
        let (subject, by) = credentials.look(&app.wiki);
        let asked = Self {
            subject,
            by,
            address: peer::address(&app.settings, &parts.extensions, &parts.headers),
            scheme: peer::scheme(&app.settings, &parts.extensions, &parts.headers),
            credentials,
        };
        // This machine is not a stranger, and neither is anybody on a server that is open to everyone.
        if app.wiki.is_set_up() && !asked.subject.local && !app.settings.open {
            // A backend asks for all its people from one address. No user's id ends so.
            let backend = asked.credentials.backend(&app.wiki).map(|name| format!("{name}:"));
            let user = asked.subject.user().map(|user| user.as_str());
            app.limits.request(user.or(backend.as_deref()), asked.address)?;
        }
        asked.note_seen(app).await;
        Ok(asked)
    }
}

impl Asked {
    /// Notes when what they showed was last used. That it could not be noted is no reason not to answer.
    async fn note_seen(&self, app: &App) {
        let noted = match &self.by {
            Some(By::SignIn(id)) => app.wiki.note_seen(id, &self.address.to_string()).await,
            Some(By::Key(id)) => app.wiki.note_used(id).await,
            None => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "when somebody was last seen could not be noted");
        }
    }

    /// The sign-in of the browser that asks, if it is signed in.
    pub(crate) fn sign_in(&self) -> Option<&SignInId> {
        match &self.by {
            Some(By::SignIn(id)) => Some(id),
            Some(By::Key(_)) | None => None,
        }
    }

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
