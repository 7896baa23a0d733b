//! WebSockets: the y-websocket dialect at `/ws/{room}`, the Hocuspocus dialect at `/ws`.
//!
//! Everything that can be refused is refused here with an HTTP status, before the upgrade. What comes after stands in
//! [`connection`]: bytes to messages, messages to rooms, and back.

mod connection;
mod documents;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, Version};
use axum::response::{IntoResponse as _, Response};

use self::connection::Connection;
use self::documents::{Documents, granted};
use crate::app::AppState;
use crate::asking::Credentials;
use crate::http::error::ApiError;
use crate::http::guard::{foreign_origin, is_app_page, origin_allowed};
use crate::http::name;

/// The largest WebSocket message, bytes: what one client wrote offline must fit. Larger states go over HTTP.
pub(crate) const MESSAGE_BYTES_MAX: usize = 8 << 20;
/// What a socket reads at a time. Every idle connection keeps a buffer of this size.
const READ_BUFFER_BYTES: usize = 4 << 10;
/// What a socket collects before it writes.
const WRITE_BUFFER_BYTES: usize = 64 << 10;
/// The most that may wait to be written inside a socket: the largest state, and the frames around it.
const WRITE_BUFFER_BYTES_MAX: usize = 256 << 20;

/// What a client asks of its socket in the address' query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// `access=read`: only to look.
    pub(crate) read_only: bool,
    /// `schema=N`: the document schema the client knows.
    pub(crate) schema: Option<u32>,
}

impl Wishes {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
        let mut wishes = Self::default();
        for pair in uri.query().unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("access", "read")) => wishes.read_only = true,
                Some(("schema", number)) => {
                    wishes.schema = Some(number.parse().map_err(|_| {
                        bad_request("schema", "the schema in the address' query must be a whole number")
                    })?);
                }
                // Clients of other servers pass parameters of their own.
                _ => {}
            }
        }
        Ok(wishes)
    }
}

/// Answers every request at `/ws`, `/ws/` and `/ws/{room}`.
pub(crate) async fn upgrade(
    State(app): State<AppState>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    if request.version() >= Version::HTTP_2 {
        return not_over_http2().into_response();
    }
    match accept(app, upgrade, &request) {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

fn accept(
    app: AppState,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: &Request,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|rejection| not_a_socket(&rejection))?;
    if app.draining.is_cancelled() {
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "the server is stopping",
            "Reconnect in a moment.",
        ));
    }
    if !origin_allowed(request.headers(), &app.settings) && !is_app_page(request.headers(), &app.wiki) {
        return Err(foreign_origin());
    }
    // Before anything is decided: what moves from here on is noticed.
    let rights = app.wiki.rights();
    let credentials = Credentials::of(&app, request.extensions(), request.headers(), request.uri());
    let wishes = Wishes::of(request.uri())?;
    let documents = match request.uri().path().strip_prefix("/ws/") {
        None => {
            // Documents are named, and decided on, inside the socket; a stranger to this server learns it here, unless
            // they may say inside who they are: there are people with keys, or apps with tokens.
            let knows = app.wiki.is_set_up() || app.wiki.has_apps();
            match weft_access::may_knock(app.settings.open, &credentials.subject(&app.wiki)) {
                Ok(()) => Documents::named(app.clone(), credentials, wishes),
                Err(_) if knows => Documents::strangers(app.clone(), credentials, wishes),
                Err(refused) => return Err(refused.into()),
            }
        }
        Some(room) => {
            let doc = name::decode(room).map_err(|error| bad_request("name", error.to_string()))?;
            let grant = granted(&app.wiki, &credentials, doc, wishes)
                .map_err(|refused| credentials.refusal(refused))?;
            Documents::one(app.clone(), credentials, grant, wishes).map_err(|error| {
                ApiError::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    error.to_string(),
                    "Try again in a moment.",
                )
            })?
        }
    };
    let mut upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX);
    // A client that offers subprotocols hangs up unless one of them is chosen.
    let offered = upgrade.requested_protocols().next().cloned();
    if let Some(offered) = offered {
        upgrade.set_selected_protocol(offered);
    }
    let draining = app.draining.clone();
    Ok(upgrade.on_upgrade(move |socket| Connection::new(socket, documents).run(draining, rights)))
}

/// Browsers know by themselves: they are not offered WebSockets over HTTP/2, and open a connection of their own.
fn not_over_http2() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "not_a_websocket",
        "WebSockets are opened over HTTP/1.1 here",
        "Offer only http/1.1 in the handshake of TLS.",
    )
}

fn bad_request(code: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    let help = "Names are 1 to 255 bytes of UTF-8 without NUL, percent-encoded: ws://host/ws/my-document";
    ApiError::new(StatusCode::BAD_REQUEST, code, message, help)
}

/// What to tell one who asks for something else than a WebSocket (RFC 6455, section 4.2.2 and 4.4).
pub(crate) fn not_a_socket(rejection: &WebSocketUpgradeRejection) -> ApiError {
    let status = match rejection {
        WebSocketUpgradeRejection::MethodNotGet(_) => StatusCode::METHOD_NOT_ALLOWED,
        WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_) => StatusCode::UPGRADE_REQUIRED,
        WebSocketUpgradeRejection::InvalidConnectionHeader(_)
        | WebSocketUpgradeRejection::InvalidUpgradeHeader(_) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    };
    let help = "Open this address as a WebSocket, over HTTP/1.1: y-websocket apps at /ws/{room}, Hocuspocus apps at /ws.";
    let mut error = ApiError::new(status, "not_a_websocket", rejection.body_text(), help);
    if status == StatusCode::UPGRADE_REQUIRED {
        error = error
            .with(HeaderName::from_static("upgrade"), HeaderValue::from_static("websocket"))
            .with(HeaderName::from_static("sec-websocket-version"), HeaderValue::from_static("13"));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        error = error.with(HeaderName::from_static("allow"), HeaderValue::from_static("GET"));
    }
    error
}
