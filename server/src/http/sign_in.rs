//! `/api/sign-in` and `/api/sign-out`, and what every way in has in common.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use weft_access::action::KeepAccount;
use weft_ids::SignInId;
use weft_wiki::audit::Deed;
use weft_wiki::member::{Person, SIGN_IN_MAX, Shown};

use super::asked::Asked;
use super::audit::Noted;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::me::MeView;
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::cookie::{self, Purpose};
use crate::auth::password::{About, Password, Verdict, acceptable};
use crate::auth::seal::{OpenError, Purpose as Sealed};
use crate::auth::secret::{Kind, Secret};
use crate::auth::totp::{TotpSecret, recovery_code};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    email: String,
    #[schema(value_type = String)]
    password: Password,
    /// With the answer `code_needed`: what the authenticator app shows, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

/// A password that somebody chose, if it may be theirs.
pub(crate) fn accepted(app: &App, password: Password, email: &str, name: &str) -> Result<Password, ApiError> {
    let about = About { email, name, wiki: &app.settings.wiki_name.0 };
    match acceptable(&password, about) {
        Ok(()) => Ok(password),
        Err(refusal) => Err(ApiError::invalid("password", refusal.to_string())),
    }
}

/// Signs somebody in who has proved who they are otherwise than by their password: the answer gives their browser its
/// cookie and tells it who they are.
pub(crate) async fn sign_in_here(
    app: &App,
    asked: &Asked,
    headers: &HeaderMap,
    person: &Person,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let secret = Secret::random(Kind::SignIn);
    let address = asked.address.to_string();
    let id = app.wiki.sign_in(&person.id, hash(&secret), &address, agent(headers)).await?;
    welcome(app, asked, person, &secret, &id, status).await
}

pub(super) fn agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}

/// Makes a browser the one that was signed in just now, whoever it was before. Answers its cookie.
pub(super) async fn remember(
    app: &App,
    asked: &Asked,
    person: &Person,
    secret: &Secret,
    id: &SignInId,
) -> Option<HeaderValue> {
    // Whoever this browser was before, by whatever cookie: it is somebody else now.
    if let Some(before) = asked.sign_in().filter(|before| *before != id)
        && let Ok(proof) = asked.may::<KeepAccount>(&app.wiki)
    {
        let _ = app.wiki.end_sign_in(&proof, before).await;
    }
    app.note_of(Some(person.id.clone()), asked, Deed::SignedIn, Some(person.called()), None).await;
    let lasts: Duration = SIGN_IN_MAX;
    cookie::set(Purpose::SignIn, asked.scheme, secret, Some(lasts))
}

/// What a browser gets that is signed in now: its cookie, and who it is.
pub(super) async fn welcome(
    app: &App,
    asked: &Asked,
    person: &Person,
    secret: &Secret,
    id: &SignInId,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let set = remember(app, asked, person, secret, id).await;
    let mut response = (status, Json(MeView::of(app, person))).into_response();
    response.headers_mut().extend(set.map(|set| (header::SET_COOKIE, set)));
    Ok(response)
}

/// The same for an address that nobody has, for a wrong password, and for somebody who is kept out.
fn wrong() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "wrong",
        "the e-mail address or the password is not right",
        "Look whether both are typed as they should be, or choose a new password.",
    )
}

/// What is right of the password and not of the second step.
pub(crate) fn wrong_code() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "wrong",
        "this code is not right",
        "Wait for the next code of the app, and look whether the clock of the telephone is right. Each code counts once.",
    )
    .about("code")
}

/// The key file is not the one that a second step was sealed with.
pub(crate) fn sealed(error: OpenError) -> ApiError {
    tracing::error!(%error, "a second step cannot be checked");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "sealed",
        "the server cannot check codes of your app any more",
        "Use a recovery code, or ask an owner of this server to take your second step away.",
    )
}

