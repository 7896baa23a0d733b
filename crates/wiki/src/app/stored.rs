//! Foreign apps as rows.

use serde::{Deserialize, Serialize};
use weft_ids::{AppKeyId, AppName};

use super::{AppKey, ForeignApp, Signs};
use crate::change::Change;
use crate::model::Model;
use crate::row::{Row, StoredStamp, Table, pack, unpack};
use crate::wiki::SecretHash;

#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    title: String,
    keys: Vec<StoredKey>,
    #[serde(default)]
    origins: Vec<String>,
    made: StoredStamp,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    id: String,
    made: StoredStamp,
    #[serde(flatten)]
    signs: StoredSigns,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredSigns {
    Secret { sealed: Vec<u8>, hash: [u8; 32] },
    Public([u8; 32]),
}

impl From<&AppKey> for StoredKey {
    fn from(key: &AppKey) -> Self {
        let signs = match &key.signs {
            Signs::Secret { sealed, hash } => StoredSigns::Secret { sealed: sealed.clone(), hash: hash.0 },
            Signs::Public(public) => StoredSigns::Public(*public),
        };
        Self { id: key.id.as_str().to_owned(), made: StoredStamp::from(&key.made), signs }
    }
}

impl StoredKey {
    fn read(self) -> Option<AppKey> {
        let signs = match self.signs {
            StoredSigns::Secret { sealed, hash } => Signs::Secret { sealed, hash: SecretHash(hash) },
            StoredSigns::Public(public) => Signs::Public(public),
        };
        Some(AppKey { id: AppKeyId::new(&self.id)?, signs, made: self.made.into() })
    }
}

fn secrets(app: Option<&ForeignApp>) -> impl Iterator<Item = SecretHash> {
    let keys = app.into_iter().flat_map(|app| &app.keys);
    keys.filter_map(|key| match key.signs {
        Signs::Secret { hash, .. } => Some(hash),
        Signs::Public(_) => None,
    })
}

impl Row for ForeignApp {
    type Id = AppName;
    const NOUN: &'static str = "app";

    fn id(&self) -> AppName {
        self.name.clone()
    }

    fn word(id: &AppName) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            name: self.name.as_str().to_owned(),
            title: self.title.clone(),
            keys: self.keys.iter().map(StoredKey::from).collect(),
            origins: self.origins.clone(),
            made: StoredStamp::from(&self.made),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            name: AppName::new(&stored.name)?,
            title: stored.title,
            keys: stored.keys.into_iter().map(StoredKey::read).collect::<Option<_>>()?,
            origins: stored.origins,
            made: stored.made.into(),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.apps
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        for gone in secrets(before) {
            model.by_app_secret.remove(&gone);
        }
        if let Some(app) = after {
            model.by_app_secret.extend(secrets(after).map(|secret| (secret, app.name.clone())));
        }
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }

    /// A new app takes rooms that were nobody's into its own; and with a key or an origin less, less may be opened.
    fn touches_rights(before: Option<&Self>, after: Option<&Self>) -> bool {
        match (before, after) {
            (Some(before), Some(after)) => {
                let keys = before.keys.iter().any(|key| !after.keys.contains(key));
                keys || before.origins.iter().any(|origin| !after.origins.contains(origin))
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use weft_ids::{RANDOM_ID_CHARACTERS, UnixMillis, UserId};

    use super::*;
    use crate::wiki::Stamp;

    fn app() -> ForeignApp {
        let made = Stamp { at: UnixMillis(1), by: UserId::new("u") };
        let key = |byte, signs| AppKey {
            id: AppKeyId::random([byte; RANDOM_ID_CHARACTERS]),
            signs,
            made: made.clone(),
        };
        ForeignApp {
            name: AppName::new("draw").unwrap(),
            title: "Drawings".to_owned(),
            keys: vec![
                key(1, Signs::Secret { sealed: vec![1, 2, 3], hash: SecretHash([7; 32]) }),
                key(2, Signs::Public([9; 32])),
            ],
            origins: vec!["https://draw.example.com".to_owned()],
            made,
        }
    }

    #[test]
    fn an_app_is_read_back_as_it_was_stored() {
        assert_eq!(ForeignApp::decode(&app().encode()), Some(app()));
        // As version 1 wrote it, for ever.
        let old =
            br#"{"v":1,"row":{"name":"draw","title":"Drawings","keys":[{"id":"cccccccccccccccccccccccc",
            "made":{"at":1},"public":[9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9]}],
            "made":{"at":1}}}"#;
        let read = ForeignApp::decode(old).unwrap();
        assert_eq!((read.keys[0].signs.clone(), read.origins.len()), (Signs::Public([9; 32]), 0));
        for bad in [&br#"{"v":2,"row":{}}"#[..], b"", b"{}"] {
            assert_eq!(ForeignApp::decode(bad), None);
        }
    }

    #[test]
    fn whatever_may_open_less_moves_rights_and_nothing_else() {
        let app = app();
        let with = |change: fn(&mut ForeignApp)| {
            let mut other = app.clone();
            change(&mut other);
            ForeignApp::touches_rights(Some(&app), Some(&other))
        };
        assert!(ForeignApp::touches_rights(None, Some(&app)) && ForeignApp::touches_rights(Some(&app), None));
        assert!(with(|app| drop(app.keys.remove(0))) && with(|app| app.origins.clear()));
        assert!(!with(|app| app.title.push('!')) && !with(|app| app.origins.push("https://b".to_owned())));
    }

    #[test]
    fn debug_tells_no_key() {
        let told = format!("{:?}", app());
        assert!(told.contains("Secret(..)") && !told.contains("7, 7") && !told.contains("9, 9"), "{told}");
    }
}
