//! Places offered to people who are not here yet.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use weft_access::action::{Administer, ManageSpace};
use weft_access::{Allowed, Level, Refused, Role, Subject, Who, space_level};
use weft_ids::{InvitationId, SpaceId, UnixMillis, UserId};

use super::{NewPerson, Person, email_cleaned};
use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::space::{Space, set_granted};
use crate::wiki::{SecretHash, Stamp, Turn, Wiki, dice, now};

/// How long an invitation can be accepted.
pub const INVITATION_MAX: Duration = Duration::from_hours(7 * 24);
/// The most invitations of one server that wait for an answer.
pub const INVITATIONS_MAX: usize = 1_000;
/// The most spaces that one invitation opens.
pub const INVITED_SPACES_MAX: usize = 50;

/// A place offered to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The hash of what stands in its link.
    pub secret: SecretHash,
    /// Whom it is for; `None`: for whoever has the link.
    pub email: Option<String>,
    /// What they will be.
    pub role: Role,
    /// What they will be granted.
    pub spaces: Vec<(SpaceId, Level)>,
    /// When and by whom it was made.
    pub made: Stamp,
    /// When it ends.
    pub expires: UnixMillis,
    /// Who they will be. Chosen beforehand, so that an acceptance that was cut short can be done again and is still
    /// one.
    user: UserId,
}

/// What is offered.
#[derive(Debug)]
pub struct Offer {
    /// Whom it is for; `None`: for whoever has the link.
    pub email: Option<String>,
    /// What they will be.
    pub role: Role,
    /// What they will be granted, with the proof that whoever invites may grant it.
    pub spaces: Vec<(Allowed<ManageSpace>, Level)>,
}

/// Who accepts.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// What they are called.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The hash of their password (PHC string).
    pub password: Option<String>,
}

impl Wiki {
    /// Offers somebody a place. Ones that have ended make room.
    ///
    /// # Errors
    /// [`WikiError::MoreThanOwn`], [`WikiError::Taken`] when somebody has that address, [`WikiError::Invalid`],
    /// [`WikiError::TooMany`] and those of the store.
    pub async fn invite(
        &self,
        proof: &Allowed<Administer>,
        secret: SecretHash,
        offer: Offer,
    ) -> Result<Invitation, WikiError> {
        let turn = self.turn().await;
        if Some(offer.role) > proof.subject().role() {
            return Err(WikiError::MoreThanOwn);
        }
        let email = offer.email.as_deref().map(email_cleaned).transpose()?;
        if email.as_deref().is_some_and(|email| self.person_by_email(email).is_some()) {
            return Err(WikiError::Taken(Field::Email));
        }
        if offer.spaces.len() > INVITED_SPACES_MAX {
            return Err(WikiError::TooMany { what: "spaces in one invitation", max: INVITED_SPACES_MAX });
        }
        self.clear_invitations(&turn).await?;
        if self.model().invitations.len() >= INVITATIONS_MAX {
            return Err(WikiError::TooMany { what: "open invitations", max: INVITATIONS_MAX });
        }
        let at = now();
        let invitation = Invitation {
            id: InvitationId::random(dice()),
            secret,
            email,
            role: offer.role,
            spaces: offer.spaces.into_iter().map(|(space, level)| (space.object().clone(), level)).collect(),
            made: Stamp { at, by: proof.by().cloned() },
            expires: after(at, INVITATION_MAX),
            user: UserId::random(dice()),
        };
        self.put(&turn, invitation.clone()).await?;
        Ok(invitation)
    }

    /// The invitations that can still be accepted, the newest first.
    #[must_use]
    pub fn invitations(&self, _proof: &Allowed<Administer>) -> Vec<Invitation> {
        let model = self.model();
        let open = model.invitations.iter().filter(|invitation| model.can_be_accepted(invitation));
        let mut open: Vec<Invitation> = open.cloned().collect();
        open.sort_by(|a, b| b.made.at.cmp(&a.made.at).then_with(|| a.id.cmp(&b.id)));
        open
    }

    /// The invitation whose link holds the secret with this hash, if it can still be accepted.
    #[must_use]
    pub fn invitation_by_secret(&self, secret: &SecretHash) -> Option<Invitation> {
        let model = self.model();
        let invitation = model.invitations.get(model.by_invitation.get(secret)?)?;
        model.can_be_accepted(invitation).then(|| invitation.clone())
    }

    /// Takes an invitation back. Answers what it was.
    ///
    /// # Errors
    /// Those of the store; one that has ended does not exist.
    pub async fn revoke_invitation(
        &self,
        _proof: &Allowed<Administer>,
        id: &InvitationId,
    ) -> Result<Invitation, WikiError> {
        let turn = self.turn().await;
        let invitation = {
            let model = self.model();
            let open = model.invitations.get(id).filter(|invitation| model.can_be_accepted(invitation));
            open.cloned().ok_or(Refused::Hidden)?
        };
        self.end_invitation(&turn, &invitation).await?;
        Ok(invitation)
    }

