//! The routes of one's own account, and of the ways into it.

use serde_json::json;

use super::{Route, done, empty, here, no_body, route, wrecking};
use crate::app::tests::matrix::actor::Actor;
use crate::app::tests::matrix::rules::{CONFLICT, INVALID, NOT_FOUND, Rank, Reach, SIGN_IN, on_server};
use crate::app::tests::matrix::town::{PNG, Sent};

fn account(actor: Actor, status: u16) -> u16 {
    done(on_server(actor, Rank::Guest, Reach::Full), status)
}

/// Something of somebody's own, by what the town calls it and who has it.
fn own(actor: Actor, owner: Actor) -> u16 {
    account(actor, if actor == owner { 204 } else { NOT_FOUND })
}

/// What is no thing's, likewise.
pub(in super::super) const ACCOUNT_ROUTES: &[Route<()>] = &[
    route("GET", "/api/me", no_body, |actor, ()| if actor.person().is_some() { 200 } else { SIGN_IN }),
    route("PATCH", "/api/me", empty, |actor, ()| account(actor, 200)),
    route("PUT", "/api/me/picture", |_, ()| Sent::Bytes(PNG.to_vec()), |actor, ()| account(actor, 200)),
    route("DELETE", "/api/me/picture", no_body, |actor, ()| account(actor, 204)),
    route("GET", "/api/me/sign-ins", no_body, |actor, ()| account(actor, 200)),
    route("DELETE", "/api/me/sign-ins/{gone}", no_body, |actor, ()| account(actor, NOT_FOUND)),
    route("DELETE", "/api/me/sign-ins/{member's sign-in}", no_body, |actor, ()| own(actor, Actor::Member)),
    route("DELETE", "/api/me/sign-ins", no_body, |actor, ()| account(actor, 204)),
    route("GET", "/api/me/tokens", no_body, |actor, ()| account(actor, 200)),
    route(
        "POST",
        "/api/me/tokens",
        |_, ()| Sent::Json(json!({ "name": "a program", "scope": "read" })),
        |actor, ()| account(actor, 201),
    ),
    route("DELETE", "/api/me/tokens/{gone}", no_body, |actor, ()| account(actor, NOT_FOUND)),
    wrecking("DELETE", "/api/me/tokens/{member's key}", no_body, |actor, ()| own(actor, Actor::Member)),
    route(
        "POST",
        "/api/me/password",
        |_, ()| Sent::Json(json!({ "password": "four words that fit nowhere" })),
        |actor, ()| account(actor, 204),
    ),
    route(
        "POST",
        "/api/me/totp/confirm",
        |_, ()| Sent::Json(json!({ "code": "000000" })),
        |actor, ()| account(actor, CONFLICT),
    ),
    wrecking("POST", "/api/me/totp", no_body, |actor, ()| account(actor, 200)),
    route("DELETE", "/api/me/totp", empty, |actor, ()| account(actor, 204)),
    route("GET", "/api/me/passkeys", no_body, |actor, ()| account(actor, 200)),
    route("POST", "/api/me/passkeys/options", no_body, |actor, ()| account(actor, 200)),
    route(
        "POST",
        "/api/me/passkeys",
        |_, ()| Sent::Json(json!({ "name": "a device", "credential": {} })),
        |actor, ()| account(actor, INVALID),
    ),
    route("DELETE", "/api/me/passkeys/{gone}", no_body, |actor, ()| account(actor, NOT_FOUND)),
    route("POST", "/api/sign-in/passkey/options", no_body, |_, ()| 200),
    route("POST", "/api/sign-in/passkey", |_, ()| Sent::Json(json!({ "credential": {} })), |_, ()| SIGN_IN),
    route("GET", "/api/sign-in/{gone}", no_body, |_, ()| NOT_FOUND),
    route("GET", "/api/sign-in/{gone}/callback", no_body, |_, ()| NOT_FOUND),
    route("GET", "/api/notices", no_body, |actor, ()| here(actor, 200)),
    route(
        "POST",
        "/api/notices/read",
        |_, ()| Sent::Json(json!({ "upTo": 1 })),
        |actor, ()| match actor {
            // Whoever runs the server has no account that could be told anything.
            Actor::Operator => SIGN_IN,
            actor => done(on_server(actor, Rank::Guest, Reach::Write), 204),
        },
    ),
    route(
        "POST",
        "/api/sign-in",
        |town, ()| {
            let email = format!("nobody{}@example.com", town.number());
            Sent::Json(json!({ "email": email, "password": "four words" }))
        },
        |_, ()| SIGN_IN,
    ),
    wrecking("POST", "/api/sign-out", no_body, |_, ()| 204),
    wrecking(
        "POST",
        "/api/password-resets",
        |_, ()| Sent::Json(json!({ "email": "a@example.com" })),
        |_, ()| 202,
    ),
    route("GET", "/api/password-resets/{reset secret}", no_body, |_, ()| 200),
    route("GET", "/api/password-resets/{gone}", no_body, |_, ()| 410),
    wrecking(
        "POST",
        "/api/password-resets/{reset secret}",
        |_, ()| Sent::Json(json!({ "password": "four words that fit nowhere" })),
        |_, ()| 204,
    ),
];
