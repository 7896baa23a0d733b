//! `/api/me/passkeys` and `/api/sign-in/passkey`: signing in without a password.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use weft_access::action::KeepAccount;
use weft_ids::PasskeyId;
use weft_wiki::WikiError;
use weft_wiki::audit::Deed;
use weft_wiki::member::{PASSKEYS_PER_PERSON_MAX, Passkey};

use super::address::Part;
use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::me::{MeView, oneself};
use super::sign_in::{agent, welcome};
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::passkey::{PasskeyError, Person, SignInAnswer, Site};
use crate::auth::secret::{Kind, Secret};

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    id: String,
    /// What its person calls it.
    name: String,
    created: u64,
    /// When somebody last signed in with it.
    used: Option<u64>,
}

/// One's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyList {
    /// The newest first.
    passkeys: Vec<PasskeyView>,
}

/// What a browser is to be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OptionsView {
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`. They hold for five minutes,
    /// and once.
    #[schema(value_type = Object)]
    options: Value,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskeyBody {
    name: String,
    /// What the browser made, as its `toJSON` gives it.
    #[schema(value_type = Object)]
    credential: Value,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignInBody {
    /// What the browser answered, as its `toJSON` gives it.
    #[schema(value_type = Object)]
    credential: Value,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.as_str().to_owned(),
            name: passkey.name,
            created: passkey.created.0,
            used: passkey.used.map(|used| used.0),
        }
    }
}

impl From<PasskeyError> for ApiError {
    fn from(error: PasskeyError) -> Self {
        let message = error.to_string();
        match error {
            PasskeyError::Site => Self::new(
                StatusCode::CONFLICT,
                "no_passkeys",
                message,
                "Whoever runs the server sets public_url to the address that people use, with https.",
            ),
            PasskeyError::Busy => {
                let help = "Nothing was changed. Sign in with your password, or wait.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, help)
                    .with(header::RETRY_AFTER, HeaderValue::from_static("60"))
            }
            PasskeyError::Stray | PasskeyError::Refused(_) => Self::invalid("credential", message),
            PasskeyError::Damaged => {
                tracing::error!("a stored passkey is damaged");
                Self::internal()
            }
        }
    }
}

fn site(app: &App) -> Result<&Site, PasskeyError> {
    app.site.as_ref().ok_or(PasskeyError::Site)
}

/// One's passkeys.
#[utoipa::path(get, path = "/api/me/passkeys", tag = "me", responses(
    (status = 200, description = "The passkeys.", body = PasskeyList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not see its person's account.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<PasskeyList>, ApiError> {
    asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    let passkeys = app.wiki.passkeys(&person.id).into_iter().map(PasskeyView::from);
    Ok(Json(PasskeyList { passkeys: passkeys.collect() }))
}

/// What the browser is to be asked, to make a passkey.
#[utoipa::path(post, path = "/api/me/passkeys/options", tag = "me", responses(
    (status = 200, description = "The options.", body = OptionsView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not change its person's account.", body = ErrorBody),
    (status = 409, description = "Browsers allow no passkeys under the server's address.", body = ErrorBody),
    (status = 422, description = "There are as many as there may be.", body = ErrorBody),
    (status = 429, description = "Too much was made in a short time.", body = ErrorBody),
    (status = 503, description = "Too many people do that at this moment.", body = ErrorBody),
))]
pub(crate) async fn offer(State(app): State<AppState>, asked: Asked) -> Result<Json<OptionsView>, ApiError> {
    asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    app.limits.create(person.id.as_str())?;
    let existing = app.wiki.passkeys(&person.id);
    if existing.len() >= PASSKEYS_PER_PERSON_MAX {
        let what = "passkeys of one person";
        return Err(WikiError::TooMany { what, max: PASSKEYS_PER_PERSON_MAX }.into());
    }
    let shown = Person { id: person.id.as_str(), email: &person.email, name: &person.name };
    let options = app.passkeys.begin_registration(site(&app)?, shown, &existing)?;
    Ok(Json(OptionsView { options }))
}

/// Keeps a passkey that the browser made.
#[utoipa::path(post, path = "/api/me/passkeys", tag = "me", request_body = NewPasskeyBody, responses(
    (status = 201, description = "From now on it signs them in.", body = PasskeyView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not change its person's account.", body = ErrorBody),
    (status = 409, description = "It is kept already.", body = ErrorBody),
    (status = 422, description = "It is no answer to what was asked, or something else cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn add(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewPasskeyBody>,
) -> Result<(StatusCode, Json<PasskeyView>), ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    let answer = body.credential.to_string();
    let new = app.passkeys.finish_registration(site(&app)?, person.id.as_str(), answer.as_bytes())?;
    let passkey = app.wiki.add_passkey(&proof, &body.name, new).await?;
    app.note(&asked, Deed::PasskeyAdded, Some(passkey.called()), None).await;
    Ok((StatusCode::CREATED, Json(passkey.into())))
}

/// Removes a passkey.
#[utoipa::path(delete, path = "/api/me/passkeys/{id}", tag = "me", params(("id" = String, Path,)), responses(
    (status = 204, description = "It signs nobody in any more."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not change its person's account.", body = ErrorBody),
    (status = 404, description = "One has no such passkey.", body = ErrorBody),
))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let id = PasskeyId::new(&id).ok_or_else(|| asked.unseen())?;
    let passkey = app.wiki.remove_passkey(&proof, &id).await?;
    app.note(&asked, Deed::PasskeyRemoved, Some(passkey.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What the browser is to be asked, to sign in with a passkey.
#[utoipa::path(post, path = "/api/sign-in/passkey/options", tag = "sign-in", responses(
    (status = 200, description = "The options.", body = OptionsView),
    (status = 409, description = "Browsers allow no passkeys under the server's address.", body = ErrorBody),
    (status = 503, description = "Too many people do that at this moment.", body = ErrorBody),
))]
pub(crate) async fn ask(State(app): State<AppState>, _asked: Asked) -> Result<Json<OptionsView>, ApiError> {
    Ok(Json(OptionsView { options: app.passkeys.begin_sign_in(site(&app)?)? }))
}

/// The same for a passkey that nobody has, for one whose answer does not hold, and for somebody who is kept out.
fn wrong() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "wrong",
        "this passkey does not sign you in",
        "Try again; if it stays, sign in with your password and make a new passkey under Settings.",
    )
}

/// Signs a browser in by a passkey. No second step is asked for: the device has verified the person already.
#[utoipa::path(post, path = "/api/sign-in/passkey", tag = "sign-in", request_body = PasskeySignInBody, responses(
    (status = 200, description = "Signed in, with this cookie.", body = MeView),
    (status = 401, description = "The passkey is nobody's, or its answer does not hold.", body = ErrorBody),
    (status = 409, description = "Browsers allow no passkeys under the server's address.", body = ErrorBody),
    (status = 429, description = "Too many were tried.", body = ErrorBody),
))]
pub(crate) async fn sign_in(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PasskeySignInBody>,
) -> Result<Response, ApiError> {
    let site = site(&app)?;
    let answer = SignInAnswer::read(body.credential.to_string().as_bytes()).map_err(|_| wrong())?;
    let passkey = app.wiki.passkey_by_credential(answer.credential());
    let person = passkey.as_ref().and_then(|passkey| app.wiki.person(&passkey.user));
    app.limits.sign_in(person.as_ref().map_or("", |person| &person.email), asked.address)?;
    let (Some(passkey), Some(person)) = (passkey, person) else { return Err(wrong()) };
    let state = match app.passkeys.finish_sign_in(site, &answer, &passkey) {
        Ok(state) if person.suspended.is_none() => state,
        refused => {
            if let Err(why) = refused {
                tracing::debug!(%why, "a passkey was refused");
            }
            let detail = Some("a passkey".to_owned());
            app.note_of(None, &asked, Deed::SignInRefused, Some(person.called()), detail).await;
            return Err(wrong());
        }
    };
    let secret = Secret::random(Kind::SignIn);
    let address = asked.address.to_string();
    let signed = app.wiki.sign_in_by_passkey(&passkey, state, hash(&secret), &address, agent(&headers)).await;
    let id = signed.map_err(|error| match error {
        // It was removed, or they were kept out, meanwhile.
        WikiError::Refused(_) => wrong(),
        error => error.into(),
    })?;
    welcome(&app, &asked, &person, &secret, &id, StatusCode::OK).await
}