/// The time as authenticator apps know it.
pub(crate) fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What somebody whose password was right showed as their second step, if they have one.
fn second_step(app: &App, person: &Person, code: Option<&str>) -> Result<Option<Shown>, ApiError> {
    let step = app.wiki.second_step(&person.id).filter(|step| step.since.is_some());
    let Some(step) = step else { return Ok(None) };
    let Some(code) = code else {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "code_needed",
            "a code of your authenticator app is needed",
            "Send it as code, together with the address and the password. A recovery code does as well.",
        ));
    };
    let id = person.id.as_str();
    app.limits.code(id)?;
    if let Some(hash) = recovery_code(id, code, &step.recovery) {
        return Ok(Some(Shown::Recovery(hash)));
    }
    let secret = app.key.open(Sealed::Totp(id), &step.secret).map_err(sealed)?;
    let shared = TotpSecret::from_bytes(&secret);
    match shared.and_then(|shared| shared.check(code, seconds_now(), step.used)) {
        Some(used) => Ok(Some(Shown::Code { secret: step.secret, step: used })),
        None => Err(wrong_code()),
    }
}

/// Signs a browser in.
#[utoipa::path(post, path = "/api/sign-in", tag = "sign-in", request_body = SignInBody, responses(
    (status = 200, description = "Signed in, with this cookie.", body = MeView),
    (status = 401, description = "`wrong`: the address or the password is not right, never which; or the code is not. \
        `code_needed`: they are, and a code is asked for.", body = ErrorBody),
    (status = 429, description = "Too many were tried.", body = ErrorBody),
))]
pub(crate) async fn sign_in(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SignInBody>,
) -> Result<Response, ApiError> {
    app.limits.sign_in(&body.email, asked.address)?;
    let person = app.wiki.person_by_email(&body.email);
    let known = person.as_ref().and_then(|person| person.password.clone());
    let verdict = app.hasher.verify(body.password.clone(), known.clone()).await?;
    let in_time = person.filter(|person| person.suspended.is_none()).zip(known);
    let (Verdict::Right { rehash }, Some((person, known))) = (verdict, in_time) else {
        // Beside the answer, so that it takes as long whether somebody has that address or not. What was typed may be a
        // password in the wrong field: it is not kept.
        if let Some(known) = app.wiki.person_by_email(&body.email).map(|person| person.called()) {
            tokio::spawn(
                async move { app.note_of(None, &asked, Deed::SignInRefused, Some(known), None).await },
            );
        }
        return Err(wrong());
    };
    let shown = match second_step(&app, &person, body.code.as_deref()) {
        Ok(shown) => shown,
        Err(error) => {
            if error.code == "wrong" {
                let detail = Some("the second step".to_owned());
                app.note_of(None, &asked, Deed::SignInRefused, Some(person.called()), detail).await;
            }
            return Err(error);
        }
    };
    let secret = Secret::random(Kind::SignIn);
    let address = asked.address.to_string();
    let agent = agent(&headers);
    let by = app.wiki.sign_in_by_password(&person.id, &known, shown.as_ref(), hash(&secret), &address, agent);
    let signed = by.await;
    let id = signed.map_err(|error| match error {
        // They got another one, were kept out, or their code was used, while it was compared.
        weft_wiki::WikiError::Refused(_) => wrong(),
        error => error.into(),
    })?;
    if rehash {
        let renewed = match app.hasher.hash(body.password).await {
            Ok(hash) => {
                app.wiki.renew_hash(&person.id, &known, hash).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = renewed {
            tracing::warn!(why, "a password stays under its older hash until the next sign-in");
        }
    }
    if matches!(shown, Some(Shown::Recovery(_))) {
        let by = Some(person.id.clone());
        app.note_of(by, &asked, Deed::RecoveryCodeUsed, Some(person.called()), None).await;
    }
    welcome(&app, &asked, &person, &secret, &id, StatusCode::OK).await
}

/// Signs a browser out. One that is not signed in is no error.
#[utoipa::path(post, path = "/api/sign-out", tag = "sign-in", responses(
    (status = 204, description = "This browser is not signed in any more."),
))]
pub(crate) async fn sign_out(State(app): State<AppState>, asked: Asked) -> Result<Response, ApiError> {
    if let Some(here) = asked.sign_in() {
        let proof = asked.may::<KeepAccount>(&app.wiki)?;
        app.wiki.end_sign_in(&proof, here).await?;
        let person = asked.subject.person.as_deref().map(Noted::called);
        app.note(&asked, Deed::SignedOut, person, None).await;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(clear) = cookie::clear(Purpose::SignIn, asked.scheme) {
        response.headers_mut().append(header::SET_COOKIE, clear);
    }
    Ok(response)
}
