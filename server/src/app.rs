//! What every request shares, and the table of routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, delete, get, patch, post, put};
use governor::clock::DefaultClock;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use weft_history::{History, HistorySettings};
use weft_hub::{Hub, HubSettings};
use weft_store::{Store, StoreError};
use weft_wiki::Wiki;
use weft_wiki::app::Signs;
use weft_wiki::member::SecondStep;

use crate::auth::mail::{MailError, MailSettings, Mailer};
use crate::auth::oidc::{Away, Provider, ProviderSettings};
use crate::auth::passkey::{Passkeys, Site};
use crate::auth::password::Hasher;
use crate::auth::rate::Limits;
use crate::auth::seal::{self, Key};
use crate::auth::secret::{Kind, Secret};
use crate::config::Settings;
use crate::http::error::ApiError;
use crate::http::{
    admin, apps, audit, desk, docs, events, groups, guard, home, invitations, live, live_figures, me,
    metrics, pages, passkeys, people, providers, ready, resets, server, shares, sign_in, spaces,
};
use crate::listen::{Connections, forwarded};
use crate::peer::Peer;
use crate::running::Token;
use crate::telemetry::Metrics;
use crate::{socket, web};

/// The longest path and query of a request, in bytes.
const URL_BYTES_MAX: usize = 8 * 1024;

/// What every request shares.
pub(crate) type AppState = Arc<App>;

/// What every request shares.
pub(crate) struct App {
    /// The open documents.
    pub(crate) hub: Hub,
    /// What the documents were.
    pub(crate) history: History,
    /// People, spaces and pages: who may what.
    pub(crate) wiki: Wiki,
    /// For errands that read everything (backup); documents are reached through the hub.
    pub(crate) store: Arc<dyn Store>,
    /// Held for reading by whoever reads everything, for writing while old records are dropped.
    pub(crate) dropping: Arc<RwLock<()>>,
    pub(crate) settings: Arc<Settings>,
    /// Cancelled when the server begins to stop.
    pub(crate) draining: CancellationToken,
    pub(crate) connections: Arc<Connections>,
    pub(crate) metrics: Metrics,
    /// Hashes passwords and compares them.
    pub(crate) hasher: Hasher,
    /// How often what can be guessed may be tried.
    pub(crate) limits: Limits,
    /// Sends mails, if there is a mail server.
    pub(crate) mailer: Option<Mailer>,
    /// Whom people can sign in with.
    pub(crate) provider: Option<Provider>,
    /// Who is there to sign in.
    pub(crate) away: Away,
    /// The site that passkeys are for; none where browsers allow no passkeys.
    pub(crate) site: Option<Site>,
    /// The passkeys that are being made and shown.
    pub(crate) passkeys: Passkeys,
    /// Seals what must be read again.
    pub(crate) key: Key,
    /// The port it listens on.
    pub(crate) port: u16,
    /// Opens everything to the command line, for whoever can read the data directory.
    pub(crate) token: Token,
    /// Makes the first owner.
    pub(crate) set_up: Secret,
}

/// Why there is nothing that could answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("what is stored of people, spaces and pages cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error("the sign-in provider cannot be used: {0:#}")]
    Provider(anyhow::Error),
}

impl App {
    /// What stands on a store, ready to answer.
    ///
    /// # Errors
    /// What is stored of people, spaces and pages cannot be read, or what was set cannot be used.
    pub(crate) async fn open(
        settings: Arc<Settings>,
        store: Arc<dyn Store>,
        key: Key,
        metrics: Metrics,
        port: u16,
    ) -> Result<AppState, StartError> {
        let mailer = MailSettings::of(&settings)?.as_ref().map(Mailer::new).transpose()?;
        let provider = provider(&settings, port).map_err(StartError::Provider)?;
        let hub = Hub::new(
            store.clone(),
            HubSettings {
                idle_after: settings.idle_after,
                memory_bytes_max: settings.memory_max.0,
                ..HubSettings::default()
            },
        );
        let kept = HistorySettings { memory_bytes_max: settings.history_memory_max.0 };
        let history = History::new(store.clone(), hub.clone(), &kept);
        let wiki = Wiki::open(store.clone(), hub.clone(), history.clone(), settings.open).await?;
        warn_of_another_key(&wiki, &key);
        Ok(Arc::new(Self {
            hub,
            history,
            wiki,
            store,
            dropping: Arc::default(),
            draining: CancellationToken::new(),
            connections: Connections::new(
                settings.connections_max,
                settings.connections_per_address_max,
                settings.trusted_proxies.clone(),
            ),
            metrics,
            hasher: Hasher::new(),
            limits: Limits::new(&DefaultClock::default()),
            mailer,
            provider,
            away: Away::default(),
            site: Site::new(&base_url(&settings, port)).ok(),
            passkeys: Passkeys::new(),
            key,
            port,
            token: Token::random(),
            set_up: Secret::random(Kind::SetUp),
            settings,
        }))
    }

