//! `/api/me/sign-ins`: the browsers in which one is signed in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use weft_access::action::KeepAccount;
use weft_ids::SignInId;
use weft_wiki::audit::Deed;

use super::oneself;
use crate::app::AppState;
use crate::http::address::Part;
use crate::http::asked::Asked;
use crate::http::audit::Noted as _;
use crate::http::error::{ApiError, ErrorBody};

/// A browser in which one is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInView {
    id: String,
    /// The one that asks.
    current: bool,
    created: u64,
    /// When it was last used, to some minutes.
    seen: u64,
    address: String,
    /// What the browser calls itself.
    agent: String,
}

/// Where one is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInList {
    /// The one used last comes first.
    sign_ins: Vec<SignInView>,
}

/// Where one is signed in.
#[utoipa::path(get, path = "/api/me/sign-ins", tag = "me", responses(
    (status = 200, description = "The browsers.", body = SignInList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not see its person's account.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<SignInList>, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let sign_ins = app.wiki.sign_ins(&proof).into_iter().map(|sign_in| SignInView {
        current: Some(&sign_in.id) == asked.sign_in(),
        id: sign_in.id.as_str().to_owned(),
        created: sign_in.created.0,
        seen: sign_in.seen.0,
        address: sign_in.address,
        agent: sign_in.agent,
    });
    Ok(Json(SignInList { sign_ins: sign_ins.collect() }))
}

/// Signs one browser out.
#[utoipa::path(delete, path = "/api/me/sign-ins/{id}", tag = "me", params(("id" = String, Path,)), responses(
    (status = 204, description = "It is signed out, and its open pages are closed."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "One has no such browser.", body = ErrorBody),
))]
pub(crate) async fn end(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let id = SignInId::new(&id).ok_or_else(|| asked.unseen())?;
    app.wiki.end_sign_in(&proof, &id).await?;
    app.note(&asked, Deed::SignedOut, Some(oneself(&app, &asked)?.called()), Some("another browser".into()))
        .await;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs every other browser out.
#[utoipa::path(delete, path = "/api/me/sign-ins", tag = "me", responses(
    (status = 204, description = "One is signed in here only."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn end_others(State(app): State<AppState>, asked: Asked) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    app.wiki.end_other_sign_ins(&proof, asked.sign_in()).await?;
    app.note(
        &asked,
        Deed::SignedOut,
        Some(oneself(&app, &asked)?.called()),
        Some("all other browsers".into()),
    )
    .await;
    Ok(StatusCode::NO_CONTENT)
}
