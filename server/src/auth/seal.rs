//! Keeps secrets that must be read again (what an authenticator app shares) unreadable in the database and its backups:
//! they are sealed with a key that lies in a file of its own.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngExt as _;
use zeroize::Zeroizing;

/// How many bytes the key has.
const KEY_BYTES: usize = 32;
/// What the key's file begins with; the number is the version of its format.
const FILE_PREFIX: &str = "weft-key-1:";
/// The most that is read of a key's file.
const FILE_BYTES_MAX: u64 = 256;
/// The version of what [`Key::seal`] writes.
const SEALED_VERSION: u8 = 1;
/// How many bytes tell which key something was sealed with.
const KEY_ID_BYTES: usize = 4;
/// How many random bytes stand before what is sealed: enough to draw them blindly.
const NONCE_BYTES: usize = 24;

/// What a sealed secret is for. Sealed for one purpose it opens for no other, so records cannot be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    /// The second step of the person of this id.
    Totp(&'a str),
    /// A secret that the app of this name shares.
    App(&'a str),
}

impl Purpose<'_> {
    /// What is authenticated beside the secret; the names are stored in effect and stay.
    fn bytes(self) -> Vec<u8> {
        let (name, of) = match self {
            Self::Totp(id) => ("totp", id),
            Self::App(name) => ("app", name),
        };
        // A NUL ends the name: no purpose is another's beginning.
        [&[SEALED_VERSION][..], name.as_bytes(), b"\0", of.as_bytes()].concat()
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the key file {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the key file {} is damaged; put back the one that was saved, or remove it: second steps of signing in that were sealed with it then have to be turned on anew", .0.display())]
    Damaged(PathBuf),
    #[error("the key file {} may be read by others; run: chmod 600 {}", .0.display(), .0.display())]
    Exposed(PathBuf),
}

/// Why something sealed does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("it was sealed with another key; put back the key file that belongs to this data")]
    OtherKey,
    #[error("it was sealed by a newer version of Weft; use that version")]
    Newer,
    #[error("it is damaged, or belongs to something else")]
    Damaged,
}

/// The key that seals. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A fresh one that is kept nowhere.
    #[cfg(test)]
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(rand::rng().random()))
    }

    /// Reads the key's file, or makes a fresh key and the file, which only its owner may read.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let io_error = |source| KeyError::Io { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self(Zeroizing::new(rand::rng().random()));
                match key.write(path) {
                    Ok(()) => Ok(key),
                    // Another process was faster; its key is the key.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        Self::read(path, File::open(path).map_err(io_error)?)
                    }
                    Err(error) => Err(io_error(error)),
                }
            }
            Err(error) => Err(io_error(error)),
        }
    }

    fn read(path: &Path, file: File) -> Result<Self, KeyError> {
        let io_error = |source| KeyError::Io { path: path.to_owned(), source };
        if file.metadata().map_err(io_error)?.mode() & 0o077 != 0 {
            return Err(KeyError::Exposed(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
        let damaged = || KeyError::Damaged(path.to_owned());
        match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(damaged()),
            Err(error) => return Err(io_error(error)),
        }
        let text = text.trim_end().strip_prefix(FILE_PREFIX).ok_or_else(damaged)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(text, key.as_mut_slice()) {
            Ok(KEY_BYTES) => Ok(Self(key)),
            _ => Err(damaged()),
        }
    }

    /// Whole or not at all: the file appears under its name when it is on disk.
    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
        text.push_str(FILE_PREFIX);
        URL_SAFE_NO_PAD.encode_string(self.0.as_slice(), &mut text);
        text.push('\n');
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{:08x}", rand::random::<u32>()));
        let draft = PathBuf::from(draft);
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // Unlike a rename, a link does not replace a file that came meanwhile.
            fs::hard_link(&draft, path)
        })();
        let removed = fs::remove_file(&draft);
        written?;
        removed?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Tells keys apart and nothing of the key.
    fn id(&self) -> [u8; KEY_ID_BYTES] {
        let hash = blake3::derive_key("weft 2026-11 id of a sealing key v1", self.0.as_slice());
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The secret, unreadable without this key. `None` only for one of more than 256 GB.
    pub(crate) fn seal(&self, purpose: Purpose<'_>, secret: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let payload = Payload { msg: secret, aad: &purpose.bytes() };
        let closed =
            XChaCha20Poly1305::new(self.0.as_slice().into()).encrypt(XNonce::from_slice(&nonce), payload);
        Some([&[SEALED_VERSION][..], &self.id(), &nonce, &closed.ok()?].concat())
    }

    /// What [`Key::seal`] was given, for the same purpose.
    ///
    /// # Errors
    /// [`OpenError`] says why it stays closed.
    pub(crate) fn open(&self, purpose: Purpose<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (version, rest) = sealed.split_first().ok_or(OpenError::Damaged)?;
        match *version {
            SEALED_VERSION => {}
            0 => return Err(OpenError::Damaged),
            _ => return Err(OpenError::Newer),
        }
        let (id, rest) = rest.split_at_checked(KEY_ID_BYTES).ok_or(OpenError::Damaged)?;
        let (nonce, closed) = rest.split_at_checked(NONCE_BYTES).ok_or(OpenError::Damaged)?;
        if id != self.id() {
            return Err(OpenError::OtherKey);
        }
        let payload = Payload { msg: closed, aad: &purpose.bytes() };
        XChaCha20Poly1305::new(self.0.as_slice().into())
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn key(byte: u8) -> Key {
        Key(Zeroizing::new([byte; KEY_BYTES]))
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_for_the_same_purpose() {
        for secret in [&b""[..], b"hunter2hunter2", &[0xff; 10_000]] {
            let sealed = key(1).seal(Purpose::Totp("mei"), secret).unwrap();
            assert_eq!(key(1).open(Purpose::Totp("mei"), &sealed).unwrap().as_slice(), secret);
            assert_ne!(sealed, key(1).seal(Purpose::Totp("mei"), secret).unwrap(), "no two are alike");
        }
    }

    #[test]
    fn another_key_is_told_from_damage() {
        let sealed = key(1).seal(Purpose::Totp("mei"), b"secret").unwrap();
        let error = key(2).open(Purpose::Totp("mei"), &sealed).unwrap_err();
        assert_eq!(error, OpenError::OtherKey);
        assert!(error.to_string().contains("key file"));
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(key(1).open(Purpose::Totp("mei"), &damaged).is_err(), "{place}");
        }
        for length in 0..sealed.len() {
            assert_eq!(key(1).open(Purpose::Totp("mei"), &sealed[..length]).unwrap_err(), OpenError::Damaged);
        }
        let newer = [&[2][..], &sealed[1..]].concat();
        assert_eq!(key(1).open(Purpose::Totp("mei"), &newer).unwrap_err(), OpenError::Newer);
    }

    #[test]
    fn a_secret_does_not_open_for_another_purpose() {
        let all =
            [Purpose::Totp("a"), Purpose::Totp("b"), Purpose::Totp(""), Purpose::App("a"), Purpose::App("")];
        for sealed_for in all {
            let sealed = key(1).seal(sealed_for, b"secret").unwrap();
            for purpose in all {
                assert_eq!(
                    key(1).open(purpose, &sealed).is_ok(),
                    purpose == sealed_for,
                    "{sealed_for:?} {purpose:?}"
                );
            }
        }
    }

    #[test]
    fn version_1_opens_for_ever() {
        // The layout, byte by byte: version, id of the key, nonce, ciphertext and tag.
        let nonce = [9; NONCE_BYTES];
        let payload = Payload { msg: b"secret", aad: b"\x01totp\0mei" };
        let closed = XChaCha20Poly1305::new(&[1; KEY_BYTES].into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .unwrap();
        let sealed = [&[1][..], &key(1).id(), &nonce, &closed].concat();
        assert_eq!(key(1).open(Purpose::Totp("mei"), &sealed).unwrap().as_slice(), b"secret");
    }

    #[test]
    fn the_file_is_made_once_is_private_and_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weft-data.key");
        let first = Key::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(Key::load_or_create(&path).unwrap().0, first.0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays behind");
        assert!(matches!(key(1).write(&path), Err(error) if error.kind() == io::ErrorKind::AlreadyExists));
        assert_eq!(Key::load_or_create(&path).unwrap().0, first.0);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_no_key_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weft.key");
        Key::load_or_create(&path).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Key::load_or_create(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for bad in [
            &b""[..],
            b"weft-key-1:",
            b"weft-key-2:AAAA",
            b"\xff\xfe",
            &good.as_bytes()[..40],
            &[b'a'; 1_000],
        ] {
            fs::write(&path, bad).unwrap();
            assert!(matches!(Key::load_or_create(&path), Err(KeyError::Damaged(_))), "{bad:?}");
        }
        assert!(matches!(
            Key::load_or_create(&folder.path().join("none/weft.key")),
            Err(KeyError::Io { .. })
        ));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", key(1)), "Key(..)");
    }
}
