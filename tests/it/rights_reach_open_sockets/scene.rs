//! One way of losing rights: what there is before, and what takes them.

use anyhow::{Context as _, Result};
use hyper::Method;
use serde_json::{Value, json};
use weft_tests::socket::Raw;
use weft_tests::team::{PASSWORD, Person};
use weft_wire::Dialect;

use crate::hostile::{frame, step1};

/// What a socket is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Ends,
    ReadsOnly,
}

/// One way of losing rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    Suspended,
    Removed,
    MadeGuest,
    SignedOut,
    SignedOutFromElsewhere,
    PasswordChanged,
    KeyRevoked,
    KeyOfSuspended,
    TakenFromSpace,
    MadeViewer,
    TakenFromGroup,
    GroupRemoved,
    MembersMadeViewers,
    SpaceMadePrivate,
    SpaceRemoved,
    AboveRestricted,
    TakenFromPage,
    MovedToPrivateSpace,
    AboveTrashed,
    Archived,
    Destroyed,
    ShareEnded,
    ShareMadeViewOnly,
    ShareRenewed,
    ShareLocked,
    SharedRestricted,
    SharedTrashed,
}

pub(super) const LOSSES: [(Loss, Then); 27] = [
    (Loss::Suspended, Then::Ends),
    (Loss::Removed, Then::Ends),
    (Loss::MadeGuest, Then::Ends),
    (Loss::SignedOut, Then::Ends),
    (Loss::SignedOutFromElsewhere, Then::Ends),
    (Loss::PasswordChanged, Then::Ends),
    (Loss::KeyRevoked, Then::Ends),
    (Loss::KeyOfSuspended, Then::Ends),
    (Loss::TakenFromSpace, Then::Ends),
    (Loss::MadeViewer, Then::ReadsOnly),
    (Loss::TakenFromGroup, Then::Ends),
    (Loss::GroupRemoved, Then::Ends),
    (Loss::MembersMadeViewers, Then::ReadsOnly),
    (Loss::SpaceMadePrivate, Then::Ends),
    (Loss::SpaceRemoved, Then::Ends),
    (Loss::AboveRestricted, Then::Ends),
    (Loss::TakenFromPage, Then::Ends),
    (Loss::MovedToPrivateSpace, Then::Ends),
    (Loss::AboveTrashed, Then::ReadsOnly),
    (Loss::Archived, Then::ReadsOnly),
    (Loss::Destroyed, Then::Ends),
    (Loss::ShareEnded, Then::Ends),
    (Loss::ShareMadeViewOnly, Then::ReadsOnly),
    (Loss::ShareRenewed, Then::Ends),
    (Loss::ShareLocked, Then::Ends),
    (Loss::SharedRestricted, Then::Ends),
    (Loss::SharedTrashed, Then::Ends),
];

impl Loss {
    /// Whether somebody loses who is of no use to the next scene then.
    pub(super) fn costs_the_editor(self) -> bool {
        matches!(
            self,
            Self::Suspended
                | Self::Removed
                | Self::MadeGuest
                | Self::SignedOut
                | Self::SignedOutFromElsewhere
                | Self::PasswordChanged
                | Self::KeyOfSuspended
        )
    }

    fn by_link(self) -> bool {
        matches!(
            self,
            Self::ShareEnded
                | Self::ShareMadeViewOnly
                | Self::ShareRenewed
                | Self::ShareLocked
                | Self::SharedRestricted
                | Self::SharedTrashed
        )
    }

    /// Whether the owner can still read the page when it is done.
    pub(super) fn leaves_the_page(self) -> bool {
        !matches!(self, Self::SpaceRemoved | Self::Destroyed)
    }
}

/// By what somebody opens a page.
enum Way {
    Cookie,
    /// A key for programs: its id and its secret.
    Key(String, String),
    /// A public link: its id and its secret.
    Link(String, String),
}

/// A page below another in a space of its own, and somebody who may edit it.
pub(super) struct Scene<'a> {
    owner: &'a Person,
    editor: Person,
    space: String,
    above: String,
    pub(super) page: String,
    group: Option<String>,
    way: Way,
}

