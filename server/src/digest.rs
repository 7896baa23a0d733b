//! Tells people by mail what they have not looked at in the wiki: once a day or once a week, in the morning.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use weft_ids::UnixMillis;
use weft_wiki::digest::{News, Rhythm};
use weft_wiki::member::Person;
use weft_wiki::notice::{About, Notice};

use crate::app::{App, AppState};
use crate::auth::mail::{Happened, Language, Mail, Mailer, Place};
use crate::stamp;

/// How often is looked whose hour has come.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// The hour of the day up to which a digest tells; a weekly one does on Mondays.
const HOUR: i8 = 8;
/// A digest goes out so much later, in milliseconds: who is in the wiki just then has time to look.
const SETTLE_MS: u64 = 5 * 60 * 1_000;
/// The most that one mail tells; how much more there is, it says.
pub(crate) const HAPPENED_MAX: usize = 20;

/// Sends digests for as long as the server runs, if it has a mail server.
pub(crate) async fn keep(app: AppState) {
    let Some(mailer) = &app.mailer else { return };
    loop {
        tokio::time::sleep(EVERY).await;
        send_due(&app, mailer, UnixMillis(stamp::unix_millis())).await;
    }
}

/// Sends what is due at `now`, to one after the other.
pub(crate) async fn send_due(app: &App, mailer: &Mailer, now: UnixMillis) {
    for (user, oldest) in app.wiki.awaiting_digest(now) {
        let until = app.wiki.person(&user).and_then(|person| last_morning(&person, now));
        let Some(until) = until.filter(|until| oldest <= *until) else { continue };
        // Waited for before anything is taken, so that nothing of what waits is lost when the server stops.
        let Ok(place) = mailer.place().await else { return };
        match app.wiki.take_digest(&user, until).await {
            Ok(Some(news)) => send(app, mailer, place, &news),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a digest could not be put together; it is tried again later")
            }
        }
    }
}

/// Up to when the digest tells that somebody last was to get: a morning in the time zone that they chose.
fn last_morning(person: &Person, now: UnixMillis) -> Option<UnixMillis> {
    let zone = person.time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
    let settled = i64::try_from(now.0.checked_sub(SETTLE_MS)?).ok()?;
    let settled = Timestamp::from_millisecond(settled).ok()?.to_zoned_datetime(zone.clone());
    let mut day = settled.date();
    if settled.hour() < HOUR {
        day = day.yesterday().ok()?;
    }
    if person.digest == Rhythm::Weekly {
        day = day.checked_sub(day.weekday().to_monday_zero_offset().days()).ok()?;
    }
    let morning = day.at(HOUR, 0, 0, 0).to_zoned_datetime(zone).ok()?.timestamp();
    u64::try_from(morning.as_millisecond()).ok().map(UnixMillis)
}

fn send(app: &App, mailer: &Mailer, place: Place, news: &News) {
    let base = app.base_url();
    let told = news.told.iter().take(HAPPENED_MAX);
    let happened: Vec<Happened> =
        told.map(|(notice, name)| happened(app, &base, notice, name.clone())).collect();
    let mail = Mail::Digest {
        wiki: app.settings.wiki_name.0.as_str(),
        happened: &happened,
        more: news.told.len() - happened.len(),
        link: &format!("{base}/#notices"),
        settings: &format!("{base}/settings/preferences"),
    };
    let language = Language::of(news.person.language.as_deref());
    if let Err(error) = mailer.send_in(place, &news.person.email, &mail, language) {
        tracing::error!(%error, "a digest could not be sent");
    }
}

fn happened(app: &App, base: &str, notice: &Notice, name: String) -> Happened {
    let link = match &notice.about {
        About::Page(page) => format!("{base}/page/{}", page.as_str()),
        About::Space(space) => {
            let slug = app.wiki.space(space).map(|space| space.slug).unwrap_or_default();
            format!("{base}/{}", utf8_percent_encode(&slug, NON_ALPHANUMERIC))
        }
    };
    let by = notice.by.as_ref().and_then(|by| app.wiki.person(by)).map(|person| person.name);
    Happened { kind: notice.kind, by, name, link }
}

#[cfg(test)]
mod tests {
    use weft_access::Role;
    use weft_ids::UserId;
    use weft_wiki::member::Theme;

    use super::*;

    fn person(zone: Option<&str>, digest: Rhythm) -> Person {
        Person {
            id: UserId::new(&"a".repeat(24)).unwrap(),
            email: "ann@example.com".to_owned(),
            name: "Ann".to_owned(),
            color: "#123456".to_owned(),
            picture: None,
            role: Role::Member,
            suspended: None,
            password: None,
            language: None,
            time_zone: zone.map(str::to_owned),
            theme: Theme::Auto,
            digest,
            created: UnixMillis(0),
        }
    }

    fn check(zone: Option<&str>, digest: Rhythm, now: &str, expected: &str) {
        let millis = |text: &str| UnixMillis(text.parse::<Timestamp>().unwrap().as_millisecond() as u64);
        let found = last_morning(&person(zone, digest), millis(now));
        assert_eq!(found, Some(millis(expected)), "{zone:?} {digest:?} at {now}");
    }

    #[test]
    fn a_digest_tells_up_to_the_last_morning_of_where_somebody_is() {
        let daily = |zone, now, expected| check(zone, Rhythm::Daily, now, expected);
        daily(None, "2026-03-10T08:04:59Z", "2026-03-09T08:00:00Z");
        daily(None, "2026-03-10T08:05:00Z", "2026-03-10T08:00:00Z");
        daily(None, "2026-03-10T23:59:00Z", "2026-03-10T08:00:00Z");
        daily(Some("Nowhere/Atlantis"), "2026-03-10T12:00:00Z", "2026-03-10T08:00:00Z");
        daily(Some("Asia/Shanghai"), "2026-03-10T00:05:00Z", "2026-03-10T00:00:00Z");
        daily(Some("Asia/Shanghai"), "2026-03-10T00:04:00Z", "2026-03-09T00:00:00Z");
        // Around the change of the clocks a day has 23 hours.
        daily(Some("Europe/Paris"), "2026-03-28T20:00:00Z", "2026-03-28T07:00:00Z");
        daily(Some("Europe/Paris"), "2026-03-29T20:00:00Z", "2026-03-29T06:00:00Z");
        daily(Some("America/New_York"), "2026-07-01T11:00:00Z", "2026-06-30T12:00:00Z");
    }

    #[test]
    fn a_weekly_one_tells_up_to_monday_morning() {
        let weekly = |now, expected| check(Some("Europe/Paris"), Rhythm::Weekly, now, expected);
        weekly("2026-07-06T06:05:00Z", "2026-07-06T06:00:00Z");
        weekly("2026-07-06T06:04:00Z", "2026-06-29T06:00:00Z");
        weekly("2026-07-12T23:00:00Z", "2026-07-06T06:00:00Z");
    }

    #[test]
    fn at_no_moment_at_all_nothing_is_due() {
        for now in [0, u64::MAX] {
            assert_eq!(last_morning(&person(None, Rhythm::Daily), UnixMillis(now)), None);
        }
    }
}
