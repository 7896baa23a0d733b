//! `/api/password-resets`: new passwords for those who forgot theirs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_wiki::WikiError;
use weft_wiki::audit::Deed;
use weft_wiki::member::{Person, RESET_MAX};

use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::sign_in::accepted;
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::mail::{Language, Mail};
use crate::auth::password::Password;
use crate::auth::secret::{Kind, Secret};

/// Whose password a link sets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetView {
    email: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgottenBody {
    email: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasswordBody {
    #[schema(value_type = String)]
    password: Password,
}

fn opened(app: &App, asked: &Asked, text: &str) -> Result<(Secret, Person), ApiError> {
    app.limits.link(asked.address)?;
    let secret = Secret::parse(Kind::Reset, text).ok_or(WikiError::Gone)?;
    let person = app.wiki.reset_by_secret(&hash(&secret)).ok_or(WikiError::Gone)?;
    Ok((secret, person))
}

/// Sends a link to whoever has an address, if somebody does.
async fn send(app: AppState, asked: Asked, email: String) {
    let Some(mailer) = &app.mailer else { return };
    let secret = Secret::random(Kind::Reset);
    let person = match app.wiki.ask_for_reset(&email, hash(&secret)).await {
        Ok(Some(person)) => person,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "a link to a new password could not be made"),
    };
    let link = format!("{}/reset/{}", app.base_url(), *secret.reveal());
    let wiki = app.settings.wiki_name.0.as_str();
    let mail = Mail::Reset { wiki, link: &link, minutes: RESET_MAX.as_secs() / 60 };
    match mailer.send(&person.email, &mail, Language::of(person.language.as_deref())) {
        Ok(()) => app.note_of(None, &asked, Deed::ResetMade, Some(person.called()), None).await,
        Err(error) => tracing::error!(%error, "a link to a new password could not be sent"),
    }
}

/// Asks for a link to a new password. The answer is the same whether or not anybody has that address; without mail, those
/// who look after people make such links.
#[utoipa::path(post, path = "/api/password-resets", tag = "sign-in", request_body = ForgottenBody, responses(
    (status = 202, description = "If somebody has that address and mail can be sent, the link is on its way to them."),
    (status = 429, description = "Too many were asked for.", body = ErrorBody),
))]
pub(crate) async fn ask(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<ForgottenBody>,
) -> Result<StatusCode, ApiError> {
    app.limits.reset_mail(&body.email, asked.address)?;
    if app.mailer.is_some() {
        // Beside the answer, so that it takes as long whether somebody has that address or not.
        tokio::spawn(send(app, asked, body.email));
    }
    Ok(StatusCode::ACCEPTED)
}

/// Whose password a link sets.
#[utoipa::path(get, path = "/api/password-resets/{secret}", tag = "sign-in", params(("secret" = String, Path,)), responses(
    (status = 200, description = "Whose.", body = ResetView),
    (status = 410, description = "It was used already, or has ended.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn one(
    State(app): State<AppState>,
    asked: Asked,
    Path(secret): Path<String>,
) -> Result<Json<ResetView>, ApiError> {
    let (_, person) = opened(&app, &asked, &secret)?;
    Ok(Json(ResetView { email: person.email }))
}

/// Chooses a new password by a link. Every browser of theirs is signed out.
#[utoipa::path(post, path = "/api/password-resets/{secret}", tag = "sign-in", params(("secret" = String, Path,)),
    request_body = NewPasswordBody, responses(
    (status = 204, description = "From now on it is the new one."),
    (status = 410, description = "The link was used already, or has ended.", body = ErrorBody),
    (status = 422, description = "The password is too easy to guess.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn spend(
    State(app): State<AppState>,
    asked: Asked,
    Path(secret): Path<String>,
    JsonBody(body): JsonBody<NewPasswordBody>,
) -> Result<StatusCode, ApiError> {
    let (secret, person) = opened(&app, &asked, &secret)?;
    let password = accepted(&app, body.password, &person.email, &person.name)?;
    let hashed = app.hasher.hash(password).await?;
    let person = app.wiki.reset_password(&hash(&secret), hashed).await?;
    app.note_of(Some(person.id.clone()), &asked, Deed::PasswordReset, Some(person.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}
