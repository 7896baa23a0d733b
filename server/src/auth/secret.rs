//! Secrets that open something: a link, a cookie, a token.
//!
//! A secret is shown once and kept only as its hash. It is 256 random bits, so a fast hash is enough: nobody can try
//! them all.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// How many random bytes a secret has.
const SECRET_BYTES: usize = 32;

/// What an API token begins with, so that one found in a file is known for what it is.
const TOKEN_PREFIX: &str = "weft_";
/// What the secret of an app begins with, likewise.
const APP_PREFIX: &str = "weft_app_";

/// What a secret opens. The hash of the same bits is another for each kind, so a secret of one never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The first owner's way into a new server.
    SetUp,
    /// An account for somebody who was invited.
    Invitation,
    /// A new password.
    Reset,
    /// A page, for whoever has the link.
    Share,
    /// A shared page behind a password, for a browser that gave it.
    Unlock,
    /// The API, as the person whose token it is.
    Token,
    /// The rooms of a foreign app, for its backend: it signs tokens with the text, or shows it to have them signed.
    App,
    /// A browser that is signed in.
    SignIn,
    /// A browser whose person is at their provider to sign in.
    Pending,
}

impl Kind {
    /// Names this use of the hash, for ever: what is stored depends on it.
    fn context(self) -> &'static str {
        match self {
            Self::SetUp => "weft 2026-11 secret set-up v1",
            Self::Invitation => "weft 2026-11 secret invitation v1",
            Self::Reset => "weft 2026-11 secret reset v1",
            Self::Share => "weft 2026-11 secret share v1",
            Self::Unlock => "weft 2026-11 secret unlock v1",
            Self::Token => "weft 2026-11 secret token v1",
            Self::App => "weft 2026-11 secret app v1",
            Self::SignIn => "weft 2026-11 secret sign-in v1",
            Self::Pending => "weft 2026-11 secret pending sign-in v1",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Token => TOKEN_PREFIX,
            Self::App => APP_PREFIX,
            _ => "",
        }
    }
}

/// 256 random bits that open something of one [`Kind`]. `Debug` shows the kind alone.
#[derive(Clone)]
pub(crate) struct Secret {
    kind: Kind,
    bits: Zeroizing<[u8; SECRET_BYTES]>,
}

impl Secret {
    /// A fresh one.
    pub(crate) fn random(kind: Kind) -> Self {
        Self::from_bits(kind, rand::rng().random())
    }

    /// One of bits that came from elsewhere.
    pub(crate) fn from_bits(kind: Kind, bits: [u8; SECRET_BYTES]) -> Self {
        Self { kind, bits: Zeroizing::new(bits) }
    }

    /// Reads what [`Secret::reveal`] wrote, and nothing that differs from it in any way.
    pub(crate) fn parse(kind: Kind, text: &str) -> Option<Self> {
        let text = text.strip_prefix(kind.prefix())?;
        let mut bits = Zeroizing::new([0; SECRET_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(text, bits.as_mut_slice()) {
            Ok(SECRET_BYTES) => Some(Self { kind, bits }),
            _ => None,
        }
    }

    /// The secret itself, for the one who is to have it: 43 characters of base64url, behind `weft_` for a token and
    /// `weft_app_` for an app's.
    pub(crate) fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(self.kind.prefix());
        URL_SAFE_NO_PAD.encode_string(self.bits.as_slice(), &mut text);
        text
    }

    /// What is stored in the secret's place.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash(blake3::derive_key(self.kind.context(), self.bits.as_slice()))
    }

    /// What proves that somebody gave the password of this share: it follows from the share's secret and its password's
    /// stored hash, so nothing is kept for it, and a new password or a new link ends it.
    pub(crate) fn unlocking(&self, password_hash: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("weft 2026-11 proof of a share's password v1");
        hasher.update(self.bits.as_slice());
        hasher.update(password_hash.as_bytes());
        Self::from_bits(Kind::Unlock, *hasher.finalize().as_bytes())
    }