    /// What links begin with: the address under which people reach the server, without a slash at its end.
    pub(crate) fn base_url(&self) -> String {
        base_url(&self.settings, self.port)
    }
}

/// Whom people can sign in with, as the settings say.
fn provider(settings: &Settings, port: u16) -> anyhow::Result<Option<Provider>> {
    let Some(provider) = ProviderSettings::of(settings)? else { return Ok(None) };
    let redirect = format!("{}/api/sign-in/{}/callback", base_url(settings, port), provider.id);
    Provider::new(provider, redirect.parse()?).map(Some)
}

fn base_url(settings: &Settings, port: u16) -> String {
    let own = || settings.own_url(port);
    settings.public_url.get().map_or_else(own, str::to_owned)
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What was sealed with another key cannot be checked: better told now than when people stand before the door.
fn warn_of_another_key(wiki: &Wiki, key: &Key) {
    let opens = |step: &SecondStep| key.open(seal::Purpose::Totp(step.user.as_str()), &step.secret).is_ok();
    let closed = wiki.second_steps().iter().filter(|step| !opens(step)).count();
    if closed > 0 {
        tracing::error!(
            people = closed,
            "weft.key is not the one that codes of authenticator apps were sealed with: only recovery codes let these \
             people in; put the right one back into the data directory"
        );
    }
    for app in wiki.all_apps() {
        let closed = app.keys.iter().any(|known| match &known.signs {
            Signs::Secret { sealed, .. } => key.open(seal::Purpose::App(app.name.as_str()), sealed).is_err(),
            Signs::Public(_) => false,
        });
        if closed {
            tracing::error!(
                app = app.name.as_str(),
                "weft.key is not the one that the app's secret was sealed with: its tokens open nothing; put the right \
                 one back into the data directory, or give the app a new secret"
            );
        }
    }
}

/// Every route. What is none is a file of the web client, or its page.
pub(crate) fn router(app: AppState) -> Router {
    Router::new()
        .route("/live", get(live::live))
        .route("/ready", get(ready::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/api/docs", get(docs::list))
        .route("/api/docs/{*path}", any(docs::document))
        .route("/api/admin/backup", get(admin::backup))
        .route("/api/admin/live", get(live_figures::live_figures))
        .route("/api/admin/spaces", get(spaces::list_all))
        .route("/api/server", get(server::server))
        .route("/api/setup", get(server::may_set_up).post(server::set_up))
        .route("/api/sign-in", post(sign_in::sign_in))
        .route("/api/sign-in/passkey", post(passkeys::sign_in))
        .route("/api/sign-in/passkey/options", post(passkeys::ask))
        .route("/api/sign-in/{provider}", get(providers::begin))
        .route("/api/sign-in/{provider}/callback", get(providers::finish))
        .route("/api/sign-out", post(sign_in::sign_out))
        .route("/api/password-resets", post(resets::ask))
        .route("/api/password-resets/{secret}", get(resets::one).post(resets::spend))
        .route("/api/me", get(me::me).patch(me::change))
        .route("/api/me/picture", put(me::set_picture).delete(me::remove_picture))
        .route("/api/me/password", post(me::set_password))
        .route("/api/me/sign-ins", get(me::sign_ins::list).delete(me::sign_ins::end_others))
        .route("/api/me/sign-ins/{id}", delete(me::sign_ins::end))
        .route("/api/me/totp", post(me::totp::offer).delete(me::totp::remove))
        .route("/api/me/totp/confirm", post(me::totp::confirm))
        .route("/api/me/passkeys", get(passkeys::list).post(passkeys::add))
        .route("/api/me/passkeys/options", post(passkeys::offer))
        .route("/api/me/passkeys/{id}", delete(passkeys::remove))
        .route("/api/me/tokens", get(me::tokens::list).post(me::tokens::make))
        .route("/api/me/tokens/{id}", delete(me::tokens::revoke))
        .route("/api/people", get(people::list).post(people::add))
        .route("/api/people/{id}", patch(people::change).delete(people::remove))
        .route("/api/people/{id}/reset", post(people::reset))
        .route("/api/people/{id}/picture", get(people::picture))
        .route("/api/invitations", get(invitations::list).post(invitations::make))
        .route(
            "/api/invitations/{id}",
            get(invitations::one).post(invitations::accept).delete(invitations::revoke),
        )
        .route("/api/groups", get(groups::list).post(groups::make))
        .route("/api/groups/{id}", patch(groups::change).delete(groups::remove))
        .route("/api/apps", get(apps::list).post(apps::make))
        .route("/api/apps/{app}", patch(apps::change).delete(apps::remove))
        .route("/api/apps/{app}/keys", post(apps::add_key))
        .route("/api/apps/{app}/keys/{key}", delete(apps::remove_key))
        .route("/api/apps/{app}/tokens", post(apps::token))
        .route("/api/audit", get(audit::audit))
        .route("/api/spaces", get(spaces::list).post(spaces::make))
        .route("/api/spaces/{id}", get(spaces::one).patch(spaces::change).delete(spaces::remove))
        .route("/api/spaces/{id}/grants", put(spaces::grant).delete(spaces::ungrant))
        .route("/api/spaces/{id}/take-over", post(spaces::take_over))
        .route("/api/spaces/{id}/pages", get(spaces::pages))
        .route("/api/spaces/{id}/trash", get(spaces::trash))
        .route("/api/pages", post(pages::make))
        .route("/api/pages/{id}", get(pages::one).patch(pages::change).delete(pages::trash))
        .route("/api/pages/{id}/move", post(pages::move_to))
        .route("/api/pages/{id}/duplicate", post(pages::duplicate))
        .route("/api/pages/{id}/restore", post(pages::restore))
        .route("/api/pages/{id}/forever", delete(pages::destroy))
        .route("/api/pages/{id}/access", put(pages::access))
        .route("/api/pages/{id}/shares", get(shares::list).post(shares::make))
        .route("/api/pages/{id}/favourite", put(desk::add_favourite).delete(desk::remove_favourite))
        .route("/api/pages/{id}/watch", put(desk::watch).delete(desk::unwatch))
        .route("/api/pages/{id}/visit", post(desk::visit))
        .route("/api/notices", get(desk::notices))
        .route("/api/notices/read", post(desk::read))
        .route("/api/shares/{id}", patch(shares::change).delete(shares::end))
        .route("/api/shares/{id}/link", post(shares::renew))
        .route("/api/shared/{secret}", get(shares::shared))
        .route("/api/shared/{secret}/unlock", post(shares::unlock))
        .route("/api/home", get(home::home))
        .route("/api/find", get(home::find))
        .route("/api/events", get(events::events))
        .route("/ws", any(socket::upgrade))
        .route("/ws/", any(socket::upgrade))
        .route("/ws/{*room}", any(socket::upgrade))
        .fallback(web::serve)
        .method_not_allowed_fallback(async || ApiError::other_method())
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(middleware::from_fn_with_state(app.clone(), forwarded::count))
        .layer(CatchPanicLayer::custom(|_| panicked()))
        .layer(middleware::from_fn(every_answer))
        .with_state(app)
}

/// The panic itself is in the log; the client learns only that it is not its fault.
fn panicked() -> Response {
    ::metrics::counter!("weft_http_panics_total").increment(1);
    ApiError::internal().into_response()
}

/// What every answer carries: it limits what a page of ours may load, and who may frame it.
const SECURITY_HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: http: data:; \
         connect-src 'self' ws: wss:; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// For a year browsers ask this host for nothing but https.
const ONLY_HTTPS: &str = "max-age=31536000";

/// Whether the browser should remember that this host speaks https: where we speak it ourselves. What `localhost` speaks is
/// not ours to say, since browsers would take it for every port.
fn only_https(request: &Request) -> bool {
    let tls = request.extensions().get::<Peer>().is_some_and(|peer| peer.tls);
    tls && !guard::is_for_this_machine(request.headers())
}

async fn every_answer(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let method = request.method().clone();
    let only_https = only_https(&request);
    let mut response = if length > URL_BYTES_MAX {
        ApiError::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            format!("the address has {length} bytes; at most {URL_BYTES_MAX} are taken"),
            "Shorten the query. A large state vector can be left out: the answer is then the whole document.",
        )
        .into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if only_https {
        let name = header::STRICT_TRANSPORT_SECURITY;
        response.headers_mut().insert(name, HeaderValue::from_static(ONLY_HTTPS));
    }
    let status = response.status();
    ::metrics::counter!("weft_http_requests_total", "class" => class(status)).increment(1);
    tracing::trace!(%method, status = status.as_u16(), "answered");
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests;