    /// Accepts an invitation: the person is there, and has what was offered to them as far as whoever invited them could
    /// still grant it now.
    ///
    /// # Errors
    /// [`WikiError::Gone`], [`WikiError::Invalid`], [`WikiError::Taken`], [`WikiError::TooMany`], and those of the store:
    /// then the invitation can be accepted again.
    pub async fn accept_invitation(
        &self,
        secret: &SecretHash,
        newcomer: Newcomer,
    ) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let invitation = self.invitation_by_secret(secret).ok_or(WikiError::Gone)?;
        self.accept(&turn, invitation, newcomer).await
    }

    /// The newest invitation for an address that can still be accepted.
    pub(super) fn invitation_by_email(&self, email: &str) -> Option<Invitation> {
        let model = self.model();
        let meant = |one: &&Invitation| one.email.as_deref() == Some(email) && model.can_be_accepted(one);
        model.invitations.iter().filter(meant).max_by_key(|one| one.made.at).cloned()
    }

    pub(super) async fn accept(
        &self,
        turn: &Turn<'_>,
        invitation: Invitation,
        newcomer: Newcomer,
    ) -> Result<Person, WikiError> {
        let email = email_cleaned(&newcomer.email)?;
        if invitation.email.as_ref().is_some_and(|invited| *invited != email) {
            return Err(WikiError::invalid(Field::Email, "this invitation is for another e-mail address"));
        }
        let new = NewPerson {
            email: newcomer.email,
            name: newcomer.name,
            role: invitation.role,
            password: newcomer.password,
        };
        let person = self.newcomer(invitation.user.clone(), new)?;
        for (space, level) in self.still_offered(&invitation) {
            let mut space = space;
            set_granted(&mut space.rules.granted, &Who::Person(invitation.user.clone()), Some(level))?;
            self.put(turn, space).await?;
        }
        // From here on they are here, and the invitation is used whether its row is gone or not.
        self.put(turn, person.clone()).await?;
        if let Err(error) = self.remove::<Invitation>(turn, invitation.id).await {
            tracing::warn!(%error, "a used invitation was not removed yet");
        }
        Ok(person)
    }

    /// What of an invitation's spaces whoever made it could grant now.
    fn still_offered(&self, invitation: &Invitation) -> Vec<(Space, Level)> {
        let model = self.model();
        let by = invitation.made.by.as_ref().and_then(|by| model.persona(by, weft_access::Scope::Full));
        let by = Subject { person: by, ..Subject::default() };
        let offered = invitation.spaces.iter().filter_map(|(id, level)| {
            let space = model.spaces.get(id)?;
            (space_level(&by, &space.rules) == Some(Level::Manage)).then(|| (space.clone(), *level))
        });
        offered.collect()
    }

    /// Removes what cannot be accepted any more.
    async fn clear_invitations(&self, turn: &Turn<'_>) -> Result<(), WikiError> {
        let ended: Vec<Invitation> = {
            let model = self.model();
            model.invitations.iter().filter(|one| !model.can_be_accepted(one)).cloned().collect()
        };
        for invitation in ended {
            self.end_invitation(turn, &invitation).await?;
        }
        Ok(())
    }

    async fn end_invitation(&self, turn: &Turn<'_>, invitation: &Invitation) -> Result<(), WikiError> {
        // An acceptance that was cut short may have granted something already.
        if self.person(&invitation.user).is_none() {
            self.take_grants(turn, &Who::Person(invitation.user.clone())).await?;
        }
        self.remove::<Invitation>(turn, invitation.id.clone()).await
    }
}

impl Model {
    /// Whether an invitation holds: not used, not ended, and whoever made it could still make it.
    fn can_be_accepted(&self, invitation: &Invitation) -> bool {
        let used = self.people.get(&invitation.user).is_some();
        let vouched = invitation.made.by.as_ref().is_none_or(|by| {
            let by = self.people.get(by).filter(|by| by.suspended.is_none());
            by.is_some_and(|by| by.role >= Role::Admin.max(invitation.role))
        });
        !used && vouched && now() < invitation.expires
    }
}

/// A moment so long after another.
pub(crate) fn after(at: UnixMillis, time: Duration) -> UnixMillis {
    UnixMillis(at.0.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    secret: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    role: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spaces: Vec<(String, String)>,
    made: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<String>,
    expires: u64,
    user: String,
}

impl Row for Invitation {
    type Id = InvitationId;
    const NOUN: &'static str = "invitation";

    fn id(&self) -> InvitationId {
        self.id.clone()
    }

    fn word(id: &InvitationId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let word = |(space, level): &(SpaceId, Level)| (space.as_str().to_owned(), level.as_str().to_owned());
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            secret: self.secret.0,
            email: self.email.clone(),
            role: self.role.as_str().to_owned(),
            spaces: self.spaces.iter().map(word).collect(),
            made: self.made.at.0,
            made_by: self.made.by.as_ref().map(|by| by.as_str().to_owned()),
            expires: self.expires.0,
            user: self.user.as_str().to_owned(),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let read = |(space, level): &(String, String)| Some((SpaceId::new(space)?, Level::read(level)?));
        Some(Self {
            id: InvitationId::new(&stored.id)?,
            secret: SecretHash(stored.secret),
            email: stored.email,
            role: Role::read(&stored.role)?,
            spaces: stored.spaces.iter().map(read).collect::<Option<_>>()?,
            made: Stamp { at: UnixMillis(stored.made), by: stored.made_by.and_then(|by| UserId::new(&by)) },
            expires: UnixMillis(stored.expires),
            user: UserId::new(&stored.user)?,
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.invitations
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_invitation.remove(&before.secret);
        }
        if let Some(after) = after {
            model.by_invitation.insert(after.secret, after.id.clone());
        }
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}
