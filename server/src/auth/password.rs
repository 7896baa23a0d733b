//! Passwords: which are taken, and how they are kept.
//!
//! Kept is an Argon2id hash as a PHC string, which names its own parameters: so they can be raised later, and
//! [`Verdict::Right`] says whose hash is still of the old ones.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngExt as _;
use serde::{Deserialize, Deserializer};
use tokio::sync::{Semaphore, TryAcquireError};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;
use zxcvbn::Score;

/// The fewest characters of a password.
pub(crate) const PASSWORD_CHARACTERS_MIN: usize = 10;
/// The most characters of a password.
pub(crate) const PASSWORD_CHARACTERS_MAX: usize = 256;

/// How many passwords are hashed at once: each takes [`MEMORY_KIB`] and a core for a good part of a tenth of a second.
const HASHINGS_MAX: usize = 2;
/// How many may wait for their turn.
const HASHINGS_WAITING_MAX: usize = 64;

/// Argon2id's memory, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Argon2id's passes over that memory.
const PASSES: u32 = 2;
/// Argon2id's lanes.
const LANES: u32 = 1;
/// How many random bytes of salt a hash has.
const SALT_BYTES: usize = 16;

/// What is verified for somebody who does not exist, so that this takes as long as for somebody who does.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$0eXfiYb4sDTa1CmVvRnbGSpnLGGzeOmGbHJUYUmrMaE";

/// A password as somebody typed it, in one Unicode form (a keyboard may write é as one character or as two).
/// It is wiped from memory when it goes, and `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    pub(crate) fn new(text: String) -> Self {
        let typed = Zeroizing::new(text);
        // Room for the longest form there is, so that no half of it stays behind in memory when the string grows.
        let mut one_form = Zeroizing::new(String::with_capacity(typed.len() * 3));
        one_form.extend(typed.nfc());
        Self(one_form)
    }

    fn is_too_long(&self) -> bool {
        self.0.chars().nth(PASSWORD_CHARACTERS_MAX).is_some()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// What anybody knows of a person, and so tries first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    /// The wiki's name.
    pub(crate) wiki: &'a str,
}

/// Why a password is not taken, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "The password is too short. Use at least {PASSWORD_CHARACTERS_MIN} characters; a few words together are easy to remember."
    )]
    TooShort,
    #[error("The password is too long. Use at most {PASSWORD_CHARACTERS_MAX} characters.")]
    TooLong,
    #[error("The password is your e-mail address. Use one that others cannot know.")]
    Email,
    #[error("The password is your name. Use one that others cannot know.")]
    Name,
    #[error("The password is the name of this wiki. Use one that others cannot know.")]
    Wiki,
    #[error(
        "The password is among those that are tried first. Use another, for example four words that do not belong together."
    )]
    Common,
}

/// Whether `password` may become that of the person whom `about` describes. There are no rules of composition: it must be
/// long enough, and not among the first million that somebody who knows the person would try.
///
/// # Errors
/// [`Refusal`] says why not.
pub(crate) fn acceptable(password: &Password, about: About<'_>) -> Result<(), Refusal> {
    if password.0.chars().count() < PASSWORD_CHARACTERS_MIN {
        return Err(Refusal::TooShort);
    }
    if password.is_too_long() {
        return Err(Refusal::TooLong);
    }
    let plain = |text: &str| Zeroizing::new(text.nfc().collect::<String>().trim().to_lowercase());
    let (given, email) = (plain(&password.0), plain(about.email));
    if given == email || email.split_once('@').is_some_and(|(mailbox, _)| *given == mailbox) {
        return Err(Refusal::Email);
    }
    if given == plain(about.name) {
        return Err(Refusal::Name);
    }
    if given == plain(about.wiki) {
        return Err(Refusal::Wiki);
    }
    let known: Vec<&str> =
        about.email.split('@').chain(about.name.split_whitespace()).chain([about.wiki]).collect();
    if zxcvbn::zxcvbn(&password.0, &known).score() < Score::Two {
        return Err(Refusal::Common);
    }
    Ok(())
}

/// What came of comparing a password with a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the password. With `rehash` the stored hash is of old parameters: hash the password again and store that.
    Right {
        rehash: bool,
    },
    Wrong,
}

/// Why nothing came of hashing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// More than [`HASHINGS_WAITING_MAX`] wait. Nothing is wrong with the password.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// The stored text is no hash, or hashing itself failed.
    #[error("a password cannot be hashed or compared: {0}")]
    Broken(String),
}

impl From<argon2::password_hash::Error> for HashError {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Hashes and compares passwords, [`HASHINGS_MAX`] at once, off the async threads.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    /// Whoever is in here hashes.
    running: Arc<Semaphore>,
    /// Whoever is in here hashes or waits.
    line: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(HASHINGS_MAX)),
            line: Arc::new(Semaphore::new(HASHINGS_MAX + HASHINGS_WAITING_MAX)),
        }
    }

    /// What to store for a new password: a PHC string.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, HashError> {
        let salt: [u8; SALT_BYTES] = rand::rng().random();
        self.run(move || {
            let salt = SaltString::encode_b64(&salt)?;
            Ok(argon2()?.hash_password(password.0.as_bytes(), &salt)?.to_string())
        })
        .await
    }

    /// Compares a password with what is stored. `None` is somebody who does not exist or has no password: always wrong,
    /// after as long a time.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait, [`HashError::Broken`] when `stored` is no hash.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<Verdict, HashError> {
        self.run(move || {
            // Longer ones were never taken, and reading them must not become work for free.
            let (password, stored) = match stored {
                Some(stored) if !password.is_too_long() => (password, Some(stored)),
                _ => (Password::new(String::new()), None),
            };
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(NOBODY))?;
            if hash.salt.is_none() || hash.hash.is_none() {
                return Err(HashError::Broken("what is stored is no whole hash".to_owned()));
            }
            match argon2()?.verify_password(password.0.as_bytes(), &hash) {
                Ok(()) if stored.is_some() => Ok(Verdict::Right { rehash: is_old(&hash) }),
                Ok(()) | Err(argon2::password_hash::Error::Password) => Ok(Verdict::Wrong),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = self.line.clone().try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => HashError::Busy,
            TryAcquireError::Closed => HashError::Broken(error.to_string()),
        })?;
        let turn = self
            .running
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| HashError::Broken(error.to_string()))?;
        // The places go with the work: a caller who hangs up does not make room for a third.
        let work = move || {
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| HashError::Broken(error.to_string()))?
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, PASSES, LANES, None)?))
}

/// Whether a hash was made otherwise than hashes are made now.
fn is_old(hash: &PasswordHash<'_>) -> bool {
    let costs = Params::try_from(hash).map(|params| (params.m_cost(), params.t_cost(), params.p_cost()));
    hash.algorithm != Algorithm::Argon2id.ident()
        || hash.version != Some(Version::V0x13.into())
        || costs != Ok((MEMORY_KIB, PASSES, LANES))
}

#[cfg(test)]
mod tests;
