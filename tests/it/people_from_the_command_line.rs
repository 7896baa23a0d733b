//! `weft user`, with a server running on the data and without one, and the link that a new server prints.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value, json};
use weft_tests::http::ask;
use weft_tests::server::Server;
use weft_tests::team::{PASSWORD, Person};

/// How long a server may take to stop. Other tests use the machine at the same time.
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// What `weft user …` prints.
fn user(server: &Server, arguments: &[&str], input: &str) -> Result<String> {
    let arguments: Vec<&str> = ["user"].iter().chain(arguments).copied().collect();
    let output = server.command_reading(&arguments, input)?;
    let errors = String::from_utf8(output.stderr)?;
    ensure!(output.status.success(), "{} {errors}", output.status.code().unwrap_or(-1));
    Ok(String::from_utf8(output.stdout)?)
}

/// Why `weft user …` does not do it.
fn refused(server: &Server, arguments: &[&str]) -> String {
    let refused = user(server, arguments, "").unwrap_err().to_string();
    assert!(refused.starts_with("1 weft: "), "{arguments:?}: {refused}");
    refused
}

fn stop(server: &mut Server) -> Result<()> {
    server.terminate()?;
    let status = server.ended(STOPS_WITHIN)?;
    ensure!(status.success(), "{status}");
    Ok(())
}

/// The lines of `weft user list`, without when somebody was last here.
fn listed(server: &Server) -> Vec<String> {
    let list = user(server, &["list"], "").unwrap();
    let line = |line: &str| {
        let parts: Vec<&str> = line.split('\t').collect();
        let [email, role, state, _, name] = parts[..] else { panic!("{line:?}") };
        [email, role, state, name].join(" ")
    };
    list.lines().map(line).collect()
}

async fn may_sign_in(server: &Server, email: &str, password: &str) -> bool {
    Person::sign_in(server.authority(), email, password).await.is_ok()
}

/// Chooses a password by the link that was printed.
async fn chooses_by(server: &Server, printed: &str, password: &str) -> Result<()> {
    let (_, secret) = printed.trim().rsplit_once("/reset/").context("a link")?;
    let path = format!("/api/password-resets/{secret}");
    let somebody = Person::sign_in(server.authority(), "olga@example.com", PASSWORD).await?;
    somebody.does(Method::POST, &path, &json!({ "password": password })).await?;
    ensure!(somebody.does(Method::POST, &path, &json!({ "password": password })).await.is_err());
    Ok(())
}

