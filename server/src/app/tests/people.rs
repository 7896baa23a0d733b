//! Accounts over HTTP: how people come in, what those who look after them do, and what is noted of it.

mod digest;
mod mail;
mod passkeys;
mod providers;
mod proxies;
mod second_step;

use serde_json::{Value, json};

use super::wiki::Browser;
use super::*;

const PASSWORD: &str = "four words that fit nowhere";

/// The `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let set = answer.headers.get("set-cookie").unwrap_or_else(|| panic!("{answer:?} sets no cookie"));
    set.to_str().unwrap().split(';').next().unwrap().to_owned()
}

impl World {
    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.ask(method, path, &[("content-type", "application/json")], body).await
    }

    async fn runs(&self, method: Method, path: &str, body: Value) -> Answer {
        let token = self.app.token.bearer();
        let fields = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.ask(method, path, &fields, body).await
    }

    async fn signs_in(&self, email: &str, password: &str) -> Answer {
        self.send(Method::POST, "/api/sign-in", json!({ "email": email, "password": password })).await
    }

    fn set_up_token(&self) -> String {
        self.app.set_up.reveal().to_string()
    }

    /// Makes Olga the owner.
    async fn set_up(&self) -> Browser {
        let body = json!({ "token": self.set_up_token(), "name": "Olga", "email": "olga@example.com", "password": PASSWORD });
        let answer = self.send(Method::POST, "/api/setup", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        Browser::of(&answer.json(), cookie(&answer))
    }

    /// Invites somebody, who comes.
    pub(super) async fn invited(&self, by: &Browser, name: &str, role: &str) -> Browser {
        let answer = self.does(by, Method::POST, "/api/invitations", json!({ "role": role })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let secret = answer.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({ "name": name, "email": email, "password": PASSWORD });
        let answer = self.send(Method::POST, &format!("/api/invitations/{secret}"), body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        Browser::of(&answer.json(), cookie(&answer))
    }

    async fn kinds(&self, by: &Browser) -> Vec<String> {
        let answer = self.reads(by, "/api/audit").await.json();
        let entries = answer["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
    }
}

impl Browser {
    fn of(me: &Value, cookie: String) -> Self {
        let user = weft_ids::UserId::new(me["id"].as_str().unwrap()).unwrap();
        Self { cookie, user }
    }
}

pub(super) async fn with_olga() -> (World, Browser) {
    let world = World::local().await;
    let browser = world.set_up().await;
    (world, browser)
}

#[tokio::test]
async fn the_link_of_the_terminal_makes_one_owner_and_no_second() {
    let world = World::local().await;
    assert_eq!(world.get("/api/server").await.json()["setUp"], json!(false));
    let answer = world.get("/api/me").await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "set_up"));

    let token = world.set_up_token();
    let wish = |token: &str, password: &str| json!({ "token": token, "name": "Olga", "email": "olga@example.com", "password": password });
    for bad in ["", "x", &"A".repeat(43)] {
        let answer = world.send(Method::POST, "/api/setup", wish(bad, PASSWORD)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "wrong"), "{bad}");
        let answer = world.get(&format!("/api/setup?token={bad}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{bad}");
    }
    let answer = world.send(Method::POST, "/api/setup", wish(&token, "short")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["error"]["field"], json!("password"));
    assert_eq!(world.get(&format!("/api/setup?token={token}")).await.status, StatusCode::NO_CONTENT);

    let answer = world.send(Method::POST, "/api/setup", wish(&token, PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json()["role"], json!("owner"));
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Max-Age=5184000"),
        "{set}"
    );
    let olga = Browser::of(&answer.json(), cookie(&answer));
    assert_eq!(world.reads(&olga, "/api/me").await.json()["email"], json!("olga@example.com"));
    let spaces = world.reads(&olga, "/api/spaces").await.json();
    assert_eq!(spaces["spaces"][0]["slug"], json!("home"));

    for path in [format!("/api/setup?token={token}"), "/api/setup?token=x".to_owned()] {
        assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    let answer = world.send(Method::POST, "/api/setup", wish(&token, PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/server").await.json()["setUp"], json!(true));
}

#[tokio::test]
async fn signing_in_answers_the_same_for_whoever_is_not_let_in() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let id = mia.user.as_str();
    let suspend = json!({ "suspended": true });
    assert_eq!(
        world.does(&olga, Method::PATCH, &format!("/api/people/{id}"), suspend).await.status,
        StatusCode::OK
    );
    let mut answers = Vec::new();
    for (email, password) in [
        ("olga@example.com", "not the password"),
        ("nobody@example.com", PASSWORD),
        ("mia@example.com", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let answer = world.signs_in(email, password).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "wrong"), "{email}");
        assert!(answer.headers.get("set-cookie").is_none());
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
    let answer = world.signs_in(" OLGA@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn guessing_is_stopped_and_says_when_to_come_again() {
    let (world, _) = with_olga().await;
    let mut refused = None;
    for _ in 0..40 {
        let answer = world.signs_in("olga@example.com", "not the password").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let answer = refused.expect("nobody stopped the guessing");
    assert_eq!(answer.code(), "locked_out");
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn each_sign_in_has_its_own_cookie_and_signing_out_ends_it() {
    let (world, first) = with_olga().await;
    let again = world.signs_in("olga@example.com", PASSWORD).await;
    let second = Browser::of(&again.json(), cookie(&again));
    assert_ne!(first.cookie, second.cookie);
    let list = world.reads(&second, "/api/me/sign-ins").await.json();
    let list = list["signIns"].as_array().unwrap().clone();
    assert_eq!(list.len(), 2);
    assert_eq!(list.iter().filter(|one| one["current"] == json!(true)).count(), 1);

    // Signing in once more from the same browser gives it a new id and ends the one it had.
    let fields = [("cookie", second.cookie.as_str()), ("content-type", "application/json")];
    let body = json!({ "email": "olga@example.com", "password": PASSWORD }).to_string();
    let answer = world.ask(Method::POST, "/api/sign-in", &fields, body).await;
    let third = Browser::of(&answer.json(), cookie(&answer));
    assert_eq!(world.reads(&second, "/api/me").await.status, StatusCode::UNAUTHORIZED);

    let other = list.iter().find(|one| one["current"] == json!(false)).unwrap();
    let path = format!("/api/me/sign-ins/{}", other["id"].as_str().unwrap());
    assert_eq!(world.does(&third, Method::DELETE, &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.reads(&first, "/api/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.does(&third, Method::DELETE, &path, Value::Null).await.status, StatusCode::NOT_FOUND);

    let answer = world.does(&third, Method::POST, "/api/sign-out", Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(world.reads(&third, "/api/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.send(Method::POST, "/api/sign-out", Value::Null).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_invitation_is_for_one_and_ends_with_who_made_it() {
    let (world, olga) = with_olga().await;
    let space = world.space(&olga, "Team", None).await;
    let body = json!({ "email": "mia@example.com", "role": "member", "spaces": [{ "space": space, "level": "edit" }] });
    let answer = world.does(&olga, Method::POST, "/api/invitations", body).await;
    let link = answer.json()["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with("http://localhost:4545/invite/"), "{link}");
    let secret = link.rsplit('/').next().unwrap();
    let path = format!("/api/invitations/{secret}");
    let seen = world.get(&path).await.json();
    assert_eq!(
        (&seen["by"], &seen["email"], &seen["role"]),
        (&json!("Olga"), &json!("mia@example.com"), &json!("member"))
    );

    let wish = |email: &str| json!({ "name": "Mia", "email": email, "password": PASSWORD });
    let answer = world.send(Method::POST, &path, wish("other@example.com")).await;
    assert_eq!(
        (answer.status, answer.json()["error"]["field"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("email"))
    );
    let answer = world.send(Method::POST, &path, wish("mia@example.com")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let mia = Browser::of(&answer.json(), cookie(&answer));
    assert_eq!(world.reads(&mia, &format!("/api/spaces/{space}")).await.json()["level"], json!("edit"));
    let again = world.send(Method::POST, &path, wish("mia@example.com")).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::GONE, "gone"));
    assert_eq!(world.get(&path).await.status, StatusCode::GONE);

    let taken = json!({ "email": "mia@example.com", "role": "member" });
    let answer = world.does(&olga, Method::POST, "/api/invitations", taken).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "email_taken"));
    for (role, status) in [("owner", StatusCode::FORBIDDEN), ("king", StatusCode::UNPROCESSABLE_ENTITY)] {
        let anna = world.invited(&olga, &format!("Anna{role}"), "admin").await;
        let answer = world.does(&anna, Method::POST, "/api/invitations", json!({ "role": role })).await;
        assert_eq!(answer.status, status, "{role}");
    }
    assert_eq!(
        world.does(&mia, Method::POST, "/api/invitations", json!({ "role": "guest" })).await.status,
        StatusCode::FORBIDDEN
    );

    // Taken back.
    let answer = world.does(&olga, Method::POST, "/api/invitations", json!({ "role": "guest" })).await.json();
    let secret = answer["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let waiting = world.reads(&olga, "/api/invitations").await.json();
    assert_eq!(waiting["invitations"].as_array().unwrap().len(), 1);
    let path = format!("/api/invitations/{}", answer["id"].as_str().unwrap());
    assert_eq!(world.does(&olga, Method::DELETE, &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&format!("/api/invitations/{secret}")).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn whoever_is_kept_out_is_signed_out_and_nobody_gives_more_than_they_have() {
    let (world, olga) = with_olga().await;
    let adam = world.invited(&olga, "Adam", "admin").await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let person = |who: &Browser| format!("/api/people/{}", who.user.as_str());
    for (by, whom, change, status) in [
        (&mia, &adam, json!({ "role": "guest" }), StatusCode::FORBIDDEN),
        (&adam, &mia, json!({ "role": "owner" }), StatusCode::FORBIDDEN),
        (&adam, &olga, json!({ "suspended": true }), StatusCode::FORBIDDEN),
        (&olga, &olga, json!({ "role": "admin" }), StatusCode::CONFLICT),
        (&olga, &olga, json!({ "suspended": true }), StatusCode::CONFLICT),
        (&adam, &mia, json!({ "email": "olga@example.com" }), StatusCode::CONFLICT),
        (&adam, &mia, json!({ "name": "Οlga" }), StatusCode::CONFLICT),
        (&adam, &mia, json!({ "role": "admin" }), StatusCode::OK),
    ] {
        let answer = world.does(by, Method::PATCH, &person(whom), change.clone()).await;
        assert_eq!(answer.status, status, "{change}");
    }
    let key = world
        .does(&mia, Method::POST, "/api/me/tokens", json!({ "name": "robot", "scope": "write" }))
        .await
        .json();
    let bearer = format!("Bearer {}", key["secret"].as_str().unwrap());
    let by_key = async || {
        world
            .ask(Method::GET, "/api/spaces", &[("authorization", bearer.as_str())], Body::empty())
            .await
            .status
    };
    assert_eq!(by_key().await, StatusCode::OK);
    let answer = world.does(&adam, Method::PATCH, &person(&mia), json!({ "suspended": true })).await;
    assert_eq!(answer.json()["suspended"], json!(true));
    assert_eq!(world.reads(&mia, "/api/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(by_key().await, StatusCode::UNAUTHORIZED);
    // Let in again, they sign in anew; what they had open stays ended.
    world.does(&adam, Method::PATCH, &person(&mia), json!({ "suspended": false })).await;
    assert_eq!(world.reads(&mia, "/api/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(by_key().await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.signs_in("mia@example.com", PASSWORD).await.status, StatusCode::OK);

    assert_eq!(
        world.does(&adam, Method::DELETE, &person(&mia), Value::Null).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        world.does(&olga, Method::DELETE, &person(&mia), Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        world.does(&olga, Method::DELETE, &person(&olga), Value::Null).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(world.signs_in("mia@example.com", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_reaches_as_far_as_its_scope_and_never_into_its_persons_account() {
    let (world, olga) = with_olga().await;
    let space = world.space(&olga, "Team", None).await;
    let mut keys = Vec::new();
    for scope in ["read", "write", "admin"] {
        let body = json!({ "name": scope, "scope": scope });
        let answer = world.does(&olga, Method::POST, "/api/me/tokens", body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        keys.push(answer.json()["secret"].as_str().unwrap().to_owned());
    }
    assert!(keys.iter().all(|key| key.starts_with("weft_")));
    let ask = async |key: &str, method: Method, path: &str, body: Value| {
        let bearer = format!("Bearer {key}");
        let fields = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        world.ask(method, path, &fields, body).await.status
    };
    let made = json!({ "space": space });
    for (at, page, invite) in [(0, 403, 403), (1, 201, 403), (2, 201, 201)] {
        assert_eq!(ask(&keys[at], Method::GET, "/api/spaces", Value::Null).await, StatusCode::OK);
        assert_eq!(ask(&keys[at], Method::POST, "/api/pages", made.clone()).await.as_u16(), page);
        let status = ask(&keys[at], Method::POST, "/api/invitations", json!({ "role": "guest" })).await;
        assert_eq!(status.as_u16(), invite);
        for path in ["/api/me/tokens", "/api/me/sign-ins"] {
            assert_eq!(ask(&keys[at], Method::GET, path, Value::Null).await, StatusCode::FORBIDDEN);
        }
        let change = json!({ "name": "X" });
        assert_eq!(ask(&keys[at], Method::PATCH, "/api/me", change).await, StatusCode::FORBIDDEN);
    }
    let list = world.reads(&olga, "/api/me/tokens").await.json();
    let list = list["tokens"].as_array().unwrap().clone();
    assert!(list.iter().all(|one| one["used"].is_u64() && one.get("secret").is_none()), "{list:?}");
    let admin = list.iter().find(|one| one["scope"] == json!("admin")).unwrap();
    let path = format!("/api/me/tokens/{}", admin["id"].as_str().unwrap());
    assert_eq!(world.does(&olga, Method::DELETE, &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&keys[2], Method::GET, "/api/spaces", Value::Null).await, StatusCode::UNAUTHORIZED);
    for bad in [
        json!({ "name": "x", "scope": "full" }),
        json!({ "name": "", "scope": "read" }),
        json!({ "name": "x", "scope": "read", "expires": 1 }),
    ] {
        let answer = world.does(&olga, Method::POST, "/api/me/tokens", bad.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn a_new_password_ends_every_other_way_in() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let elsewhere = world.signs_in("mia@example.com", PASSWORD).await;
    let elsewhere = Browser::of(&elsewhere.json(), cookie(&elsewhere));
    let new = "quite another set of words";
    for (body, status, field) in [
        (json!({ "password": new }), StatusCode::UNPROCESSABLE_ENTITY, "current"),
        (json!({ "current": "no", "password": new }), StatusCode::UNAUTHORIZED, "current"),
        (
            json!({ "current": PASSWORD, "password": "mia@example.com" }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "password",
        ),
    ] {
        let answer = world.does(&mia, Method::POST, "/api/me/password", body).await;
        assert_eq!((answer.status, answer.json()["error"]["field"].clone()), (status, json!(field)));
    }
    let body = json!({ "current": PASSWORD, "password": new });
    assert_eq!(world.does(&mia, Method::POST, "/api/me/password", body).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.reads(&mia, "/api/me").await.status, StatusCode::OK);
    assert_eq!(world.reads(&elsewhere, "/api/me").await.status, StatusCode::UNAUTHORIZED);

    // By an admin's link: whoever was in is out, here too, and the link opens once.
    let path = format!("/api/people/{}/reset", mia.user.as_str());
    let link =
        world.does(&olga, Method::POST, &path, Value::Null).await.json()["link"].as_str().unwrap().to_owned();
    let path = format!("/api/password-resets/{}", link.rsplit('/').next().unwrap());
    assert_eq!(world.get(&path).await.json()["email"], json!("mia@example.com"));
    let answer = world.send(Method::POST, &path, json!({ "password": "short" })).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let body = json!({ "password": "and yet another set of words" });
    assert_eq!(world.send(Method::POST, &path, body.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.reads(&mia, "/api/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.send(Method::POST, &path, body).await.status, StatusCode::GONE);
    assert_eq!(world.get(&path).await.status, StatusCode::GONE);
    assert_eq!(
        world.signs_in("mia@example.com", "and yet another set of words").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn people_see_of_each_other_what_is_theirs_to_see() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let gustav = world.invited(&olga, "Gustav", "guest").await;
    let names = async |who: &Browser| {
        let list = world.reads(who, "/api/people").await.json();
        let list = list["people"].as_array().unwrap().clone();
        let shows_mail = list.iter().any(|person| person.get("email").is_some());
        (
            list.iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
            shows_mail,
        )
    };
    let all = ["Gustav", "Mia", "Olga"].map(str::to_owned).to_vec();
    assert_eq!(names(&olga).await, (all.clone(), true));
    assert_eq!(names(&mia).await, (all, false));
    assert_eq!(names(&gustav).await, (vec!["Gustav".to_owned()], false));
    assert_eq!(world.get("/api/people").await.status, StatusCode::UNAUTHORIZED);

    let png = b"\x89PNG\r\n\x1a\nrest";
    let put = async |bytes: Vec<u8>| {
        world.ask(Method::PUT, "/api/me/picture", &[("cookie", mia.cookie.as_str())], bytes).await
    };
    let address = put(png.to_vec()).await.json()["picture"].as_str().unwrap().to_owned();
    let seen = world.reads(&olga, &address).await;
    assert_eq!((seen.headers["content-type"].to_str().unwrap(), &seen.body[..]), ("image/png", &png[..]));
    assert_eq!(put(b"<svg/>".to_vec()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        put(vec![0; weft_wiki::member::PICTURE_BYTES_MAX + 1]).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(world.get(&address).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        world.does(&mia, Method::DELETE, "/api/me/picture", Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.reads(&olga, &address).await.status, StatusCode::NOT_FOUND);

    let change = json!({ "name": "Mía", "color": "#123456", "language": "zh-CN", "timeZone": "Europe/Paris", "theme": "dark" });
    let me = world.does(&mia, Method::PATCH, "/api/me", change).await.json();
    assert_eq!(
        (&me["name"], &me["theme"], &me["language"]),
        (&json!("Mía"), &json!("dark"), &json!("zh-CN"))
    );
    let me = world.does(&mia, Method::PATCH, "/api/me", json!({ "language": null })).await.json();
    assert_eq!((&me["language"], &me["timeZone"]), (&Value::Null, &json!("Europe/Paris")));
    assert_eq!(me["digest"], json!("daily"), "who chose nothing gets them");
    let me = world.does(&mia, Method::PATCH, "/api/me", json!({ "digest": "weekly" })).await.json();
    assert_eq!((&me["digest"], &me["theme"]), (&json!("weekly"), &json!("dark")));
    for bad in [
        json!({ "theme": "pink" }),
        json!({ "color": "red" }),
        json!({ "name": "" }),
        json!({ "nmae": "x" }),
        json!({ "digest": "hourly" }),
    ] {
        let answer = world.does(&mia, Method::PATCH, "/api/me", bad.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn groups_carry_rights() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let space = world.space(&olga, "Board", None).await;
    let group = world.does(&olga, Method::POST, "/api/groups", json!({ "name": "Directors" })).await.json();
    let group = group["id"].as_str().unwrap().to_owned();
    let grant = json!({ "who": { "group": group }, "level": "view" });
    world.does(&olga, Method::PUT, &format!("/api/spaces/{space}/grants"), grant).await;
    let sees = async || world.reads(&mia, &format!("/api/spaces/{space}")).await.status == StatusCode::OK;
    assert!(!sees().await);
    let path = format!("/api/groups/{group}");
    let change = async |body: Value| world.does(&olga, Method::PATCH, &path, body).await.status;
    assert_eq!(change(json!({ "add": [mia.user.as_str()] })).await, StatusCode::OK);
    assert!(sees().await);
    assert_eq!(change(json!({ "remove": [mia.user.as_str()], "name": "The board" })).await, StatusCode::OK);
    assert!(!sees().await);
    assert_eq!(change(json!({ "add": ["a".repeat(24)] })).await, StatusCode::NOT_FOUND);
    assert_eq!(
        world.does(&mia, Method::POST, "/api/groups", json!({ "name": "Mine" })).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(world.does(&olga, Method::DELETE, &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.reads(&olga, "/api/groups").await.json()["groups"], json!([]));
}

#[tokio::test]
async fn what_matters_later_is_noted_and_read_by_those_who_look_after_the_server() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let space = world.space(&olga, "Team", None).await;
    world.grant(&olga, &space, &mia, "edit").await;
    let page = world.page(&olga, &space, None).await;
    world
        .does(
            &olga,
            Method::POST,
            &format!("/api/pages/{page}/shares"),
            json!({ "level": "view", "subtree": false }),
        )
        .await;
    world.does(&olga, Method::DELETE, &format!("/api/pages/{page}"), Value::Null).await;
    assert_eq!(
        world.kinds(&olga).await,
        [
            "page-trashed",
            "shared",
            "space-granted",
            "space-made",
            "signed-in",
            "joined",
            "invited",
            "signed-in",
            "set-up"
        ]
    );
    assert_eq!(world.reads(&mia, "/api/audit").await.status, StatusCode::FORBIDDEN);
    let one = world.reads(&olga, "/api/audit?limit=2").await.json();
    let next = one["next"].as_str().unwrap();
    let rest = world.reads(&olga, &format!("/api/audit?before={next}")).await.json();
    assert_eq!((one["entries"].as_array().unwrap().len(), rest["entries"].as_array().unwrap().len()), (2, 7));
    assert_eq!(rest["next"], Value::Null);
    let granted = world.reads(&olga, "/api/audit?kind=space-granted").await.json();
    let entry = &granted["entries"][0];
    assert_eq!(
        (&entry["by"]["name"], &entry["object"]["name"], &entry["detail"]),
        (&json!("Olga"), &json!("Team"), &json!("Mia: edit"))
    );
    assert_eq!(world.reads(&olga, "/api/audit?kind=nothing").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let file = world.reads(&olga, "/api/audit?format=csv").await;
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(text.lines().nth(1).unwrap().contains("page-trashed,Olga,"), "{text}");
    assert_eq!(text.lines().count(), 10);
}

#[tokio::test]
async fn whoever_runs_the_server_looks_after_people_by_its_token() {
    let world = World::local().await;
    let add = |name: &str, role: &str| json!({ "name": name, "email": format!("{name}@example.com"), "role": role });
    let answer = world.runs(Method::POST, "/api/people", add("mia", "member")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the first one is the owner");
    assert_eq!(
        world.runs(Method::POST, "/api/people", add("olga", "owner")).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        world.runs(Method::POST, "/api/people", add("mia", "member")).await.status,
        StatusCode::CREATED
    );
    let people = world.runs(Method::GET, "/api/people", Value::Null).await.json();
    assert_eq!(people["people"].as_array().unwrap().len(), 2);
    assert_eq!(people["people"][0]["email"], json!("mia@example.com"));
    assert_eq!(world.runs(Method::GET, "/api/me", Value::Null).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.runs(Method::GET, "/api/spaces", Value::Null).await.json()["spaces"], json!([]));
    assert_eq!(world.send(Method::GET, "/api/people", Value::Null).await.status, StatusCode::UNAUTHORIZED);
}
