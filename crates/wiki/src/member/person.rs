//! A person.

use std::collections::hash_map;
use std::str::FromStr as _;

use email_address::EmailAddress;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use weft_access::action::{Administer, BeHere, KeepAccount};
use weft_access::{Allowed, Role};
use weft_ids::{SignInId, UnixMillis, UserId};

use super::NewPerson;
use super::reset::Reset;
use crate::change::Change;
use crate::digest::Rhythm;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, StoredStamp, Table, pack, unpack};
use crate::text::{cleaned, is_disguise, look};
use crate::wiki::{Stamp, Turn, Wiki, now};

/// The longest name of a person, in characters.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// The longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// The most people of one server.
pub const PEOPLE_MAX: usize = 20_000;
/// The longest name of a time zone, in characters.
pub const TIME_ZONE_CHARACTERS_MAX: usize = 64;
/// The longest tag of a language, in characters (RFC 5646, 4.4.1).
pub const LANGUAGE_CHARACTERS_MAX: usize = 35;
/// Colours that people get in turn; they may choose another.
const COLORS: &[&str] = &[
    "#bb3f4e", "#b0521b", "#8a6a14", "#4f7a28", "#1f7d5c", "#187a86", "#2f6fb3", "#5d62c4", "#8a52b5",
    "#b03f86",
];

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.as_str() == word)
    }
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id, for ever.
    pub id: UserId,
    /// Their e-mail address, as [`email_cleaned`] gives it.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
    /// Which of the stored pictures is theirs.
    pub picture: Option<String>,
    /// What they are on this server.
    pub role: Role,
    /// They may not come in any more.
    pub suspended: Option<Stamp>,
    /// The hash of their password (PHC string); `None` if they sign in by other ways only.
    pub password: Option<String>,
    /// The language they chose.
    pub language: Option<String>,
    /// The time zone they chose, by its IANA name.
    pub time_zone: Option<String>,
    /// The theme they chose.
    pub theme: Theme,
    /// How often they are told by mail of what they have not looked at.
    pub digest: Rhythm,
    /// When they came.
    pub created: UnixMillis,
}

/// What people may change of themselves; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// What they are called.
    pub name: Option<String>,
    /// `#rrggbb`.
    pub color: Option<String>,
    /// The language they chose; `Some(None)`: the browser's.
    pub language: Option<Option<String>>,
    /// The time zone they chose; `Some(None)`: the browser's.
    pub time_zone: Option<Option<String>>,
    /// The theme they chose.
    pub theme: Option<Theme>,
    /// How often they are told by mail of what they have not looked at.
    pub digest: Option<Rhythm>,
}

/// An e-mail address as it is kept and compared: composed (NFC), in lower case.
///
/// # Errors
/// [`WikiError::Invalid`] when it is none.
pub fn email_cleaned(text: &str) -> Result<String, WikiError> {
    let email = text.trim().nfc().collect::<String>().to_lowercase();
    if email.len() > EMAIL_BYTES_MAX {
        let why = format!("an e-mail address has at most {EMAIL_BYTES_MAX} bytes");
        return Err(WikiError::invalid(Field::Email, why));
    }
    cleaned(Field::Email, &email, EMAIL_BYTES_MAX)?;
    let is_plain = EmailAddress::from_str(&email).is_ok_and(|address| address.display_part().is_empty());
    if !is_plain || email.contains(['"', ' ']) {
        return Err(WikiError::invalid(Field::Email, "this is not an e-mail address, like name@example.com"));
    }
    Ok(email)
}

impl Wiki {
    /// A person, if there is one with that id.
    #[must_use]
    pub fn person(&self, id: &UserId) -> Option<Person> {
        self.model().people.get(id).cloned()
    }

    /// The person with an e-mail address.
    #[must_use]
    pub fn person_by_email(&self, email: &str) -> Option<Person> {
        let email = email_cleaned(email).ok()?;
        let model = self.model();
        model.people.get(model.by_email.get(&email)?).cloned()
    }

