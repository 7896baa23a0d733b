//! `/api/server` and `/api/setup`: what anybody may know of the server, and how it gets its owner.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weft_wiki::WikiError;
use weft_wiki::audit::Deed;
use weft_wiki::member::NewOwner;

use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::me::MeView;
use super::sign_in::{accepted, sign_in_here};
use crate::app::{App, AppState};
use crate::auth::password::Password;
use crate::auth::secret::{Kind, Secret};

/// What the first space is called.
pub(crate) const FIRST_SPACE: &str = "Home";

/// What anybody may know of the server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerView {
    version: &'static str,
    /// What the wiki is called.
    name: String,
    /// Whether it has an owner.
    set_up: bool,
    /// Whether anyone may open rooms that belong to no page and no app.
    open_rooms: bool,
    /// Whether it can send mail.
    mail: bool,
    sign_in: WaysIn,
}

/// How people can sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaysIn {
    password: bool,
    passkeys: bool,
    totp: bool,
    providers: Vec<Provider>,
}

/// An OpenID provider that people can sign in with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Provider {
    id: String,
    /// What stands on its button.
    label: String,
}

/// What anybody may know of the server.
#[utoipa::path(get, path = "/api/server", tag = "server", responses(
    (status = 200, description = "What it is.", body = ServerView),
))]
pub(crate) async fn server(State(app): State<AppState>) -> Json<ServerView> {
    Json(ServerView {
        version: env!("CARGO_PKG_VERSION"),
        name: app.settings.wiki_name.0.clone(),
        set_up: app.wiki.is_set_up(),
        open_rooms: app.settings.open,
        mail: app.mailer.is_some(),
        sign_in: WaysIn { password: true, passkeys: app.site.is_some(), totp: true, providers: Vec::new() },
    })
}

/// The secret that stands in the set-up link.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SetUpQuery {
    token: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetUpBody {
    /// The secret that stands in the link that the server prints when it starts.
    token: String,
    name: String,
    email: String,
    #[schema(value_type = String)]
    password: Password,
}

/// That `token` is what the server printed, while it still opens anything.
fn check(app: &App, asked: &Asked, token: &str) -> Result<(), ApiError> {
    app.limits.link(asked.address)?;
    if app.wiki.is_set_up() {
        return Err(WikiError::SetUp.into());
    }
    if Secret::parse(Kind::SetUp, token).is_some_and(|token| app.set_up.is(&token)) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "wrong",
        "this is not the set-up link of this server",
        "Use the link that Weft printed when it was last started; every start prints another.",
    ))
}

/// Whether a set-up link still makes an owner.
#[utoipa::path(get, path = "/api/setup", tag = "server", params(SetUpQuery), responses(
    (status = 204, description = "It does."),
    (status = 403, description = "This is not the link that the server printed.", body = ErrorBody),
    (status = 404, description = "The server has its owner.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn may_set_up(
    State(app): State<AppState>,
    asked: Asked,
    Query(query): Query<SetUpQuery>,
) -> Result<StatusCode, ApiError> {
    check(&app, &asked, &query.token)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the server's owner, who is then signed in.
#[utoipa::path(post, path = "/api/setup", tag = "server", request_body = SetUpBody, responses(
    (status = 201, description = "The server has its owner, with this cookie.", body = MeView),
    (status = 403, description = "This is not the link that the server printed.", body = ErrorBody),
    (status = 404, description = "The server has its owner.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn set_up(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SetUpBody>,
) -> Result<Response, ApiError> {
    check(&app, &asked, &body.token)?;
    let password = accepted(&app, body.password, &body.email, &body.name)?;
    let password = Some(app.hasher.hash(password).await?);
    let owner = NewOwner { name: body.name, email: body.email, password };
    let person = app.wiki.set_up(owner, FIRST_SPACE).await?;
    app.note_of(Some(person.id.clone()), &asked, Deed::SetUp, Some(person.called()), None).await;
    sign_in_here(&app, &asked, &headers, &person, StatusCode::CREATED).await
}
