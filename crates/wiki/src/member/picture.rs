//! People's pictures: too large for memory, so they stay in the store, and the person knows which is theirs.

use bytes::Bytes;
use weft_access::Allowed;
use weft_access::action::{BeHere, KeepAccount};
use weft_ids::{UserId, random_id};
use weft_store::{Expect, StoreError};

use super::Person;
use crate::error::{Field, WikiError};
use crate::wiki::{Wiki, dice};

/// The largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 512 << 10;
/// The version of what is stored: this byte, then the picture.
const VERSION: u8 = 1;
/// More than one person ever has.
const PICTURES_LISTED: usize = 100;

/// What a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl PictureKind {
    /// What these bytes are, by what they begin with.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else {
            None
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

impl Wiki {
    /// Somebody's picture, if they have one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn picture(
        &self,
        _proof: &Allowed<BeHere>,
        id: &UserId,
    ) -> Result<Option<(PictureKind, Bytes)>, WikiError> {
        let Some(picture) = self.person(id).and_then(|person| person.picture) else { return Ok(None) };
        let stored = self.0.store.get(&key(id, &picture)).await?.map(|value| value.bytes);
        let Some(stored) = stored.filter(|bytes| bytes.first() == Some(&VERSION)) else { return Ok(None) };
        let bytes = stored.slice(1..);
        Ok(PictureKind::of(&bytes).map(|kind| (kind, bytes)))
    }

    /// Gives whoever asks another picture.
    ///
    /// # Errors
    /// [`WikiError::Invalid`] when it is too large or no picture, and those of the store: then they have the one before.
    pub async fn set_picture(&self, proof: &Allowed<KeepAccount>, bytes: &[u8]) -> Result<Person, WikiError> {
        if bytes.len() > PICTURE_BYTES_MAX {
            let why = format!("a picture has at most {} KiB", PICTURE_BYTES_MAX >> 10);
            return Err(WikiError::invalid(Field::Picture, why));
        }
        if PictureKind::of(bytes).is_none() {
            return Err(WikiError::invalid(Field::Picture, "this is no PNG, JPEG or WebP picture"));
        }
        let turn = self.turn().await;
        let mut person = self.oneself(proof)?;
        let picture = random_id(dice());
        let stored = [&[VERSION], bytes].concat();
        self.0.store.put(&key(&person.id, &picture), stored.into(), Expect::Absent).await?;
        person.picture = Some(picture);
        self.put(&turn, person.clone()).await?;
        self.tidy_pictures(&person).await;
        Ok(person)
    }

    /// Takes the picture of whoever asks.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove_picture(&self, proof: &Allowed<KeepAccount>) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let mut person = self.oneself(proof)?;
        if person.picture.take().is_some() {
            self.put(&turn, person.clone()).await?;
        }
        self.tidy_pictures(&person).await;
        Ok(person)
    }

    /// Removes the pictures that are not theirs any more. If it fails, the next one does it.
    async fn tidy_pictures(&self, person: &Person) {
        if let Err(error) = self.forget_pictures(&person.id, person.picture.as_deref()).await {
            tracing::warn!(%error, "a picture that nobody sees any more is still stored");
        }
    }

    pub(crate) async fn forget_pictures(&self, id: &UserId, but: Option<&str>) -> Result<(), StoreError> {
        let store = &self.0.store;
        for entry in store.list(&key(id, ""), None, PICTURES_LISTED).await? {
            if but.is_none_or(|but| entry.key != key(id, but)) {
                store.delete(&entry.key, Expect::Any).await?;
            }
        }
        Ok(())
    }
}

fn key(id: &UserId, picture: &str) -> String {
    format!("wiki/picture/{}/{picture}", id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some(PictureKind::Png)),
            (b"\xff\xd8\xff\xe0", Some(PictureKind::Jpeg)),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some(PictureKind::Webp)),
            (b"RIFF\x01\x02\x03\x04WAVE", None),
            (b"RIFF", None),
            (b"GIF89a", None),
            (b"<svg xmlns=", None),
            (b"", None),
        ] {
            assert_eq!(PictureKind::of(bytes), kind, "{bytes:?}");
        }
    }
}
