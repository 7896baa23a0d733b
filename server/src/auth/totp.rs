//! The second step: codes of an authenticator app (TOTP, RFC 6238), and the codes for whoever lost it.

use std::fmt;

use rand::RngExt as _;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use totp_rs::{Algorithm, TOTP};
use weft_wiki::SecretHash;
use zeroize::Zeroizing;

/// How many random bytes the shared secret has (what RFC 4226 recommends).
const TOTP_SECRET_BYTES: usize = 20;
/// How long a code lives.
const STEP_SECONDS: u64 = 30;
/// How many steps a clock may be off, either way.
const DRIFT_STEPS: u64 = 1;
/// How many digits a code has.
const CODE_DIGITS: usize = 6;
/// How many recovery codes somebody gets.
pub(crate) const RECOVERY_CODES: usize = 10;
/// How many characters of five bits each recovery code has.
const RECOVERY_CHARACTERS: usize = 16;

/// What the authenticator app and the server share. `Debug` does not show it; it is stored sealed.
#[derive(Clone)]
pub(crate) struct TotpSecret(Zeroizing<[u8; TOTP_SECRET_BYTES]>);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

impl TotpSecret {
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(rand::rng().random()))
    }

    /// One as it was stored.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// As it is to be sealed and stored.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn totp(&self, account: &str, wiki: &str) -> TOTP {
        // A colon separates the two in the address, so neither may have one.
        let plain = |text: &str| text.replace(':', " ");
        TOTP::new_unchecked(
            Algorithm::SHA1,
            CODE_DIGITS,
            1,
            STEP_SECONDS,
            self.0.to_vec(),
            Some(plain(wiki)),
            plain(account),
        )
    }

    /// The `otpauth:` address that an authenticator app takes; `wiki` and `account` are what the app shows.
    pub(crate) fn url(&self, account: &str, wiki: &str) -> Zeroizing<String> {
        Zeroizing::new(self.totp(account, wiki).get_url())
    }

    /// What somebody types who cannot scan: base32.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.totp("", "").get_secret_base32())
    }

    /// The step of which `code` is the code: the one of `now_seconds` (since 1970) or a neighbour, and later than `used`,
    /// the last one that was taken. Store it: so no code counts twice.
    pub(crate) fn check(&self, code: &str, now_seconds: u64, used: Option<u64>) -> Option<u64> {
        let code: Zeroizing<String> = Zeroizing::new(code.split_whitespace().collect());
        if code.len() != CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (totp, now) = (self.totp("", ""), now_seconds / STEP_SECONDS);
        let steps = now.saturating_sub(DRIFT_STEPS)..=now.saturating_add(DRIFT_STEPS);
        let (mut found, mut step) = (Choice::from(0), 0);
        for candidate in steps.filter(|candidate| used.is_none_or(|used| *candidate > used)) {
            let right = Zeroizing::new(totp.generate(candidate.saturating_mul(STEP_SECONDS)));
            let same = right.as_bytes().ct_eq(code.as_bytes());
            step.conditional_assign(&candidate, same);
            found |= same;
        }
        bool::from(found).then_some(step)
    }
}

/// [`RECOVERY_CODES`] fresh codes for the person of this id, to be shown once, with what to store of them.
pub(crate) fn recovery_codes(person: &str) -> Vec<(Zeroizing<String>, SecretHash)> {
    let code = || {
        let mut code = weft_ids::random_id(rand::rng().random());
        code.truncate(RECOVERY_CHARACTERS);
        let groups: Vec<&str> = (0..RECOVERY_CHARACTERS / 4).map(|group| &code[group * 4..][..4]).collect();
        Zeroizing::new(groups.join("-"))
    };
    (0..RECOVERY_CODES)
        .map(|_| {
            let code = code();
            let hash = recovery_hash(person, &code);
            (code, hash)
        })
        .collect()
}

/// Which of the stored codes `code` is. It counts once.
pub(crate) fn recovery_code(person: &str, code: &str, stored: &[SecretHash]) -> Option<SecretHash> {
    let given = recovery_hash(person, code);
    stored.iter().find(|hash| hash.0.ct_eq(&given.0).into()).copied()
}

