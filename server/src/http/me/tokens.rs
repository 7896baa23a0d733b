//! `/api/me/tokens`: one's keys for programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Scope;
use weft_access::action::KeepAccount;
use weft_ids::TokenId;
use weft_wiki::audit::Deed;
use weft_wiki::member::{NewToken, Token};

use crate::app::AppState;
use crate::asking::hash;
use crate::auth::secret::{Kind, Secret};
use crate::http::address::Part;
use crate::http::asked::Asked;
use crate::http::audit::Noted as _;
use crate::http::body::{JsonBody, Moment};
use crate::http::error::{ApiError, ErrorBody};

/// A key for programs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    id: String,
    /// What it is for.
    name: String,
    /// `read`, `write` or `admin`.
    scope: &'static str,
    created: u64,
    /// When it was last used, to some minutes.
    used: Option<u64>,
    expires: Option<u64>,
}

/// One's keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// The newest first; those that have ended too.
    tokens: Vec<TokenView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    name: String,
    /// `read`, `write` or `admin`.
    scope: String,
    /// In milliseconds since 1970. Left out: it does not end.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64)]
    expires: Option<Moment>,
}

/// A new key, with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewTokenView {
    #[serde(flatten)]
    token: TokenView,
    /// The key itself. It is told here and never again.
    secret: String,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.id.as_str().to_owned(),
            name: token.name,
            scope: token.scope.as_str(),
            created: token.created.0,
            used: token.used.map(|used| used.0),
            expires: token.expires.map(|expires| expires.0),
        }
    }
}

/// One's keys for programs.
#[utoipa::path(get, path = "/api/me/tokens", tag = "me", responses(
    (status = 200, description = "The keys, without their secrets.", body = TokenList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not see its person's account.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<TokenList>, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    Ok(Json(TokenList { tokens: app.wiki.tokens(&proof).into_iter().map(TokenView::from).collect() }))
}

/// Makes a key for programs: it may what its person may, as far as its scope reaches.
#[utoipa::path(post, path = "/api/me/tokens", tag = "me", request_body = NewTokenBody, responses(
    (status = 201, description = "The key, with its secret.", body = NewTokenView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "It would reach farther than its person.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is, or there are as many as there may be.", body = ErrorBody),
    (status = 429, description = "Too much was made in a short time.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewTokenBody>,
) -> Result<(StatusCode, Json<NewTokenView>), ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    app.limits.create(proof.by().map_or("", |by| by.as_str()))?;
    let no_scope = || ApiError::invalid("scope", "a scope is read, write or admin");
    let scope = Scope::read(&body.scope).filter(|scope| *scope != Scope::Full).ok_or_else(no_scope)?;
    let secret = Secret::random(Kind::Token);
    let new = NewToken { name: body.name, scope, expires: body.expires.map(|expires| expires.0) };
    let token = app.wiki.make_token(&proof, hash(&secret), new).await?;
    app.note(&asked, Deed::TokenMade, Some(token.called()), Some(scope.as_str().to_owned())).await;
    let view = NewTokenView { token: token.into(), secret: secret.reveal().to_string() };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Ends a key.
#[utoipa::path(delete, path = "/api/me/tokens/{id}", tag = "me", params(("id" = String, Path,)), responses(
    (status = 204, description = "It opens nothing any more, and what it had open is closed."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "One has no such key.", body = ErrorBody),
))]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let id = TokenId::new(&id).ok_or_else(|| asked.unseen())?;
    let token = app.wiki.revoke_token(&proof, &id).await?;
    app.note(&asked, Deed::TokenRevoked, Some(token.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}
