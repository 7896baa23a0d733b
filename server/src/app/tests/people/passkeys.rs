//! Passkeys, made and shown by a device of test keys.

use super::*;
use crate::auth::passkey::device::Device;
use crate::config::SettingValue as _;

const ORIGIN: &str = "http://localhost:4545";

fn json_of(bytes: Vec<u8>) -> Value {
    serde_json::from_slice(&bytes).unwrap()
}

impl World {
    /// Makes a passkey of a device. Answers its id.
    async fn has_passkey(&self, who: &Browser, device: &Device) -> String {
        let offer = self.does(who, Method::POST, "/api/me/passkeys/options", Value::Null).await.json();
        let credential = json_of(device.create(&offer["options"]));
        let body = json!({ "name": "The telephone", "credential": credential });
        let answer = self.does(who, Method::POST, "/api/me/passkeys", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn shows(&self, device: &mut Device) -> Answer {
        let asked = self.send(Method::POST, "/api/sign-in/passkey/options", Value::Null).await.json();
        device.count += 1;
        let body = json!({ "credential": json_of(device.get(&asked["options"])) });
        self.send(Method::POST, "/api/sign-in/passkey", body).await
    }
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password_until_it_is_removed() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    assert_eq!(world.get("/api/server").await.json()["signIn"]["passkeys"], json!(true));
    let mut device = Device::new(mia.user.as_str(), ORIGIN);
    assert_eq!(said(&world.shows(&mut device).await), (401, "wrong".to_owned()), "nobody knows it yet");
    let id = world.has_passkey(&mia, &device).await;
    assert_eq!(world.reads(&mia, "/api/me").await.json()["passkeys"], json!(1));
    let list = world.reads(&mia, "/api/me/passkeys").await.json();
    assert_eq!(
        (&list["passkeys"][0]["name"], &list["passkeys"][0]["used"]),
        (&json!("The telephone"), &Value::Null)
    );

    let answer = world.shows(&mut device).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["id"], json!(mia.user.as_str()));
    let browser = Browser::of(&answer.json(), cookie(&answer));
    let list = world.reads(&browser, "/api/me/passkeys").await.json();
    assert!(list["passkeys"][0]["used"].is_u64(), "{list}");
    // A copy that counts less than the device did is another device.
    device.count = 0;
    assert_eq!(said(&world.shows(&mut device).await), (401, "wrong".to_owned()));
    device.count = 10;

    let path = format!("/api/me/passkeys/{id}");
    assert_eq!(world.does(&olga, Method::DELETE, &path, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.does(&browser, Method::DELETE, &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(said(&world.shows(&mut device).await), (401, "wrong".to_owned()));
    let kinds = world.kinds(&olga).await;
    for kind in ["passkey-added", "passkey-removed", "sign-in-refused"] {
        assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    }
}

#[tokio::test]
async fn nobody_comes_in_who_is_kept_out_nor_by_an_answer_that_was_shown_already() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let mut device = Device::new(mia.user.as_str(), ORIGIN);
    world.has_passkey(&mia, &device).await;
    let asked = world.send(Method::POST, "/api/sign-in/passkey/options", Value::Null).await.json();
    device.count = 1;
    let body = json!({ "credential": json_of(device.get(&asked["options"])) });
    let sign_in = async || world.send(Method::POST, "/api/sign-in/passkey", body.clone()).await;
    assert_eq!(sign_in().await.status, StatusCode::OK);
    assert_eq!(said(&sign_in().await), (401, "wrong".to_owned()));

    let person = format!("/api/people/{}", mia.user.as_str());
    world.does(&olga, Method::PATCH, &person, json!({ "suspended": true })).await;
    assert_eq!(said(&world.shows(&mut device).await), (401, "wrong".to_owned()));
    world.does(&olga, Method::PATCH, &person, json!({ "suspended": false })).await;
    assert_eq!(world.shows(&mut device).await.status, StatusCode::OK);
    world.does(&olga, Method::DELETE, &person, Value::Null).await;
    assert_eq!(said(&world.shows(&mut device).await), (401, "wrong".to_owned()));
}

#[tokio::test]
async fn no_second_step_is_asked_for_after_a_passkey_and_one_device_is_nobody_elses() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let mut device = Device::new(olga.user.as_str(), ORIGIN);
    world.has_passkey(&olga, &device).await;
    let offer = world.does(&olga, Method::POST, "/api/me/totp", Value::Null).await.json();
    let totp = totp_rs::TOTP::from_url(offer["link"].as_str().unwrap()).unwrap();
    let body = json!({ "code": totp.generate(crate::http::sign_in::seconds_now()) });
    let answer = world.does(&olga, Method::POST, "/api/me/totp/confirm", body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(world.shows(&mut device).await.status, StatusCode::OK);

    // What was offered to one person is no passkey of another, and nothing that was not asked for is one.
    let offer = world.does(&olga, Method::POST, "/api/me/passkeys/options", Value::Null).await.json();
    let other = Device { credential: [9; 16], ..Device::new(olga.user.as_str(), ORIGIN) };
    let credential = json_of(other.create(&offer["options"]));
    let body = json!({ "name": "Hers", "credential": credential });
    for _ in 0..2 {
        let answer = world.does(&mia, Method::POST, "/api/me/passkeys", body.clone()).await;
        assert_eq!(said(&answer), (422, "invalid".to_owned()));
        assert_eq!(answer.json()["error"]["field"], json!("credential"));
    }
    assert_eq!(world.reads(&mia, "/api/me").await.json()["passkeys"], json!(0));
    assert_eq!(world.get("/api/me/passkeys").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn there_are_at_most_so_many_and_none_where_browsers_allow_none() {
    let (world, olga) = with_olga().await;
    for number in 0..weft_wiki::member::PASSKEYS_PER_PERSON_MAX {
        let credential = [u8::try_from(number).unwrap(); 16];
        let device = Device { credential, ..Device::new(olga.user.as_str(), ORIGIN) };
        world.has_passkey(&olga, &device).await;
    }
    let answer = world.does(&olga, Method::POST, "/api/me/passkeys/options", Value::Null).await;
    assert_eq!(said(&answer), (422, "too_many".to_owned()));

    let public_url = crate::config::PublicUrl::parse("http://wiki.example.com").unwrap();
    let world = World::new(Settings { public_url, ..Settings::default() }).await;
    assert_eq!(world.get("/api/server").await.json()["signIn"]["passkeys"], json!(false));
    let answer = world.send(Method::POST, "/api/sign-in/passkey/options", Value::Null).await;
    assert_eq!(said(&answer), (409, "no_passkeys".to_owned()));
}
