//! The second step of signing in by a password.

use super::*;
use crate::http::sign_in::seconds_now;

/// What an authenticator app shows so many steps from now.
fn code(link: &str, steps: u64) -> String {
    totp_rs::TOTP::from_url(link).unwrap().generate(seconds_now() + steps * 30)
}

impl World {
    async fn signs_in_with(&self, email: &str, code: &str) -> Answer {
        let body = json!({ "email": email, "password": PASSWORD, "code": code });
        self.send(Method::POST, "/api/sign-in", body).await
    }

    /// Turns the second step on. Answers the link of the app and the recovery codes.
    async fn has_app(&self, who: &Browser) -> (String, Vec<String>) {
        let offer = self.does(who, Method::POST, "/api/me/totp", Value::Null).await.json();
        let link = offer["link"].as_str().unwrap().to_owned();
        let body = json!({ "code": code(&link, 0) });
        let answer = self.does(who, Method::POST, "/api/me/totp/confirm", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let codes = answer.json()["recoveryCodes"].as_array().unwrap().clone();
        (link, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
    }
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn a_code_is_asked_for_after_the_password_and_counts_once() {
    let (world, olga) = with_olga().await;
    assert_eq!(world.get("/api/server").await.json()["signIn"]["totp"], json!(true));
    // Offered only, it changes nothing; another offer ends the one before.
    let first = world.does(&olga, Method::POST, "/api/me/totp", Value::Null).await.json();
    let second = world.does(&olga, Method::POST, "/api/me/totp", Value::Null).await.json();
    assert_ne!(first["secret"], second["secret"]);
    assert!(second["link"].as_str().unwrap().contains(second["secret"].as_str().unwrap()));
    assert_eq!(world.signs_in("olga@example.com", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(world.reads(&olga, "/api/me").await.json()["totp"], json!(false));
    let confirm = async |code: String| {
        world.does(&olga, Method::POST, "/api/me/totp/confirm", json!({ "code": code })).await
    };
    let stale = confirm(code(first["link"].as_str().unwrap(), 0)).await;
    assert_eq!(said(&stale), (401, "wrong".to_owned()));
    let link = second["link"].as_str().unwrap();
    let (now, next) = (code(link, 0), code(link, 1));
    let answer = confirm(now.clone()).await;
    assert_eq!(answer.json()["recoveryCodes"].as_array().unwrap().len(), 10);
    assert_eq!(said(&confirm(now.clone()).await), (409, "conflict".to_owned()));
    assert_eq!(world.reads(&olga, "/api/me").await.json()["totp"], json!(true));
    let again = world.does(&olga, Method::POST, "/api/me/totp", Value::Null).await;
    assert_eq!(said(&again), (422, "invalid".to_owned()));

    let answer = world.signs_in("olga@example.com", PASSWORD).await;
    assert_eq!(said(&answer), (401, "code_needed".to_owned()));
    assert!(answer.headers.get("set-cookie").is_none());
    // Whoever does not know the password does not learn that there is a second step.
    let answer = world.signs_in("olga@example.com", "not the password").await;
    assert_eq!(said(&answer), (401, "wrong".to_owned()));
    for bad in ["", "000000x", "aaaa-aaaa-aaaa-aaaa", &now] {
        let answer = world.signs_in_with("olga@example.com", bad).await;
        assert_eq!(said(&answer), (401, "wrong".to_owned()), "{bad}");
        assert!(answer.headers.get("set-cookie").is_none());
    }
    assert_eq!(world.signs_in_with("olga@example.com", &next).await.status, StatusCode::OK);
    assert_eq!(said(&world.signs_in_with("olga@example.com", &next).await), (401, "wrong".to_owned()));
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_is_noted() {
    let (world, olga) = with_olga().await;
    let (_, codes) = world.has_app(&olga).await;
    assert_eq!(
        world.signs_in_with("olga@example.com", &codes[3].to_uppercase()).await.status,
        StatusCode::OK
    );
    let again = world.signs_in_with("olga@example.com", &codes[3]).await;
    assert_eq!(said(&again), (401, "wrong".to_owned()));
    assert_eq!(world.signs_in_with("olga@example.com", &codes[4]).await.status, StatusCode::OK);
    let kinds = world.kinds(&olga).await;
    let expected = ["signed-in", "recovery-code-used", "sign-in-refused", "signed-in", "recovery-code-used"];
    assert_eq!(kinds[..5], expected);
    assert!(kinds.contains(&"second-step-added".to_owned()));
}

#[tokio::test]
async fn codes_are_tried_so_often_and_no_oftener() {
    let (world, olga) = with_olga().await;
    world.has_app(&olga).await;
    let mut statuses = Vec::new();
    // Of several addresses, so that it is the code's own limit.
    for number in 0..crate::auth::rate::CODES_PER_ACCOUNT_MAX {
        let world = World { app: world.app.clone(), peer: format!("192.0.2.{number}:9").parse().unwrap() };
        statuses.push(world.signs_in_with("olga@example.com", "000000x").await.status.as_u16());
    }
    // The confirmation was a try too.
    let refused = statuses.pop().unwrap();
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    assert_eq!(refused, 429);
}

#[tokio::test]
async fn it_goes_by_the_password_or_by_an_owner_and_by_nothing_else() {
    let (world, olga) = with_olga().await;
    let adam = world.invited(&olga, "Adam", "admin").await;
    let mia = world.invited(&olga, "Mia", "member").await;
    world.has_app(&mia).await;
    let remove = async |body: Value| world.does(&mia, Method::DELETE, "/api/me/totp", body).await;
    assert_eq!(said(&remove(json!({})).await), (422, "invalid".to_owned()));
    let wrong = remove(json!({ "password": "not the password" })).await;
    assert_eq!(
        (said(&wrong), &wrong.json()["error"]["field"]),
        ((401, "wrong".to_owned()), &json!("password"))
    );
    assert_eq!(remove(json!({ "password": PASSWORD })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.signs_in("mia@example.com", PASSWORD).await.status, StatusCode::OK);

    // Neither a new password by an admin's link nor a suspension takes it away.
    let (link, _) = world.has_app(&mia).await;
    let person = format!("/api/people/{}", mia.user.as_str());
    let made = world.does(&adam, Method::POST, &format!("{person}/reset"), Value::Null).await.json();
    let path = format!("/api/password-resets/{}", made["link"].as_str().unwrap().rsplit('/').next().unwrap());
    assert_eq!(
        world.send(Method::POST, &path, json!({ "password": PASSWORD })).await.status,
        StatusCode::NO_CONTENT
    );
    for suspended in [true, false] {
        world.does(&adam, Method::PATCH, &person, json!({ "suspended": suspended })).await;
    }
    assert_eq!(said(&world.signs_in("mia@example.com", PASSWORD).await), (401, "code_needed".to_owned()));
    assert_eq!(world.signs_in_with("mia@example.com", &code(&link, 1)).await.status, StatusCode::OK);

    for (by, change, status) in [
        (&adam, json!({ "totp": false }), StatusCode::FORBIDDEN),
        (&olga, json!({ "totp": true }), StatusCode::UNPROCESSABLE_ENTITY),
        (&olga, json!({ "totp": false }), StatusCode::OK),
        (&olga, json!({ "totp": false }), StatusCode::OK),
    ] {
        let answer = world.does(by, Method::PATCH, &person, change.clone()).await;
        assert_eq!(answer.status, status, "{change}");
    }
    assert_eq!(world.signs_in("mia@example.com", PASSWORD).await.status, StatusCode::OK);
    let removed = world.reads(&olga, "/api/audit?kind=second-step-removed").await.json();
    let by: Vec<_> = removed["entries"].as_array().unwrap().iter().map(|e| e["by"]["name"].clone()).collect();
    assert_eq!(by, [json!("Olga"), json!("Mia")]);
}

#[tokio::test]
async fn it_outlives_a_restart_and_without_its_key_recovery_codes_still_count() {
    let (world, olga) = with_olga().await;
    let (link, codes) = world.has_app(&olga).await;
    let reopened = async |key: Key| {
        let (settings, store) = (world.app.settings.clone(), world.app.store.clone());
        let app = App::open(settings, store, key, Metrics::start(false), 4545).await.unwrap();
        World { app, peer: world.peer }
    };
    let same = reopened(world.app.key.clone()).await;
    assert_eq!(said(&same.signs_in("olga@example.com", PASSWORD).await), (401, "code_needed".to_owned()));
    assert_eq!(same.signs_in_with("olga@example.com", &code(&link, 1)).await.status, StatusCode::OK);
    let other = reopened(Key::random()).await;
    assert_eq!(
        said(&other.signs_in_with("olga@example.com", &code(&link, 1)).await),
        (500, "sealed".to_owned())
    );
    assert_eq!(other.signs_in_with("olga@example.com", &codes[0]).await.status, StatusCode::OK);
}
