//! What people are told by mail of what they have not looked at.

use weft_ids::UnixMillis;

use super::mail::with_mail;
use super::*;
use crate::digest::{HAPPENED_MAX, send_due};
use crate::stamp;

const HOUR_MS: u64 = 60 * 60 * 1_000;

impl World {
    /// Sends what is due so many hours from now, when a morning has come.
    async fn digests_in(&self, hours: u64) {
        let now = UnixMillis(stamp::unix_millis() + hours * HOUR_MS);
        send_due(&self.app, self.app.mailer.as_ref().unwrap(), now).await;
    }

    /// Waits until every mail has arrived.
    async fn mails_arrive(&self) {
        self.app.mailer.as_ref().unwrap().stop().await;
    }
}

/// The text of a mail with its soft line ends taken out.
fn flat(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn what_somebody_did_not_see_is_sent_once_with_links_to_it() {
    let (world, olga, mut stub) = with_mail().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let space = world.space(&olga, "Boärd", None).await;
    world.grant(&olga, &space, &mia, "view").await;
    world.digests_in(0).await;
    world.digests_in(25).await;
    world.digests_in(26).await;
    world.digests_in(49).await;
    let mail = flat(&stub.taken().await.data);
    for part in [
        "To: mia@example.com\r\n",
        "Subject: Rivertown: 1 notice\r\n",
        "List-Unsubscribe: <http://localhost:4545/settings/preferences>\r\n",
        "Olga added you to the space",
        "http://localhost:4545/bo%C3%A4rd",
        "http://localhost:4545/#notices",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    world.mails_arrive().await;
    assert!(stub.is_empty());
}

#[tokio::test]
async fn only_who_has_not_looked_and_may_see_and_wants_it_gets_a_digest_each_in_their_language() {
    let (world, olga, mut stub) = with_mail().await;
    let space = world.space(&olga, "Board", None).await;
    let mut people = Vec::new();
    for name in ["Read", "Gone", "Kept", "None", "Mia", "Lin"] {
        let one = world.invited(&olga, name, "member").await;
        world.grant(&olga, &space, &one, "view").await;
        people.push(one);
    }
    let [read, gone, kept, none, _, lin] = &people[..] else { panic!() };
    let up_to = world.reads(read, "/api/notices").await.json()["notices"][0]["at"].clone();
    world.does(read, Method::POST, "/api/notices/read", json!({ "upTo": up_to })).await;
    let body = json!({ "who": { "person": gone.user.as_str() } });
    let path = format!("/api/spaces/{space}/grants");
    assert!(world.does(&olga, Method::DELETE, &path, body).await.status.is_success());
    let path = format!("/api/people/{}", kept.user.as_str());
    assert!(world.does(&olga, Method::PATCH, &path, json!({ "suspended": true })).await.status.is_success());
    world.does(none, Method::PATCH, "/api/me", json!({ "digest": "off" })).await;
    world.does(lin, Method::PATCH, "/api/me", json!({ "language": "zh-CN" })).await;
    world.digests_in(25).await;
    world.mails_arrive().await;
    let mut mails = [stub.taken().await.data, stub.taken().await.data];
    mails.sort_unstable_by_key(|mail| mail.contains("To: mia@example.com\r\n"));
    let [chinese, english] = mails;
    assert!(chinese.contains("To: lin@example.com\r\n") && !chinese.contains("notice\r\n"), "{chinese}");
    assert!(english.contains("To: mia@example.com\r\n") && english.contains("notice\r\n"), "{english}");
    assert!(stub.is_empty());
}

#[tokio::test]
async fn one_mail_tells_so_much_and_how_much_more_there_is() {
    let (world, olga, mut stub) = with_mail().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    let space = world.space(&olga, "Board", None).await;
    for _ in 0..HAPPENED_MAX + 2 {
        let page = world.page(&olga, &space, None).await;
        let grants = json!([{ "who": { "person": mia.user.as_str() }, "level": "view" }]);
        let body = json!({ "restricted": false, "grants": grants });
        let answer = world.does(&olga, Method::PUT, &format!("/api/pages/{page}/access"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    world.digests_in(25).await;
    let mail = flat(&stub.taken().await.data);
    assert!(mail.contains(&format!("Subject: Rivertown: {} notices\r\n", HAPPENED_MAX + 2)), "{mail}");
    assert!(mail.contains("And 2 more."), "{mail}");
    // Once in the text, once in the HTML.
    assert_eq!(mail.matches("http://localhost:4545/page/").count(), 2 * HAPPENED_MAX);
}