    /// Whether both are the same secret of the same kind, in a time that tells nothing.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.hash().matches(other)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({:?})", self.kind)
    }
}

/// What is stored of a secret: it finds the secret's record and opens nothing itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SecretHash([u8; SECRET_BYTES]);

impl SecretHash {
    /// As it is stored.
    pub(crate) fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// Whether it is the hash of `secret`, in a time that tells nothing.
    pub(crate) fn matches(&self, secret: &Secret) -> bool {
        self.0.ct_eq(&secret.hash().0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const KINDS: [Kind; 9] = [
        Kind::SetUp,
        Kind::Invitation,
        Kind::Reset,
        Kind::Share,
        Kind::Unlock,
        Kind::Token,
        Kind::App,
        Kind::SignIn,
        Kind::Pending,
    ];

    #[test]
    fn a_secret_is_read_back_and_matches_its_hash() {
        for kind in KINDS {
            let secret = Secret::random(kind);
            let text = secret.reveal();
            assert_eq!(text.len(), 43 + kind.prefix().len());
            let again = Secret::parse(kind, &text).unwrap();
            assert!(secret.hash().matches(&again) && secret.is(&again));
            assert!(!secret.hash().matches(&Secret::random(kind)));
        }
        assert!(Secret::random(Kind::Token).reveal().starts_with("weft_"));
    }

    #[test]
    fn the_same_bits_have_another_hash_for_every_kind() {
        let hashes: HashSet<SecretHash> =
            KINDS.iter().map(|kind| Secret::from_bits(*kind, [7; 32]).hash()).collect();
        assert_eq!(hashes.len(), KINDS.len());
    }

    #[test]
    fn a_stored_hash_stays_what_it_was() {
        // Changing this locks everybody out.
        let hash = Secret::from_bits(Kind::SignIn, [7; 32]).hash();
        let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "9ffc4803fe8b128dec11bf01797d84e9a4081dd81db131dd5be6cfe80be3470f");
    }

    #[test]
    fn only_one_text_is_a_secret() {
        let good = Secret::from_bits(Kind::Share, [0xff; 32]).reveal();
        assert!(Secret::parse(Kind::Share, &good).is_some());
        let shorter = &good[1..];
        for bad in [
            "",
            "weft_",
            shorter,
            &format!("{}A", *good),
            &format!("{}=", *good),
            &format!(" {shorter}"),
            &format!("+{shorter}"),
            &format!("é{}", &good[2..]),
            // The last character carries two bits that must be zero.
            &format!("{}-", &good[..42]),
            &format!("weft_{}", *good),
        ] {
            assert!(Secret::parse(Kind::Share, bad).is_none(), "{bad}");
        }
        assert!(Secret::parse(Kind::Token, &format!("weft_app_{}", *good)).is_none());
        assert!(Secret::parse(Kind::Token, &good).is_none());
        assert!(Secret::parse(Kind::Token, &format!("weft_{}", *good)).is_some());
        assert!(Secret::parse(Kind::Token, &format!("WEFT_{}", *good)).is_none());
    }

    #[test]
    fn debug_tells_nothing() {
        let secret = Secret::from_bits(Kind::Token, [0x61; 32]);
        assert_eq!(format!("{secret:?}"), "Secret(Token)");
        assert_eq!(format!("{:?}", secret.hash()), "SecretHash(..)");
    }

    #[test]
    fn a_proof_of_a_password_ends_with_the_password_and_with_the_link() {
        let share = Secret::random(Kind::Share);
        let proof = share.unlocking("$argon2id$one");
        assert!(proof.is(&share.unlocking("$argon2id$one")));
        assert!(!proof.is(&share.unlocking("$argon2id$two")));
        assert!(!proof.is(&Secret::random(Kind::Share).unlocking("$argon2id$one")));
    }
}