    /// Everybody, by name.
    #[must_use]
    pub fn people(&self, _proof: &Allowed<BeHere>) -> Vec<Person> {
        let mut people: Vec<Person> = self.model().people.iter().cloned().collect();
        people.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id.clone()));
        people
    }

    /// Whether the server has an owner.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.model().is_set_up
    }

    /// Changes what somebody says of themselves.
    ///
    /// # Errors
    /// [`WikiError::Invalid`] and those of the store.
    pub async fn change_profile(
        &self,
        proof: &Allowed<KeepAccount>,
        profile: Profile,
    ) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let mut person = self.oneself(proof)?;
        if let Some(name) = profile.name {
            person.name = self.person_name(&name, Some(&person.id))?;
        }
        if let Some(color) = profile.color {
            person.color = color_cleaned(&color)?;
        }
        if let Some(language) = profile.language {
            let clean = |text: String| cleaned(Field::Language, &text, LANGUAGE_CHARACTERS_MAX);
            person.language = language.map(clean).transpose()?;
        }
        if let Some(zone) = profile.time_zone {
            let clean = |text: String| cleaned(Field::TimeZone, &text, TIME_ZONE_CHARACTERS_MAX);
            person.time_zone = zone.map(clean).transpose()?;
        }
        if let Some(theme) = profile.theme {
            person.theme = theme;
        }
        if let Some(digest) = profile.digest {
            person.digest = digest;
        }
        self.put(&turn, person.clone()).await?;
        Ok(person)
    }

    /// Gives somebody a new password, by its hash, and signs them out everywhere but where they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn change_password(
        &self,
        proof: &Allowed<KeepAccount>,
        hash: String,
        keep: Option<&SignInId>,
    ) -> Result<(), WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        self.set_password(&turn, person, hash, keep).await.map(|_| ())
    }

    /// A new person as they are to be kept; nothing is stored yet.
    pub(crate) fn newcomer(&self, id: UserId, new: NewPerson) -> Result<Person, WikiError> {
        let email = email_cleaned(&new.email)?;
        let name = self.person_name(&new.name, None)?;
        let number = {
            let model = self.model();
            if model.by_email.contains_key(&email) {
                return Err(WikiError::Taken(Field::Email));
            }
            model.people.len()
        };
        if number >= PEOPLE_MAX {
            return Err(WikiError::TooMany { what: "people", max: PEOPLE_MAX });
        }
        Ok(Person {
            id,
            email,
            name,
            color: COLORS[number % COLORS.len()].to_owned(),
            picture: None,
            role: new.role,
            suspended: None,
            password: new.password,
            language: None,
            time_zone: None,
            theme: Theme::Auto,
            digest: Rhythm::default(),
            created: now(),
        })
    }

    /// A person's name as it is kept. Two may have one name; but none may look like another's in letters of another
    /// script.
    pub(crate) fn person_name(&self, name: &str, own: Option<&UserId>) -> Result<String, WikiError> {
        let name = cleaned(Field::Name, name, NAME_CHARACTERS_MAX)?;
        let model = self.model();
        let alike = model.by_look.get(&look(&name)).into_iter().flatten().filter(|id| Some(*id) != own);
        let mut alike = alike.filter_map(|id| model.people.get(id));
        if alike.any(|other| is_disguise(&name, &other.name)) {
            return Err(WikiError::Taken(Field::Name));
        }
        Ok(name)
    }

    /// Gives somebody a password. Whoever came in by the old one goes first: cut short, nobody stays who should not.
    pub(crate) async fn set_password(
        &self,
        turn: &Turn<'_>,
        mut person: Person,
        hash: String,
        keep: Option<&SignInId>,
    ) -> Result<Person, WikiError> {
        self.remove::<Reset>(turn, person.id.clone()).await?;
        self.end_sign_ins(turn, &person.id, keep).await?;
        person.password = Some(hash);
        self.put(turn, person.clone()).await?;
        Ok(person)
    }

    /// Keeps a password under a newer hash, if it is still the one with the hash `was`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn renew_hash(&self, id: &UserId, was: &str, hash: String) -> Result<(), WikiError> {
        let turn = self.turn().await;
        match self.person(id).filter(|person| person.password.as_deref() == Some(was)) {
            Some(person) => self.put(&turn, Person { password: Some(hash), ..person }).await,
            None => Ok(()),
        }
    }

    /// Whoever asks, as they are now.
    pub(crate) fn oneself(&self, proof: &Allowed<KeepAccount>) -> Result<Person, WikiError> {
        let id = proof.by().ok_or(weft_access::Refused::SignIn)?;
        self.person(id).ok_or(WikiError::Refused(weft_access::Refused::SignIn))
    }

    /// Somebody whom the one who asks may look after: an admin is looked after by admins, an owner by owners.
    pub(crate) fn below(&self, proof: &Allowed<Administer>, id: &UserId) -> Result<Person, WikiError> {
        let person = self.person(id).ok_or(weft_access::Refused::Hidden)?;
        if Some(person.role) > proof.subject().role() { Err(WikiError::MoreThanOwn) } else { Ok(person) }
    }

    /// That there is an owner besides `id` who can come in.
    pub(crate) fn keep_an_owner(&self, id: &UserId) -> Result<(), WikiError> {
        let model = self.model();
        let other =
            |person: &Person| person.id != *id && person.role == Role::Owner && person.suspended.is_none();
        if model.people.iter().any(other) { Ok(()) } else { Err(WikiError::LastOwner) }
    }
}

