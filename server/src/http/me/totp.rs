//! `/api/me/totp`: one's second step, the codes of an authenticator app.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::KeepAccount;
use weft_wiki::audit::Deed;

use super::{confirm as confirm_password, oneself};
use crate::app::AppState;
use crate::auth::password::Password;
use crate::auth::seal::Purpose;
use crate::auth::totp::{TotpSecret, recovery_codes};
use crate::http::asked::Asked;
use crate::http::audit::Noted as _;
use crate::http::body::JsonBody;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::sign_in::{sealed, seconds_now, wrong_code};

/// What an authenticator app is to be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotpOffer {
    /// To type in. It is told here and never again.
    secret: String,
    /// The same as an `otpauth:` address, to open or to show as a picture.
    link: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    /// What the app shows now.
    code: String,
}

/// What helps whoever lost their app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryView {
    /// Each counts once, in place of a code. They are told here and never again.
    recovery_codes: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpRemovalBody {
    /// The password they have, if they have one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
}

/// Offers a second step. Nothing is asked for until a first code has proved that the app has the secret.
#[utoipa::path(post, path = "/api/me/totp", tag = "me", responses(
    (status = 200, description = "What to give to the app; what was offered before ends.", body = TotpOffer),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not change its person's account.", body = ErrorBody),
    (status = 422, description = "They have a second step.", body = ErrorBody),
    (status = 429, description = "Too much was made in a short time.", body = ErrorBody),
))]
pub(crate) async fn offer(State(app): State<AppState>, asked: Asked) -> Result<Json<TotpOffer>, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    app.limits.create(person.id.as_str())?;
    let secret = TotpSecret::random();
    let closed = app.key.seal(Purpose::Totp(person.id.as_str()), secret.as_bytes());
    app.wiki.offer_second_step(&proof, closed.ok_or_else(ApiError::internal)?).await?;
    let link = secret.url(&person.email, &app.settings.wiki_name.0).to_string();
    Ok(Json(TotpOffer { secret: secret.text().to_string(), link }))
}

/// Begins to ask for a second step, by a first code.
#[utoipa::path(post, path = "/api/me/totp/confirm", tag = "me", request_body = CodeBody, responses(
    (status = 200, description = "From now on a code is asked for after the password.", body = RecoveryView),
    (status = 401, description = "Nobody is signed in, or the code is not right.", body = ErrorBody),
    (status = 409, description = "Nothing is offered, or it was confirmed already.", body = ErrorBody),
    (status = 429, description = "Too many codes were tried.", body = ErrorBody),
))]
pub(crate) async fn confirm(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<CodeBody>,
) -> Result<Json<RecoveryView>, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    let id = person.id.as_str();
    app.limits.code(id)?;
    let offered = app.wiki.second_step(&person.id).filter(|step| step.since.is_none());
    let offered = offered.ok_or(weft_wiki::WikiError::Conflict)?;
    let secret = app.key.open(Purpose::Totp(id), &offered.secret).map_err(sealed)?;
    let step =
        TotpSecret::from_bytes(&secret).and_then(|secret| secret.check(&body.code, seconds_now(), None));
    let step = step.ok_or_else(wrong_code)?;
    let codes = recovery_codes(id);
    let hashes = codes.iter().map(|(_, hash)| *hash).collect();
    app.wiki.confirm_second_step(&proof, &offered.secret, step, hashes).await?;
    app.note(&asked, Deed::SecondStepAdded, Some(person.called()), None).await;
    Ok(Json(RecoveryView { recovery_codes: codes.into_iter().map(|(code, _)| code.to_string()).collect() }))
}

/// Asks for no second step any more.
#[utoipa::path(delete, path = "/api/me/totp", tag = "me", request_body = TotpRemovalBody, responses(
    (status = 204, description = "The password is enough."),
    (status = 401, description = "Nobody is signed in, or the password is not right.", body = ErrorBody),
    (status = 422, description = "The password is missing.", body = ErrorBody),
    (status = 429, description = "Too many were tried.", body = ErrorBody),
))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<TotpRemovalBody>,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    confirm_password(&app, &asked, &person, "password", body.password).await?;
    if app.wiki.end_own_second_step(&proof).await? {
        app.note(&asked, Deed::SecondStepRemoved, Some(person.called()), None).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