/// However somebody types it: with or without dashes and blanks, in either case.
fn recovery_hash(person: &str, code: &str) -> SecretHash {
    let plain: Zeroizing<String> = Zeroizing::new(
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect(),
    );
    let mut hasher = blake3::Hasher::new_derive_key("weft 2026-11 recovery code v1");
    // The length first, so that no person's id runs into a code.
    hasher.update(&(person.len() as u64).to_le_bytes());
    hasher.update(person.as_bytes());
    hasher.update(plain.as_bytes());
    SecretHash(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors.
    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // Appendix B, the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().check(code, seconds, None), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        let step = 2_000_000_000 / 30;
        for off in [-1_i64, 0, 1] {
            let now = 2_000_000_000_u64.saturating_add_signed(off * 30);
            assert_eq!(secret().check("279037", now, None), Some(step), "{off}");
        }
        for off in [-2_i64, 2] {
            let now = 2_000_000_000_u64.saturating_add_signed(off * 30);
            assert_eq!(secret().check("279037", now, None), None, "{off}");
        }
    }

    #[test]
    fn a_code_counts_once_and_none_before_it_counts_again() {
        let secret = secret();
        let step = secret.check("279037", 2_000_000_000, None).unwrap();
        assert_eq!(secret.check("279037", 2_000_000_000, Some(step)), None);
        assert_eq!(secret.check("279037", 2_000_000_030, Some(step)), None);
        let earlier = secret.totp("", "").generate((step - 1) * 30);
        assert_eq!(secret.check(&earlier, 2_000_000_000, Some(step)), None);
        let next = secret.totp("", "").generate((step + 1) * 30);
        assert_eq!(secret.check(&next, 2_000_000_000, Some(step)), Some(step + 1));
    }

    #[test]
    fn what_is_no_code_is_none() {
        assert!(secret().check(" 279 037 ", 2_000_000_000, None).is_some(), "apps show a gap");
        for bad in ["", "27903", "2790370", "279038", "27903a", "２７９０３７", "-79037", "+279037"] {
            assert_eq!(secret().check(bad, 2_000_000_000, None), None, "{bad}");
        }
        assert_eq!(secret().check("279037", u64::MAX, None), None);
        assert!(TotpSecret::from_bytes(&[0; 19]).is_none() && TotpSecret::from_bytes(&[0; 21]).is_none());
        assert_eq!(TotpSecret::random().as_bytes().len(), 20);
    }

    #[test]
    fn an_app_takes_the_address_whatever_the_names_are() {
        let url = secret().url("mei@example.com", "Wiki: 河镇 & Co");
        assert!(url.starts_with("otpauth://totp/Wiki%20%20%E6%B2%B3"), "{}", *url);
        assert!(url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{}", *url);
        assert_eq!(*secret().text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let parsed = TOTP::from_url(url.as_str()).unwrap();
        assert_eq!(parsed.account_name, "mei@example.com");
        assert_eq!(parsed.issuer.as_deref(), Some("Wiki  河镇 & Co"));
    }

    #[test]
    fn each_recovery_code_is_found_and_belongs_to_one_person() {
        let codes = recovery_codes("mei");
        assert_eq!(codes.len(), RECOVERY_CODES);
        let stored: Vec<SecretHash> = codes.iter().map(|(_, hash)| *hash).collect();
        for (code, hash) in &codes {
            assert_eq!(code.len(), 19, "{}", **code);
            assert_eq!(recovery_code("mei", code, &stored), Some(*hash));
            assert_eq!(recovery_code("mei", &code.to_uppercase().replace('-', " "), &stored), Some(*hash));
            assert_eq!(recovery_code("lin", code, &stored), None);
        }
        for bad in ["", "----", "aaaa-aaaa-aaaa-aaaa"] {
            assert_eq!(recovery_code("mei", bad, &stored), None, "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", secret()), "TotpSecret(..)");
    }
}
