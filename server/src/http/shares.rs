//! `/api/pages/{id}/shares`, `/api/shares`, `/api/shared`: public links to pages.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::{ManagePage, ViewPage};
use weft_access::{Allowed, Refused, Subject};
use weft_ids::ShareId;
use weft_wiki::Field;
use weft_wiki::audit::Deed;
use weft_wiki::share::{Share, Wish};

use super::address::Part;
use super::asked::Asked;
use super::body::{JsonBody, Moment};
use super::error::{ApiError, ErrorBody};
use super::pages::view::{PageRow, PageView};
use super::spaces::{given, level};
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::cookie::{self, Purpose};
use crate::auth::password::{Password, Verdict};
use crate::auth::secret::{Kind, Secret};

/// The longest password of a link, in characters.
pub(crate) const LINK_PASSWORD_CHARACTERS_MAX: usize = 256;

/// A public link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShareView {
    id: String,
    page: String,
    /// `view` or `edit`.
    level: &'static str,
    /// Whether it opens what lies below the page, too.
    subtree: bool,
    has_password: bool,
    /// When it ends, in milliseconds since 1970.
    expires: Option<u64>,
    /// Whether search engines may list it.
    indexed: bool,
    created: u64,
    by: Option<String>,
    /// The link itself; told once, when it is made.
    link: Option<String>,
}

/// Public links.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareList {
    shares: Vec<ShareView>,
}

/// What a link is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewShareBody {
    /// `view` or `edit`.
    level: String,
    #[serde(default)]
    subtree: bool,
    #[serde(default)]
    password: Option<String>,
    /// In milliseconds since 1970. Left out: it does not end.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64)]
    expires: Option<Moment>,
    #[serde(default)]
    indexed: bool,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShareChangeBody {
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    subtree: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    password: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64)]
    expires: Option<Option<Moment>>,
    #[serde(default)]
    indexed: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    link: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnlockBody {
    password: String,
}

/// A shared page, as whoever has the link sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedView {
    /// Left out until the password is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<PageView>,
    /// What lies below, each before what lies below it, if the link opens that too.
    pages: Vec<PageRow>,
    needs_password: bool,
    indexed: bool,
}

impl ShareView {
    fn of(share: &Share, link: Option<String>) -> Self {
        Self {
            id: share.id.as_str().to_owned(),
            page: share.page.as_str().to_owned(),
            level: share.level.as_str(),
            subtree: share.subtree,
            has_password: share.password.is_some(),
            expires: share.expires.map(|expires| expires.0),
            indexed: share.indexed,
            created: share.created.at.0,
            by: share.created.by.as_ref().map(|by| by.as_str().to_owned()),
            link,
        }
    }
}

fn link(app: &App, secret: &Secret) -> String {
    format!("{}/s/{}", app.base_url(), *secret.reveal())
}

/// The hash of a link's password. One with few characters is better than none, and guessing it is limited.
async fn password(app: &App, text: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let characters = text.chars().count();
    if characters == 0 || characters > LINK_PASSWORD_CHARACTERS_MAX {
        let why = format!("a link's password has 1 to {LINK_PASSWORD_CHARACTERS_MAX} characters");
        return Err(ApiError::invalid("password", why));
    }
    Ok(Some(app.hasher.hash(Password::new(text)).await?))
}

