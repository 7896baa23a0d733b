//! `/api/events`: what changes in the wiki, as it happens, to browsers that are signed in.
//!
//! Each listener is told only of what they may see. What is told is small: a page's line, a space, or that rights have
//! moved and everything should be fetched again.

use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use weft_access::action::BeHere;
use weft_access::space_level;
use weft_wiki::Change;
use weft_wire::close;

use super::asked::Asked;
use super::error::ApiError;
use super::listener;
use super::pages::view::PageRow;
use super::spaces::SpaceView;
use crate::app::AppState;
use crate::asking::Credentials;

/// How often a listener that hears nothing is told that the line lives.
const QUIET_MAX: Duration = Duration::from_secs(20);
/// What may wait to be written to a listener. Who does not take so much is let go, and looks at everything anew.
const WRITE_BUFFER_BYTES_MAX: usize = 1 << 20;

/// What is told.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Event {
    Hello,
    Page { page: PageRow },
    PageGone { id: String },
    Space { space: SpaceView },
    SpaceGone { id: String },
    Person { id: String },
    Rights,
    Notice,
    SignedOut,
}

/// Answers every request at `/api/events`.
pub(crate) async fn events(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = listener::accept(upgrade, &headers, &app.settings, WRITE_BUFFER_BYTES_MAX)?;
    // Before it is decided who listens: what moves from here on is noticed.
    let changes = app.wiki.changes();
    app.wiki.allow::<BeHere>(&asked.subject)?;
    Ok(upgrade.on_upgrade(move |socket| listen(app, asked.credentials, changes, socket)))
}

async fn listen(
    app: AppState,
    credentials: Credentials,
    mut changes: Receiver<Change>,
    mut socket: WebSocket,
) {
    let mut tick = interval(QUIET_MAX);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    if !say(&mut socket, &Event::Hello).await {
        return;
    }
    loop {
        let event = tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => event(&app, &credentials, change),
                Err(RecvError::Lagged(_)) => Some(Event::Rights),
                Err(RecvError::Closed) => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => None,
            },
            () = app.draining.cancelled() => {
                listener::close(&mut socket, close::RESTART, "the server restarts").await;
                return;
            }
            _ = tick.tick() => {
                // A sign-in ends by itself, too.
                if credentials.subject(&app.wiki).person.is_none() {
                    Some(Event::SignedOut)
                } else if socket.send(Message::Ping(axum::body::Bytes::new())).await.is_err() {
                    return;
                } else {
                    None
                }
            }
        };
        let Some(event) = event else { continue };
        if !say(&mut socket, &event).await {
            return;
        }
        if matches!(event, Event::SignedOut) {
            listener::close(&mut socket, close::UNAUTHORIZED, "signed out").await;
            return;
        }
    }
}

async fn say(socket: &mut WebSocket, event: &Event) -> bool {
    let Ok(text) = serde_json::to_string(event) else { return false };
    socket.send(Message::Text(text.into())).await.is_ok()
}

/// What a listener is told of a change, if it concerns them.
fn event(app: &AppState, credentials: &Credentials, change: Change) -> Option<Event> {
    let subject = credentials.subject(&app.wiki);
    let Some(person) = &subject.person else { return Some(Event::SignedOut) };
    match change {
        Change::Page(page) => {
            let line = app.wiki.line(&subject, &page)?;
            Some(Event::Page { page: PageRow::of(&line) })
        }
        // Whose page it was is not known any more; its id says nothing to whoever did not know it.
        Change::PageGone(page) => Some(Event::PageGone { id: page.as_str().to_owned() }),
        Change::Space(id) => {
            let space = app.wiki.space(&id)?;
            let level = space_level(&subject, &space.rules)?;
            Some(Event::Space { space: SpaceView::of(&space, Some(level)) })
        }
        Change::SpaceGone(id) => Some(Event::SpaceGone { id: id.as_str().to_owned() }),
        Change::Person(user) => Some(Event::Person { id: user.as_str().to_owned() }),
        Change::Rights => Some(Event::Rights),
        Change::Notice(user) => (user == person.user).then_some(Event::Notice),
        // Their other browsers go on.
        Change::SignedOut(_) => None,
    }
}
