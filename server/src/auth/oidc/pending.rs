//! The sign-ins that are under way, while the people are at their provider. This process alone knows them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::{Pending, millis};
use crate::auth::secret::SecretHash;

/// How many sign-ins may be under way.
pub(crate) const AWAY_MAX: usize = 1 << 16;

/// As many as may be are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people are signing in at this moment; try again in a few minutes")]
pub(crate) struct Busy;

/// Sign-ins under way, each found by what its browser's cookie holds.
#[derive(Default)]
pub(crate) struct Away(Mutex<HashMap<SecretHash, Pending>>);

impl fmt::Debug for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Away(..)")
    }
}

impl Away {
    /// Keeps a sign-in until its browser comes back.
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) fn keep(&self, browser: SecretHash, pending: Pending, now: SystemTime) -> Result<(), Busy> {
        let mut away = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if away.len() >= AWAY_MAX {
            away.retain(|_, pending| pending.expires > millis(now));
        }
        if away.len() >= AWAY_MAX {
            return Err(Busy);
        }
        away.insert(browser, pending);
        Ok(())
    }

    /// The sign-in that this browser began. It is finished once.
    pub(crate) fn take(&self, browser: &SecretHash) -> Option<Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(browser)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::auth::secret::{Kind, Secret};

    #[test]
    fn a_sign_in_is_taken_once_and_those_that_took_too_long_make_room() {
        let pending = |expires| Pending {
            provider: "house".to_owned(),
            state_hash: [0; 32],
            nonce: String::new(),
            verifier: String::new(),
            next: "/".to_owned(),
            expires,
        };
        let hash = |number: usize| {
            let mut bits = [0; 32];
            bits[..8].copy_from_slice(&number.to_le_bytes());
            Secret::from_bits(Kind::Pending, bits).hash()
        };
        let away = Away::default();
        let now = SystemTime::UNIX_EPOCH;
        for number in 0..AWAY_MAX {
            away.keep(hash(number), pending(1_000), now).unwrap();
        }
        assert_eq!(away.keep(hash(AWAY_MAX), pending(1_000), now), Err(Busy));
        assert!(away.take(&hash(7)).is_some() && away.take(&hash(7)).is_none());
        away.keep(hash(7), pending(9_000), now).unwrap();
        away.keep(hash(AWAY_MAX), pending(9_000), now + Duration::from_secs(2)).unwrap();
        assert!(away.take(&hash(7)).is_some() && away.take(&hash(8)).is_none());
    }
}
