//! What is sent by mail, and what happens without.

use super::*;
use crate::auth::mail::stub::Stub;
use crate::config::SettingValue as _;

/// A wiki with a mail server, and its owner.
pub(super) async fn with_mail() -> (World, Browser, Stub) {
    let stub = Stub::start(&[]).await;
    let settings = Settings {
        smtp_url: crate::config::Smtp::parse(&format!("smtp+plain://127.0.0.1:{}", stub.port)).unwrap(),
        smtp_from: crate::config::Sender::parse("Rivertown <wiki@example.com>").unwrap(),
        wiki_name: crate::config::WikiName::parse("Rivertown").unwrap(),
        ..Settings::default()
    };
    let world = World::new(settings).await;
    let olga = world.set_up().await;
    (world, olga, stub)
}

/// The secret of the first link in a mail to a page of this kind, with the soft line ends of the mail taken out.
fn secret(mail: &str, kind: &str) -> String {
    let text = mail.replace("=\r\n", "");
    let (_, rest) =
        text.split_once(&format!("http://localhost:4545/{kind}/")).unwrap_or_else(|| panic!("{text}"));
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[tokio::test]
async fn an_invitation_for_an_address_is_sent_there() {
    let (world, olga, mut stub) = with_mail().await;
    assert_eq!(world.get("/api/server").await.json()["mail"], json!(true));
    let body = json!({ "email": "mia@example.com", "role": "member" });
    let answer = world.does(&olga, Method::POST, "/api/invitations", body).await.json();
    assert_eq!(answer["sent"], json!(true));
    let mail = stub.taken().await.data;
    assert!(
        mail.contains("To: mia@example.com\r\n") && mail.contains("Subject: Olga invites you to Rivertown")
    );
    let secret = secret(&mail, "invite");
    assert!(answer["link"].as_str().unwrap().ends_with(&secret), "{answer} {secret}");
    let seen = world.get(&format!("/api/invitations/{secret}")).await;
    assert_eq!(seen.json()["email"], json!("mia@example.com"));
    // For whoever has the link there is nobody to send it to.
    let answer = world.does(&olga, Method::POST, "/api/invitations", json!({ "role": "guest" })).await.json();
    assert_eq!(answer["sent"], json!(false));
}

#[tokio::test]
async fn whoever_forgot_their_password_gets_a_link_in_their_language() {
    let (world, olga, mut stub) = with_mail().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    world.does(&mia, Method::PATCH, "/api/me", json!({ "language": "zh-CN" })).await;
    // Nobody has this address; the answer does not tell.
    for email in ["nobody@example.com", "no address", " MIA@example.com"] {
        let answer = world.send(Method::POST, "/api/password-resets", json!({ "email": email })).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::ACCEPTED, 0), "{email}");
    }
    let mail = stub.taken().await.data;
    assert!(mail.contains("To: mia@example.com\r\n") && !mail.contains("Set a new password"), "{mail}");
    assert_eq!(world.reads(&mia, "/api/me").await.status, StatusCode::OK, "asking changes nothing");
}

#[tokio::test]
async fn the_link_of_a_mail_sets_a_new_password_once() {
    let (world, _, mut stub) = with_mail().await;
    let ask = async || {
        let body = json!({ "email": "olga@example.com" });
        world.send(Method::POST, "/api/password-resets", body).await.status
    };
    assert_eq!(ask().await, StatusCode::ACCEPTED);
    let first = secret(&stub.taken().await.data, "reset");
    assert_eq!(ask().await, StatusCode::ACCEPTED);
    let second = secret(&stub.taken().await.data, "reset");
    assert_eq!(world.get(&format!("/api/password-resets/{first}")).await.status, StatusCode::GONE);
    let path = format!("/api/password-resets/{second}");
    let body = json!({ "password": "quite another set of words" });
    assert_eq!(world.send(Method::POST, &path, body.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(Method::POST, &path, body).await.status, StatusCode::GONE);
    let answer = world.signs_in("olga@example.com", "quite another set of words").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(ask().await, StatusCode::ACCEPTED);
    let answer = ask().await;
    assert_eq!(answer, StatusCode::TOO_MANY_REQUESTS, "three in a quarter of an hour");
}

#[tokio::test]
async fn without_a_mail_server_links_are_handed_on() {
    let (world, olga) = with_olga().await;
    assert_eq!(world.get("/api/server").await.json()["mail"], json!(false));
    let body = json!({ "email": "mia@example.com", "role": "member" });
    let answer = world.does(&olga, Method::POST, "/api/invitations", body).await.json();
    assert_eq!(answer["sent"], json!(false));
    let answer =
        world.send(Method::POST, "/api/password-resets", json!({ "email": "olga@example.com" })).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_mail_server_that_cannot_be_used_is_told_at_the_start() {
    let settings = Settings {
        smtp_url: crate::config::Smtp::parse("smtps://mail.example.com").unwrap(),
        ..Settings::default()
    };
    let store: Arc<dyn Store> = Arc::new(weft_store::MemoryStore::new());
    let opened = App::open(Arc::new(settings), store, Key::random(), Metrics::start(false), 4545).await;
    assert_eq!(opened.unwrap_err().to_string(), "smtp_url is set, but not smtp_from");
}