/// The links to a page.
#[utoipa::path(get, path = "/api/pages/{id}/shares", tag = "shares", params(("id" = String, Path,)), responses(
    (status = 200, description = "The links, the oldest first.", body = ShareList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage the page.", body = ErrorBody),
    (status = 404, description = "There is no such page, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn list(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Json<ShareList>, ApiError> {
    let proof = asked.may_to_page::<ManagePage>(&app.wiki, &id)?;
    let shares = app.wiki.shares(&proof);
    Ok(Json(ShareList { shares: shares.iter().map(|share| ShareView::of(share, None)).collect() }))
}

/// Makes a link to a page.
#[utoipa::path(post, path = "/api/pages/{id}/shares", tag = "shares", params(("id" = String, Path,)),
    request_body = NewShareBody, responses(
    (status = 201, description = "The link, told this once.", body = ShareView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage the page.", body = ErrorBody),
    (status = 404, description = "There is no such page, or whoever asks may not see it.", body = ErrorBody),
    (status = 422, description = "A field cannot be so, or there are too many links.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<NewShareBody>,
) -> Result<(StatusCode, Json<ShareView>), ApiError> {
    let proof = asked.may_to_page::<ManagePage>(&app.wiki, &id)?;
    let wish = Wish {
        level: level(Field::Level, &body.level)?,
        subtree: body.subtree,
        password: password(&app, body.password).await?,
        expires: body.expires.map(|expires| expires.0),
        indexed: body.indexed,
    };
    let secret = Secret::random(Kind::Share);
    let share = app.wiki.make_share(&proof, hash(&secret), wish).await?;
    app.note(&asked, Deed::Shared, Some(app.called(&share.page)), Some(told(&share))).await;
    Ok((StatusCode::CREATED, Json(ShareView::of(&share, Some(link(&app, &secret))))))
}

/// What a link opens, for the audit log.
fn told(share: &Share) -> String {
    let Share { level, subtree, password, expires, indexed, .. } = share;
    let told = [
        (true, level.as_str()),
        (*subtree, "with the pages below"),
        (password.is_some(), "with a password"),
        (expires.is_some(), "for a time"),
        (*indexed, "for search engines"),
    ];
    told.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

/// The share of an address, with the proof that whoever asks manages its page.
fn managed(app: &App, asked: &Asked, id: &str) -> Result<(Allowed<ManagePage>, Share), ApiError> {
    let share = ShareId::new(id).and_then(|id| app.wiki.share(&id)).ok_or_else(|| asked.unseen())?;
    // Who may not manage the page may not know of its links.
    let proof = app.wiki.allow_page::<ManagePage>(&asked.subject, &share.page).map_err(|_| asked.unseen())?;
    Ok((proof, share))
}

/// Changes what a link opens.
#[utoipa::path(patch, path = "/api/shares/{id}", tag = "shares", params(("id" = String, Path,)),
    request_body = ShareChangeBody, responses(
    (status = 200, description = "The link, changed.", body = ShareView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks does not manage its page.", body = ErrorBody),
    (status = 422, description = "A field cannot be so.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<ShareChangeBody>,
) -> Result<Json<ShareView>, ApiError> {
    let (proof, share) = managed(&app, &asked, &id)?;
    let wish = Wish {
        level: match &body.level {
            Some(word) => level(Field::Level, word)?,
            None => share.level,
        },
        subtree: body.subtree.unwrap_or(share.subtree),
        password: match body.password {
            Some(text) => password(&app, text).await?,
            None => share.password,
        },
        expires: body.expires.map_or(share.expires, |expires| expires.map(|expires| expires.0)),
        indexed: body.indexed.unwrap_or(share.indexed),
    };
    let share = app.wiki.change_share(&proof, &share.id, wish, None).await?;
    app.note(&asked, Deed::ShareChanged, Some(app.called(&share.page)), Some(told(&share))).await;
    Ok(Json(ShareView::of(&share, None)))
}

/// Gives a share a new link; the old one ends.
#[utoipa::path(post, path = "/api/shares/{id}/link", tag = "shares", params(("id" = String, Path,)), responses(
    (status = 200, description = "The new link, told this once.", body = LinkView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks does not manage its page.", body = ErrorBody),
))]
pub(crate) async fn renew(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Json<LinkView>, ApiError> {
    let (proof, share) = managed(&app, &asked, &id)?;
    let Share { level, subtree, password, expires, indexed, .. } = share;
    let wish = Wish { level, subtree, password, expires, indexed };
    let secret = Secret::random(Kind::Share);
    let share = app.wiki.change_share(&proof, &share.id, wish, Some(hash(&secret))).await?;
    app.note(&asked, Deed::ShareChanged, Some(app.called(&share.page)), Some("a new link".to_owned())).await;
    Ok(Json(LinkView { link: link(&app, &secret) }))
}

/// Ends a link at once.
#[utoipa::path(delete, path = "/api/shares/{id}", tag = "shares", params(("id" = String, Path,)), responses(
    (status = 204, description = "It opens nothing any more."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks does not manage its page.", body = ErrorBody),
))]
pub(crate) async fn end(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let (proof, share) = managed(&app, &asked, &id)?;
    app.wiki.end_share(&proof, &share.id).await?;
    app.note(&asked, Deed::ShareEnded, Some(app.called(&share.page)), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The share that a link's secret opens.
fn opened(app: &App, text: &str) -> Result<(Secret, Share), ApiError> {
    let gone = || {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "this link opens nothing, or nothing any more",
            "Ask whoever sent it for a new one.",
        )
    };
    let secret = Secret::parse(Kind::Share, text).ok_or_else(gone)?;
    let share = app.wiki.share_by_secret(&hash(&secret)).ok_or_else(gone)?;
    Ok((secret, share))
}

/// What a link opens.
#[utoipa::path(get, path = "/api/shared/{secret}", tag = "shares", params(("secret" = String, Path,)), responses(
    (status = 200, description = "The page and what lies below it, or that a password is asked for.", body = SharedView),
    (status = 404, description = "The link opens nothing.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn shared(
    State(app): State<AppState>,
    asked: Asked,
    Part(text): Part,
) -> Result<Response, ApiError> {
    app.limits.link(asked.address)?;
    let (_, share) = opened(&app, &text)?;
    let link = asked.credentials.with_token(&app, &text).subject(&app.wiki).link;
    let view = match link {
        None => SharedView { page: None, pages: Vec::new(), needs_password: true, indexed: share.indexed },
        Some(claim) => {
            let subject = Subject { link: Some(claim), ..Subject::default() };
            let proof =
                app.wiki.allow_page::<ViewPage>(&subject, &share.page).map_err(|_| Refused::Hidden)?;
            let seen = app.wiki.page_seen(&proof).ok_or(Refused::Hidden)?;
            let below = if share.subtree { app.wiki.lines_below(&proof) } else { Vec::new() };
            SharedView {
                page: Some(PageView::of(&app, &seen, None)),
                pages: below.iter().map(PageRow::of).collect(),
                needs_password: false,
                indexed: share.indexed,
            }
        }
    };
    let mut response = Json(view).into_response();
    if !share.indexed {
        response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    }
    Ok(response)
}

/// Gives a link's password: from then on this browser may open it.
#[utoipa::path(post, path = "/api/shared/{secret}/unlock", tag = "shares", params(("secret" = String, Path,)),
    request_body = UnlockBody, responses(
    (status = 204, description = "The browser was given a cookie that opens the link."),
    (status = 401, description = "That is not the password.", body = ErrorBody),
    (status = 404, description = "The link opens nothing.", body = ErrorBody),
    (status = 429, description = "Too many passwords were tried.", body = ErrorBody),
))]
pub(crate) async fn unlock(
    State(app): State<AppState>,
    asked: Asked,
    Part(text): Part,
    JsonBody(body): JsonBody<UnlockBody>,
) -> Result<Response, ApiError> {
    let (secret, share) = opened(&app, &text)?;
    let Some(known) = &share.password else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    app.limits.share_password(share.id.as_str(), asked.address)?;
    match app.hasher.verify(Password::new(body.password), Some(known.clone())).await? {
        Verdict::Right { .. } => {}
        Verdict::Wrong => {
            return Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "wrong",
                "this is not the link's password",
                "Ask whoever sent the link.",
            ));
        }
    }
    let purpose = Purpose::Unlock(share.id.as_str());
    let proof = secret.unlocking(known);
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(set) = cookie::set(purpose, asked.scheme, &proof, None) {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    Ok(response)
}
