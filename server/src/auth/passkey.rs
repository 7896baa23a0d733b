//! Signing in with a passkey (WebAuthn): a key that the person's device or password manager holds for this very site.
//!
//! A ceremony is begun here, carried out by the browser and finished here, once and within five minutes; which are under
//! way is known to this process alone. The person is always verified (by fingerprint, face or PIN), and the passkey
//! itself says whose it is, so nobody types an address.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use url::{Host, Url};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle, Username,
};
use webauthn_rp::request::{AsciiDomain, FixedCapHashSet, InsertResult, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};
use weft_wiki::member::{NewPasskey, PASSKEY_STATE_BYTES, Passkey};

/// How many ceremonies of each kind may be under way.
pub(crate) const CEREMONIES_MAX: usize = 1 << 16;
/// The longest answer of a browser that is read.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// How many bytes a person's id has, which is what a passkey says of its person.
const PERSON_BYTES: usize = 24;

type Answer = webauthn_rp::response::auth::DiscoverableAuthentication<PERSON_BYTES>;
type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// Why a passkey was not made, or nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasskeyError {
    #[error(
        "passkeys need https and a name (not an IP address); open the wiki under its name, or sign in with your password"
    )]
    Site,
    #[error("too many people are signing in at this moment; try again in a few minutes")]
    Busy,
    #[error("this took too long, or was finished already; begin again")]
    Stray,
    #[error("the passkey's answer does not hold ({0}); try again, or sign in with your password")]
    Refused(String),
    #[error("the stored passkey is damaged; remove it and make a new one")]
    Damaged,
}

/// The site that passkeys are for, under one of the names that the server is configured to have.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    rp: RpId,
    origin: String,
}

impl Site {
    /// The site of an origin as browsers write it: `https://wiki.example.com`, or `http://localhost:4545`.
    ///
    /// # Errors
    /// [`PasskeyError::Site`] where browsers allow no passkeys.
    pub(crate) fn new(origin: &str) -> Result<Self, PasskeyError> {
        let url = Url::parse(origin).map_err(|_| PasskeyError::Site)?;
        let Some(Host::Domain(host)) = url.host() else { return Err(PasskeyError::Site) };
        let local = host == "localhost" || host.ends_with(".localhost");
        if !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
            return Err(PasskeyError::Site);
        }
        let rp = AsciiDomain::try_from(host.to_owned()).map_err(|_| PasskeyError::Site)?;
        Ok(Self { rp: RpId::Domain(rp), origin: url.origin().ascii_serialization() })
    }

    fn origins(&self) -> [&str; 1] {
        [&self.origin]
    }
}

/// The person who makes a passkey, as their device shows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person<'a> {
    /// 24 characters.
    pub(crate) id: &'a str,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
}

/// How the browser is told of a passkey that there is.
fn descriptor(passkey: &Passkey) -> Option<PublicKeyCredentialDescriptor<Vec<u8>>> {
    Some(PublicKeyCredentialDescriptor {
        id: CredentialId::decode(passkey.credential.clone()).ok()?,
        transports: AuthTransports::decode(passkey.transports).ok()?,
    })
}

/// A browser's answer to a sign-in, read but not verified.
#[derive(Debug)]
pub(crate) struct SignInAnswer(Answer);

impl SignInAnswer {
    /// Reads the JSON of a `PublicKeyCredential`.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when it is none.
    pub(crate) fn read(json: &[u8]) -> Result<Self, PasskeyError> {
        if json.len() > ANSWER_BYTES_MAX {
            return Err(refused("it is too long"));
        }
        Answer::from_json_relaxed(json).map(Self).map_err(refused)
    }

    /// Which passkey it says it is of: find that one.
    pub(crate) fn credential(&self) -> &[u8] {
        // Its own error type has no value.
        self.0.raw_id().into_inner()
    }
}

/// The ceremonies that are under way.
pub(crate) struct Passkeys {
    registrations: Mutex<FixedCapHashSet<RegistrationServerState<PERSON_BYTES>>>,
    sign_ins: Mutex<FixedCapHashSet<DiscoverableAuthenticationServerState>>,
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkeys(..)")
    }
}

impl Passkeys {
    pub(crate) fn new() -> Self {
        Self {
            registrations: Mutex::new(FixedCapHashSet::new(CEREMONIES_MAX)),
            sign_ins: Mutex::new(FixedCapHashSet::new(CEREMONIES_MAX)),
        }
    }

