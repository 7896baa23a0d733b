//! `weft serve`: starts in an order in which every failure has a plain reason, and stops without losing anything.

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::app::{App, AppState, StartError, router};
use crate::auth::seal::Key;
use crate::cli::{self, Exit};
use crate::config::{Host, Listen, Settings};
use crate::http::error::ApiError;
use crate::listen::{self, BindError, Listeners, Serving, Tls};
use crate::running;
use crate::telemetry::{self, Metrics};
use crate::{backups, data, digest, packing};

/// What of the drain deadline is kept for closing connections after everything is stored.
const CLOSE_RESERVE: Duration = Duration::from_secs(1);
/// Descriptors the store, the log and the rest need besides connections.
const OTHER_FILES: u64 = 128;
/// The stack of every thread. Deleting nested content recurses once a level inside the CRDT, some 300 bytes each, and how
/// deep content nests over many small updates is a stranger's choice: at most as deep as a document may hold shared
/// types. Only what is used of a stack takes memory.
const STACK_BYTES: usize = 192 << 20;
/// As a shell reports a process that Ctrl-C ended.
const EXIT_INTERRUPTED: i32 = 130;

/// Serves until asked to stop.
pub(crate) fn run(mut settings: Settings) -> Exit {
    telemetry::start_logs(&settings);
    fit_connections(&mut settings, raise_file_limit());
    let threads =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = match threads {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::complain(&format!("weft: the runtime cannot start: {error}"));
            return Exit::Failed;
        }
    };
    let exit = runtime.block_on(serve(Arc::new(settings)));
    // Whatever still runs then had its time within the drain deadline.
    runtime.shutdown_timeout(CLOSE_RESERVE);
    exit
}

/// The soft limit is often 1,024, a thousand sockets short of what the hard limit allows. Answers what holds now.
fn raise_file_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if raised.is_ok() { limit.maximum } else { limit.current }
}

/// Connections must not take the files that the store needs.
fn fit_connections(settings: &mut Settings, files: Option<u64>) {
    let Some(files) = files else { return };
    let fit = u32::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(u32::MAX).max(1);
    if fit < settings.connections_max {
        tracing::warn!(
            files,
            connections_max = settings.connections_max,
            taken = fit,
            "the system allows fewer open files than connections_max asks for (see ulimit -n)"
        );
        settings.connections_max = fit;
    }
}

async fn serve(settings: Arc<Settings>) -> Exit {
    // Before anything is opened: a signal that comes now must not leave half a start behind.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return failed(Exit::Failed, &format!("signals cannot be received: {error}")),
    };
    let tls = match Tls::of(&settings) {
        Ok(tls) => tls,
        Err(error) => return failed(Exit::Usage, &error.to_string()),
    };
    let metrics = Metrics::start(true);
    let opening = settings.data.clone();
    let opened = tokio::task::spawn_blocking(move || data::open(&opening)).await;
    let store = match opened {
        Ok(Ok(store)) => Arc::new(store),
        Ok(Err(error)) => return failed(Exit::Data, &error.to_string()),
        Err(error) => return failed(Exit::Data, &format!("the store could not be opened: {error}")),
    };
    let key = match Key::load_or_create(&data::key_file(&settings.data)) {
        Ok(key) => key,
        Err(error) => return failed(Exit::Data, &error.to_string()),
    };
    let listeners = match listen::bind(&settings.listen) {
        Ok(listeners) => listeners,
        Err(error) => return failed(Exit::Address, &error.to_string()),
    };
    let port = listeners.port;
    let app = match App::open(settings.clone(), store, key, metrics, port).await {
        Ok(app) => app,
        Err(error @ StartError::Store(_)) => return failed(Exit::Data, &error.to_string()),
        Err(error @ (StartError::Mail(_) | StartError::Provider(_))) => {
            return failed(Exit::Usage, &error.to_string());
        }
    };
    let errands = match errand_door(tls.is_some()) {
        Ok(errands) => errands,
        Err(error) => return failed(Exit::Address, &error.to_string()),
    };
    let address = match &errands {
        Some(door) => running::local_address(&ERRAND_DOOR, door.port),
        None => running::local_address(&settings.listen, port),
    };
    let announcement = match running::announce(&settings.data, address, &app.token) {
        Ok(announcement) => announcement,
        Err(error) => {
            let place = settings.data.display();
            return failed(Exit::Data, &format!("server.json cannot be written in {place}: {error}"));
        }
    };
    let serving = Serving {
        router: router(app.clone()),
        connections: app.connections.clone(),
        header_timeout: settings.header_timeout,
        tls: tls.clone(),
        stop: app.draining.clone(),
    };
    let accepting = tokio::spawn(accept(app.clone(), listeners, errands, serving));
    let certificate = tls.map(|tls| tokio::spawn(tls.keep()));
    let backups = tokio::spawn(backups::keep(app.clone()));
    let packing = tokio::spawn(packing::keep(app.clone()));
    let removing = tokio::spawn(packing::remove_destroyed(app.clone()));
    let digests = tokio::spawn(digest::keep(app.clone()));
    greet(&app);

    let signal = signals.next().await;
    tracing::info!(signal, "stopping");
    if let Some(certificate) = certificate {
        certificate.abort();
    }
    backups.abort();
    packing.abort();
    removing.abort();
    digests.abort();
    let exit = tokio::select! {
        exit = drain(&app, accepting) => exit,
        _ = signals.next() => {
            cli::complain("weft: stopped at once; what was not stored yet is lost");
            drop(announcement);
            std::process::exit(EXIT_INTERRUPTED);
        }
    };
    drop(announcement);
    exit
}