fn add_the_owner(server: &Server) {
    let add = |role| ["add", "olga@example.com", "--name", "Olga", "--role", role, "--password-stdin"];
    let refused = user(server, &add("member"), PASSWORD).unwrap_err().to_string();
    assert!(refused.contains("the first person of a server is its owner"), "{refused}");
    assert_eq!(user(server, &["list"], "").unwrap(), "Nobody has an account yet.\n");
    let done = user(server, &add("owner"), &format!("{PASSWORD}\n")).unwrap();
    assert_eq!(done, "Olga has an account (owner).\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_looked_after_while_the_server_runs_and_it_holds_at_once() {
    let server = Server::start(&[]).unwrap();
    add_the_owner(&server);
    let printed = user(&server, &["add", "mia@example.com", "--name", "Mia"], "").unwrap();
    assert!(printed.starts_with("Mia has an account (member).\n"), "{printed}");
    chooses_by(&server, &printed, "eight red kettles sing").await.unwrap();
    let mia = Person::sign_in(server.authority(), "mia@example.com", "eight red kettles sing").await.unwrap();
    assert_eq!(listed(&server), ["mia@example.com member - Mia", "olga@example.com owner - Olga"]);

    let done = user(&server, &["role", "Mia@Example.com", "admin"], "").unwrap();
    assert_eq!(done, "Mia is admin now.\n");
    let me = mia.does(Method::GET, "/api/me", &Value::Null).await.unwrap();
    assert_eq!(me["role"], json!("admin"));

    let done = user(&server, &["suspend", "mia@example.com"], "").unwrap();
    assert_eq!(done, "Mia is kept out, and signed out everywhere.\n");
    assert_eq!(mia.asks(Method::GET, "/api/me", &Value::Null).await.unwrap().status.as_u16(), 401);
    assert!(!may_sign_in(&server, "mia@example.com", "eight red kettles sing").await);
    assert_eq!(listed(&server)[0], "mia@example.com admin suspended Mia");
    let done = user(&server, &["suspend", "mia@example.com", "--undo"], "").unwrap();
    assert_eq!(done, "Mia may come in again.\n");
    assert_eq!(mia.asks(Method::GET, "/api/me", &Value::Null).await.unwrap().status.as_u16(), 401);
    let again = Person::sign_in(server.authority(), "mia@example.com", "eight red kettles sing").await;
    let again = again.unwrap();

    let done =
        user(&server, &["password", "mia@example.com", "--password-stdin"], "nine green kettles wait\n");
    assert_eq!(done.unwrap(), "Mia has a new password, and is signed out everywhere.\n");
    assert_eq!(again.asks(Method::GET, "/api/me", &Value::Null).await.unwrap().status.as_u16(), 401);
    assert!(!may_sign_in(&server, "mia@example.com", "eight red kettles sing").await);
    assert!(may_sign_in(&server, "mia@example.com", "nine green kettles wait").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_looked_after_while_no_server_runs() {
    let mut server = Server::start(&[]).unwrap();
    stop(&mut server).unwrap();
    add_the_owner(&server);
    let add = ["add", "mia@example.com", "--name", "Mia", "--role", "guest", "--password-stdin"];
    assert_eq!(user(&server, &add, "eight red kettles sing").unwrap(), "Mia has an account (guest).\n");
    let add = ["add", "ben@example.com", "--name", "Ben", "--password-stdin"];
    user(&server, &add, "nine green kettles wait").unwrap();
    let add = ["add", "zoe@example.com", "--name", "Zoe"];
    let link = user(&server, &add, "").unwrap();
    user(&server, &["role", "mia@example.com", "member"], "").unwrap();
    user(&server, &["suspend", "ben@example.com"], "").unwrap();
    user(&server, &["password", "mia@example.com", "--password-stdin"], "ten white kettles ring").unwrap();
    let whole = [
        "ben@example.com member suspended Ben",
        "mia@example.com member - Mia",
        "olga@example.com owner - Olga",
        "zoe@example.com member - Zoe",
    ];
    assert_eq!(listed(&server), whole);

    // A server that was killed has left its file behind.
    server.start_again().unwrap();
    server.kill().unwrap();
    assert_eq!(listed(&server), whole);

    server.start_again().unwrap();
    assert_eq!(listed(&server), whole);
    assert!(may_sign_in(&server, "mia@example.com", "ten white kettles ring").await);
    assert!(!may_sign_in(&server, "mia@example.com", "eight red kettles sing").await);
    assert!(!may_sign_in(&server, "ben@example.com", "nine green kettles wait").await);
    chooses_by(&server, &link, "eleven old kettles rest").await.unwrap();
    assert!(may_sign_in(&server, "zoe@example.com", "eleven old kettles rest").await);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do_and_nothing_is_changed() {
    let mut server = Server::start(&[]).unwrap();
    add_the_owner(&server);
    for running in [true, false] {
        for (arguments, why) in [
            (&["suspend", "olga@example.com"][..], "owner"),
            (&["role", "olga@example.com", "member"][..], "owner"),
            (&["role", "olga@example.com", "queen"][..], "owner, admin, member or guest"),
            (&["suspend", "nobody@example.com"][..], "weft user list shows who there is"),
            (&["add", "OLGA@example.com", "--name", "Another"][..], "account with this e-mail address"),
            (&["add", "no address", "--name", "Another"][..], "e-mail"),
            (&["add", "other@example.com", "--name", "a\u{202e}b"][..], "cannot be seen"),
            (&["add", "other@example.com", "--name", "Оlga"][..], "look like"),
        ] {
            let told = refused(&server, arguments);
            assert!(told.contains(why), "{running} {arguments:?}: {told}");
        }
        for short in ["", "short", "olga@example.com"] {
            let set = ["password", "olga@example.com", "--password-stdin"];
            assert!(user(&server, &set, short).is_err(), "{short:?}");
        }
        assert_eq!(listed(&server), ["olga@example.com owner - Olga"]);
        if running {
            stop(&mut server).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_that_is_printed_makes_one_owner_and_every_start_prints_another() {
    let mut server = Server::start(&[]).unwrap();
    let first = server.set_up_token().unwrap();
    stop(&mut server).unwrap();
    server.start_again().unwrap();
    let second = server.set_up_token().unwrap();
    assert_ne!(first, second);
    let wish = |token: &str| json!({ "token": token, "name": "Olga", "email": "olga@example.com", "password": PASSWORD });
    let json = hyper::HeaderMap::from_iter([(
        hyper::header::CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("application/json"),
    )]);
    let at = server.authority().to_owned();
    let set_up = async |token: &str| {
        let (from, body) = (std::net::Ipv4Addr::LOCALHOST, wish(token).to_string().into());
        let answer = weft_tests::http::ask_from(from, &at, Method::POST, "/api/setup", json.clone(), body);
        answer.await.unwrap().status.as_u16()
    };
    let holds = async |token: &str| {
        let path = format!("/api/setup?token={token}");
        ask(&at, Method::GET, &path, bytes::Bytes::new()).await.unwrap().status.as_u16()
    };
    for wrong in [first.as_str(), "", "x"] {
        assert_eq!((holds(wrong).await, set_up(wrong).await), (403, 403), "{wrong:?}");
    }
    assert_eq!((holds(&second).await, set_up(&second).await), (204, 201));
    assert_eq!((holds(&second).await, set_up(&second).await), (404, 404));
    assert!(may_sign_in(&server, "olga@example.com", PASSWORD).await);
    // Who has an owner prints no link.
    stop(&mut server).unwrap();
    server.start_again().unwrap();
    stop(&mut server).unwrap();
    let printed = server.last_words();
    assert!(!printed.contains("setup") && printed.contains("Data in"), "{printed}");
}