    /// What the browser needs to make a passkey for somebody who is signed in: the argument of
    /// `navigator.credentials.create`, in JSON. `existing` are those the person has.
    ///
    /// # Errors
    /// [`PasskeyError`] says why not.
    pub(crate) fn begin_registration(
        &self,
        site: &Site,
        person: Person<'_>,
        existing: &[Passkey],
    ) -> Result<Value, PasskeyError> {
        let handle = handle(person.id)?;
        let user = PublicKeyCredentialUserEntity {
            // Some addresses are no user names for the library; the id always is one.
            name: Username::try_from(person.email)
                .or_else(|_| Username::try_from(person.id))
                .map_err(refused)?,
            id: &handle,
            display_name: Nickname::try_from(person.name).ok(),
        };
        let known = existing.iter().filter_map(descriptor).collect();
        let (server, client) = PublicKeyCredentialCreationOptions::passkey(&site.rp, user, known)
            .start_ceremony()
            .map_err(refused)?;
        let mut registrations = self.registrations.lock().unwrap_or_else(PoisonError::into_inner);
        match registrations.insert_or_replace_all_expired(server) {
            InsertResult::Success => serde_json::to_value(&client).map_err(refused),
            _ => Err(PasskeyError::Busy),
        }
    }

    /// The passkey that a browser made for the signed-in person of this id.
    ///
    /// # Errors
    /// [`PasskeyError`] says why not.
    pub(crate) fn finish_registration(
        &self,
        site: &Site,
        person: &str,
        json: &[u8],
    ) -> Result<NewPasskey, PasskeyError> {
        if json.len() > ANSWER_BYTES_MAX {
            return Err(refused("it is too long"));
        }
        let answer = Registration::from_json_relaxed(json).map_err(refused)?;
        let challenge = answer.challenge_relaxed().map_err(refused)?;
        let begun = self.registrations.lock().unwrap_or_else(PoisonError::into_inner).take(&challenge);
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &site.origins(),
            // Browsers tell more than they were asked.
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = begun.ok_or(PasskeyError::Stray)?.verify(&site.rp, &answer, &options).map_err(refused)?;
        if *made.user_id() != handle(person)? {
            return Err(PasskeyError::Stray);
        }
        let stored =
            |result: Result<Vec<u8>, std::convert::Infallible>| result.unwrap_or_else(|never| match never {});
        Ok(NewPasskey {
            credential: made.id().into_inner().to_vec(),
            transports: made.transports().encode().unwrap_or_else(|never| match never {}),
            key: stored(made.static_state().encode()),
            state: made.dynamic_state().encode().unwrap_or_else(|never| match never {}),
        })
    }

    /// What the browser needs for a sign-in: the argument of `navigator.credentials.get`, in JSON.
    ///
    /// # Errors
    /// [`PasskeyError`] says why not.
    pub(crate) fn begin_sign_in(&self, site: &Site) -> Result<Value, PasskeyError> {
        let (server, client) =
            DiscoverableCredentialRequestOptions::passkey(&site.rp).start_ceremony().map_err(refused)?;
        let mut sign_ins = self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        match sign_ins.insert_or_replace_all_expired(server) {
            InsertResult::Success => serde_json::to_value(&client).map_err(refused),
            _ => Err(PasskeyError::Busy),
        }
    }

    /// Whether the answer is that of `passkey`; then its person is signed in. Gives back the state that it is in now: it
    /// counts its uses.
    ///
    /// # Errors
    /// [`PasskeyError`] says why nobody is signed in.
    pub(crate) fn finish_sign_in(
        &self,
        site: &Site,
        answer: &SignInAnswer,
        passkey: &Passkey,
    ) -> Result<[u8; PASSKEY_STATE_BYTES], PasskeyError> {
        let answer = &answer.0;
        let challenge = answer.challenge_relaxed().map_err(refused)?;
        let begun = self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner).take(&challenge);
        let handle = handle(passkey.user.as_str())?;
        let mut credential = AuthenticatedCredential::new(
            CredentialId::decode(passkey.credential.as_slice()).map_err(|_| PasskeyError::Damaged)?,
            &handle,
            StaticState::<PublicKey>::decode(&passkey.key).map_err(|_| PasskeyError::Damaged)?,
            DynamicState::decode(passkey.state).map_err(|_| PasskeyError::Damaged)?,
        )
        .map_err(|_| PasskeyError::Damaged)?;
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &site.origins(),
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        begun
            .ok_or(PasskeyError::Stray)?
            .verify(&site.rp, answer, &mut credential, &options)
            .map_err(refused)?;
        Ok(credential.dynamic_state().encode().unwrap_or_else(|never| match never {}))
    }
}

/// What a passkey says of its person: the bytes of the id.
fn handle(person: &str) -> Result<UserHandle<PERSON_BYTES>, PasskeyError> {
    let bytes = person.as_bytes().try_into().map_err(|_| refused("the person's id is of another kind"))?;
    Ok(UserHandle::decode(bytes).unwrap_or_else(|never| match never {}))
}

fn refused(error: impl fmt::Display) -> PasskeyError {
    PasskeyError::Refused(error.to_string())
}

#[cfg(test)]
pub(crate) mod device;
#[cfg(test)]
mod tests;