/// Where errands knock (`weft backup`, `weft user`) while the public door speaks TLS: a door of their own, on loopback and
/// without TLS, since the certificate is for a name that they do not come by. It opens to whoever can read the token in
/// the data directory and to nobody else.
const ERRAND_DOOR: Listen = Listen { host: Host::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)), port: 0 };

/// Binds the door for errands, where one is needed.
fn errand_door(tls: bool) -> Result<Option<Listeners>, BindError> {
    tls.then(|| listen::bind(&ERRAND_DOOR)).transpose()
}

/// Serves at every door.
async fn accept(app: AppState, public: Listeners, errands: Option<Listeners>, serving: Serving) {
    let Some(door) = errands else { return listen::serve(public, serving).await };
    let router = serving.router.clone().layer(middleware::from_fn_with_state(app, only_errands));
    let errands = Serving { router, tls: None, ..serving.clone() };
    tokio::join!(listen::serve(public, serving), listen::serve(door, errands));
}

/// Refuses whoever comes to the door for errands without the token.
async fn only_errands(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if app.token.opens(request.headers()) {
        next.run(request).await
    } else {
        ApiError::only_errands().into_response()
    }
}

/// Takes no more connections, stores everything, closes what is open.
async fn drain(app: &App, accepting: tokio::task::JoinHandle<()>) -> Exit {
    let deadline = Instant::now() + app.settings.drain_deadline;
    app.draining.cancel();
    // The listening sockets close, so that a new server can take the port while this one finishes.
    let _ = accepting.await;
    let stored = app.hub.drain(deadline - CLOSE_RESERVE.min(app.settings.drain_deadline / 2)).await;
    if let Some(mailer) = &app.mailer
        && tokio::time::timeout_at(deadline, mailer.stop()).await.is_err()
    {
        tracing::warn!("mails that were being handed over were cut at the drain deadline");
    }
    if tokio::time::timeout_at(deadline, app.connections.closed()).await.is_err() {
        tracing::warn!(connections = app.connections.count(), "connections were cut at the drain deadline");
    }
    if !stored {
        cli::complain(
            "weft: stopped, but not everything could be stored in time; edits that nobody saw as saved are lost",
        );
        return Exit::Failed;
    }
    tracing::info!("stopped; everything is stored");
    Exit::Done
}

fn failed(exit: Exit, reason: &str) -> Exit {
    cli::complain(&format!("weft: {reason}"));
    exit
}

fn greet(app: &App) {
    let (settings, port) = (&app.settings, app.port);
    let mut lines = format!("Weft is at {}\nData in {}", settings.own_url(port), whole(&settings.data));
    if !app.wiki.is_set_up() {
        let link = format!("{}/setup?token={}", app.base_url(), *app.set_up.reveal());
        lines.push_str(&format!("\nSet it up, once, at {link}"));
    }
    if !settings.open && !settings.listen.is_local() {
        lines
            .push_str("\nDocuments are open only from this machine; --open lets everyone in who reaches it.");
    }
    if std::io::stdout().is_terminal() {
        lines.push_str("\nStop with Ctrl-C.");
    }
    // A closed standard output is no reason not to serve.
    let _ = cli::say(&lines);
    tracing::info!(port, data = %settings.data.display(), open = settings.open, version = env!("CARGO_PKG_VERSION"), "serving");
}

fn whole(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The two ways a process is asked to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