fn text(value: &Value, field: &str) -> Result<String> {
    value[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {value}"))
}

impl<'a> Scene<'a> {
    pub(super) async fn new(owner: &'a Person, editor: Person, name: &str, loss: Loss) -> Result<Self> {
        let of_few = matches!(
            loss,
            Loss::TakenFromSpace | Loss::MadeViewer | Loss::TakenFromGroup | Loss::GroupRemoved
        );
        let members = if of_few { Value::Null } else { json!("edit") };
        let space = owner.makes("/api/spaces", &json!({ "name": name, "members": members })).await?;
        let above = owner.makes("/api/pages", &json!({ "space": space })).await?;
        let page = owner.makes("/api/pages", &json!({ "space": space, "parent": above })).await?;
        let mut scene = Self { owner, editor, space, above, page, group: None, way: Way::Cookie };
        scene.prepare(name, loss).await?;
        Ok(scene)
    }

    /// The same with somebody else before it.
    pub(super) fn seen_by(self, editor: &Person) -> Self {
        Self { editor: editor.clone(), ..self }
    }

    async fn prepare(&mut self, name: &str, loss: Loss) -> Result<()> {
        let owner = self.owner;
        match loss {
            Loss::TakenFromSpace | Loss::MadeViewer => self.grants(&self.person(), "edit").await?,
            Loss::TakenFromGroup | Loss::GroupRemoved => {
                let group = owner.makes("/api/groups", &json!({ "name": name })).await?;
                let add = json!({ "add": [self.editor.id] });
                owner.does(Method::PATCH, &format!("/api/groups/{group}"), &add).await?;
                self.grants(&json!({ "group": group }), "edit").await?;
                self.group = Some(group);
            }
            Loss::TakenFromPage => {
                let granted = json!([{ "who": self.person(), "level": "edit" }]);
                self.restricts(&self.page, &granted).await?;
            }
            Loss::KeyRevoked | Loss::KeyOfSuspended => {
                let wish = json!({ "name": "a program", "scope": "write" });
                let made = self.editor.does(Method::POST, "/api/me/tokens", &wish).await?;
                self.way = Way::Key(text(&made, "id")?, text(&made, "secret")?);
            }
            loss if loss.by_link() => {
                let wish = json!({ "level": "edit", "subtree": true });
                let made =
                    owner.does(Method::POST, &format!("/api/pages/{}/shares", self.above), &wish).await?;
                let link = text(&made, "link")?;
                let secret = link.rsplit_once('/').context("a secret")?.1;
                self.way = Way::Link(text(&made, "id")?, secret.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn person(&self) -> Value {
        json!({ "person": self.editor.id })
    }

    async fn grants(&self, who: &Value, level: &str) -> Result<()> {
        let body = json!({ "who": who, "level": level });
        self.owner.does(Method::PUT, &format!("/api/spaces/{}/grants", self.space), &body).await?;
        Ok(())
    }

    async fn restricts(&self, page: &str, granted: &Value) -> Result<Value> {
        let body = json!({ "restricted": true, "grants": granted });
        self.owner.does(Method::PUT, &format!("/api/pages/{page}/access"), &body).await
    }

    pub(super) fn doc(&self) -> String {
        format!("page/{}", self.page)
    }

    /// Opens the page, by cookie, key or link, and hears all there is of it.
    pub(super) async fn open(&self, at: &str, dialect: Dialect) -> Result<Raw> {
        let path = match dialect {
            Dialect::YWebsocket => format!("/ws/page%2F{}", self.page),
            Dialect::Hocuspocus => "/ws".to_owned(),
        };
        let mut raw = match &self.way {
            Way::Cookie => Raw::open_as(at, &path, &self.editor.cookie).await?,
            Way::Key(_, secret) => Raw::open(at, &format!("{path}?token={secret}")).await?,
            Way::Link(_, secret) => Raw::open(at, &format!("{path}?share={secret}")).await?,
        };
        if dialect == Dialect::Hocuspocus {
            raw.send(frame(dialect, &self.doc(), &[2, 0, 0])).await?;
        }
        raw.send(frame(dialect, &self.doc(), &step1(&[0]))).await?;
        raw.hears(|heard| heard.starts_with(&frame(dialect, &self.doc(), &[0, 1]))).await?;
        Ok(raw)
    }

    pub(super) async fn lose(&self, loss: Loss) -> Result<()> {
        match &self.way {
            Way::Cookie => self.lose_as_person(loss).await,
            Way::Key(id, _) if loss == Loss::KeyRevoked => {
                self.editor.does(Method::DELETE, &format!("/api/me/tokens/{id}"), &Value::Null).await
            }
            Way::Key(..) => self.lose_as_person(Loss::Suspended).await,
            Way::Link(id, _) => self.lose_by_link(loss, id).await,
        }?;
        Ok(())
    }

    async fn lose_as_person(&self, loss: Loss) -> Result<Value> {
        let (owner, editor) = (self.owner, &self.editor);
        let page = format!("/api/pages/{}", self.page);
        let above = format!("/api/pages/{}", self.above);
        let space = format!("/api/spaces/{}", self.space);
        let account = format!("/api/people/{}", editor.id);
        let group = format!("/api/groups/{}", self.group.as_deref().unwrap_or_default());
        let nothing = Value::Null;
        match loss {
            Loss::Suspended => owner.does(Method::PATCH, &account, &json!({ "suspended": true })).await,
            Loss::Removed => owner.does(Method::DELETE, &account, &nothing).await,
            Loss::MadeGuest => owner.does(Method::PATCH, &account, &json!({ "role": "guest" })).await,
            Loss::SignedOut => editor.does(Method::POST, "/api/sign-out", &nothing).await,
            Loss::SignedOutFromElsewhere => {
                editor.signs_in_again().await?.does(Method::DELETE, "/api/me/sign-ins", &nothing).await
            }
            Loss::PasswordChanged => {
                let body = json!({ "current": PASSWORD, "password": "eight red kettles sing" });
                editor.signs_in_again().await?.does(Method::POST, "/api/me/password", &body).await
            }
            Loss::TakenFromSpace => {
                let body = json!({ "who": self.person() });
                owner.does(Method::DELETE, &format!("{space}/grants"), &body).await
            }
            Loss::MadeViewer => {
                self.grants(&self.person(), "view").await?;
                Ok(nothing)
            }
            Loss::TakenFromGroup => {
                owner.does(Method::PATCH, &group, &json!({ "remove": [editor.id] })).await
            }
            Loss::GroupRemoved => owner.does(Method::DELETE, &group, &nothing).await,
            Loss::MembersMadeViewers => {
                owner.does(Method::PATCH, &space, &json!({ "members": "view" })).await
            }
            Loss::SpaceMadePrivate => owner.does(Method::PATCH, &space, &json!({ "members": null })).await,
            Loss::SpaceRemoved => {
                let name = owner.does(Method::GET, &space, &nothing).await?["name"].clone();
                owner.does(Method::DELETE, &space, &json!({ "name": name })).await
            }
            Loss::AboveRestricted => self.restricts(&self.above, &json!([])).await,
            Loss::TakenFromPage => self.restricts(&self.page, &json!([])).await,
            Loss::MovedToPrivateSpace => {
                let private = owner.makes("/api/spaces", &json!({ "name": "Elsewhere" })).await?;
                owner.does(Method::POST, &format!("{above}/move"), &json!({ "space": private })).await
            }
            Loss::AboveTrashed => owner.does(Method::DELETE, &above, &nothing).await,
            Loss::Archived => owner.does(Method::PATCH, &page, &json!({ "archived": true })).await,
            Loss::Destroyed => {
                owner.does(Method::DELETE, &above, &nothing).await?;
                owner.does(Method::DELETE, &format!("{above}/forever"), &nothing).await
            }
            other => anyhow::bail!("{other:?} is lost by a key or a link"),
        }
    }

    async fn lose_by_link(&self, loss: Loss, id: &str) -> Result<Value> {
        let owner = self.owner;
        let share = format!("/api/shares/{id}");
        match loss {
            Loss::ShareEnded => owner.does(Method::DELETE, &share, &Value::Null).await,
            Loss::ShareMadeViewOnly => owner.does(Method::PATCH, &share, &json!({ "level": "view" })).await,
            Loss::ShareRenewed => owner.does(Method::POST, &format!("{share}/link"), &Value::Null).await,
            Loss::ShareLocked => owner.does(Method::PATCH, &share, &json!({ "password": "a word" })).await,
            Loss::SharedRestricted => self.restricts(&self.page, &json!([])).await,
            Loss::SharedTrashed => {
                owner.does(Method::DELETE, &format!("/api/pages/{}", self.page), &Value::Null).await
            }
            other => anyhow::bail!("{other:?} is not lost by a link"),
        }
    }
}