fn color_cleaned(text: &str) -> Result<String, WikiError> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        Some(_) => Ok(text.to_ascii_lowercase()),
        None => Err(WikiError::invalid(Field::Color, "a colour looks like #2f6fb3")),
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    email: String,
    name: String,
    color: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspended: Option<StoredStamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    theme: String,
    /// Not in rows from before there were digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    created: u64,
}

impl Row for Person {
    type Id = UserId;
    const NOUN: &'static str = "person";

    fn id(&self) -> UserId {
        self.id.clone()
    }

    fn word(id: &UserId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            email: self.email.clone(),
            name: self.name.clone(),
            color: self.color.clone(),
            picture: self.picture.clone(),
            role: self.role.as_str().to_owned(),
            suspended: self.suspended.as_ref().map(StoredStamp::from),
            password: self.password.clone(),
            language: self.language.clone(),
            time_zone: self.time_zone.clone(),
            theme: self.theme.as_str().to_owned(),
            digest: Some(self.digest.as_str().to_owned()),
            created: self.created.0,
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            id: UserId::new(&stored.id)?,
            email: stored.email,
            name: stored.name,
            color: stored.color,
            picture: stored.picture,
            role: Role::read(&stored.role)?,
            suspended: stored.suspended.map(Stamp::from),
            password: stored.password,
            language: stored.language,
            time_zone: stored.time_zone,
            theme: Theme::read(&stored.theme)?,
            digest: stored.digest.map_or(Some(Rhythm::default()), |word| Rhythm::read(&word))?,
            created: UnixMillis(stored.created),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.people
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_email.remove(&before.email);
            if let hash_map::Entry::Occupied(mut alike) = model.by_look.entry(look(&before.name)) {
                alike.get_mut().remove(&before.id);
                if alike.get().is_empty() {
                    alike.remove();
                }
            }
        }
        if let Some(after) = after {
            model.by_email.insert(after.email.clone(), after.id.clone());
            model.is_set_up |= after.role == Role::Owner;
            model.by_look.entry(look(&after.name)).or_default().insert(after.id.clone());
        }
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        let id = before.or(after).map(|person| person.id.clone());
        id.map(Change::Person).into_iter().collect()
    }

    fn touches_rights(before: Option<&Self>, after: Option<&Self>) -> bool {
        let seen = |person: &Self| {
            (person.role, person.suspended.is_some(), person.name.clone(), person.color.clone())
        };
        before.is_some() && before.map(seen) != after.map(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_one_address_however_they_are_typed() {
        assert_eq!(email_cleaned(" Ann@Example.COM ").unwrap(), "ann@example.com");
        assert!(email_cleaned(&format!("{}@example.com", "a".repeat(64))).is_ok());
        for bad in [
            "",
            "ann",
            "@x.y",
            "ann@",
            "a b@x.y",
            "Ann <ann@x.y>",
            "ann@x.y\u{0}",
            "ann@x.y\n",
            "a\u{202e}@x.y",
        ] {
            let trimmed = bad.trim() == "ann@x.y";
            assert_eq!(email_cleaned(bad).is_ok(), trimmed, "{bad:?}");
        }
        assert!(email_cleaned(&format!("a@{}.com", "x".repeat(300))).is_err());
    }

    #[test]
    fn who_came_before_there_were_digests_gets_them() {
        let row = |digest: &str| {
            let id = "a".repeat(24);
            format!(
                r##"{{"v":1,"row":{{"id":"{id}","email":"ann@x.y","name":"Ann","color":"#123456","role":"member","theme":"auto"{digest},"created":1}}}}"##
            )
        };
        let digest = |digest: &str| Person::decode(row(digest).as_bytes()).map(|person| person.digest);
        assert_eq!(digest(""), Some(Rhythm::Daily));
        assert_eq!(digest(r#","digest":"off""#), Some(Rhythm::Off));
        assert_eq!(digest(r#","digest":"hourly""#), None);
        let person = Person { digest: Rhythm::Weekly, ..Person::decode(row("").as_bytes()).unwrap() };
        assert_eq!(Person::decode(&person.encode()), Some(person));
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(color_cleaned("#AbCdEf").unwrap(), "#abcdef");
        for bad in ["", "red", "#abc", "#abcdeg", "abcdef", "#abcdef;x", "#ääääää"] {
            assert!(color_cleaned(bad).is_err(), "{bad}");
        }
    }
}
