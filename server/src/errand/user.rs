//! `weft user`: people with accounts, for those who automate.
//!
//! Everything is asked for over HTTP, as whoever runs the server: from the server that runs on the data directory, or,
//! when none does, from one inside this very process that never listens.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use axum::Router;
use axum::body::Body;
use clap::{Args, Subcommand};
use http_body_util::BodyExt as _;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::app::{App, AppState, router};
use crate::auth::seal::Key;
use crate::cli::{self, Exit, SettingFlags};
use crate::config::Settings;
use crate::peer::Peer;
use crate::running::{self, Running};
use crate::telemetry::Metrics;
use crate::{data, stamp};

/// The longest password that is read from standard input, in bytes.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Gives somebody an account. The first one is the server's owner.
    Add {
        /// Their e-mail address.
        email: String,
        /// What they are called.
        #[arg(long)]
        name: String,
        /// What they are on this server: owner, admin, member or guest.
        #[arg(long, default_value = "member")]
        role: String,
        #[command(flatten)]
        password: PasswordFlag,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Lists everybody who has an account.
    List {
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Makes a link with which somebody chooses a new password, or sets the one on standard input.
    Password {
        /// Their e-mail address.
        email: String,
        #[command(flatten)]
        password: PasswordFlag,
        /// Also take their second step away: they lost their authenticator app and the recovery codes.
        #[arg(long)]
        reset_totp: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Keeps somebody out: they are signed out everywhere at once, and what they wrote stays.
    Suspend {
        /// Their e-mail address.
        email: String,
        /// Let them in again.
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Makes somebody something else on this server.
    Role {
        /// Their e-mail address.
        email: String,
        /// owner, admin, member or guest.
        role: String,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

impl UserCommand {
    /// Where and how.
    pub(crate) fn settings(&self) -> &SettingFlags {
        match self {
            Self::Add { settings, .. }
            | Self::List { settings }
            | Self::Password { settings, .. }
            | Self::Suspend { settings, .. }
            | Self::Role { settings, .. } => settings,
        }
    }
}

/// Where a password comes from. Never from the command line, which others on the machine can read.
#[derive(Debug, Args)]
pub(crate) struct PasswordFlag {
    /// Read the password from standard input instead of making a link to choose one.
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordFlag {
    fn read(&self) -> anyhow::Result<Option<String>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let mut text = String::new();
        std::io::stdin()
            .take(PASSWORD_BYTES_MAX)
            .read_to_string(&mut text)
            .context("the password cannot be read from standard input")?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// Does it.
pub(crate) fn run(settings: Settings, command: &UserCommand) -> anyhow::Result<Exit> {
    let runtime = Runtime::new().context("the runtime cannot start")?;
    runtime.block_on(async {
        let server = Server::reach(settings).await?;
        let done = perform(&server, command).await;
        server.leave().await;
        done.map(|()| Exit::Done)
    })
}

async fn perform(server: &Server, command: &UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, name, role, password, .. } => {
            let mut body = json!({ "email": email, "name": name, "role": role });
            let password = password.read()?;
            let has_password = password.is_some();
            if let Some(password) = password {
                body["password"] = json!(password);
            }
            let person = server.ask(Method::POST, "/api/people", Some(body)).await?;
            let (name, role) = (text(&person, "name"), text(&person, "role"));
            cli::say(&format!("{name} has an account ({role})."))?;
            if has_password { Ok(()) } else { say_link(server, &person).await }
        }
        UserCommand::List { .. } => {
            let people = people(server).await?;
            if people.is_empty() {
                return cli::say("Nobody has an account yet.");
            }
            for person in people {
                let state = if person["suspended"] == json!(true) { "suspended" } else { "-" };
                let seen = person["seen"].as_u64().map_or("-".to_owned(), |seen| {
                    stamp::iso(std::time::UNIX_EPOCH + std::time::Duration::from_millis(seen))
                });
                let line =
                    [text(&person, "email"), text(&person, "role"), state, &seen, text(&person, "name")];
                cli::say(&line.join("\t"))?;
            }
            Ok(())
        }
        UserCommand::Password { email, password, reset_totp, .. } => {
            let password = password.read()?;
            let person = if *reset_totp {
                change(server, email, json!({ "totp": false })).await?
            } else {
                find(server, email).await?
            };
            if *reset_totp {
                cli::say(&format!("{} is not asked for a second step any more.", text(&person, "name")))?;
            }
            let Some(password) = password else { return say_link(server, &person).await };
            let link = link(server, &person).await?;
            let secret = link.rsplit('/').next().unwrap_or_default();
            let path = format!("/api/password-resets/{secret}");
            server.ask(Method::POST, &path, Some(json!({ "password": password }))).await?;
            cli::say(&format!("{} has a new password, and is signed out everywhere.", text(&person, "name")))
        }
        UserCommand::Suspend { email, undo, .. } => {
            let person = change(server, email, json!({ "suspended": !undo })).await?;
            let name = text(&person, "name");
            cli::say(&if *undo {
                format!("{name} may come in again.")
            } else {
                format!("{name} is kept out, and signed out everywhere.")
            })
        }
        UserCommand::Role { email, role, .. } => {
            let person = change(server, email, json!({ "role": role })).await?;
            cli::say(&format!("{} is {} now.", text(&person, "name"), text(&person, "role")))
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

async fn people(server: &Server) -> anyhow::Result<Vec<Value>> {
    let answer = server.ask(Method::GET, "/api/people", None).await?;
    Ok(answer["people"].as_array().cloned().unwrap_or_default())
}

async fn find(server: &Server, email: &str) -> anyhow::Result<Value> {
    let email = email.trim().to_lowercase();
    let mut people = people(server).await?.into_iter();
    people
        .find(|person| text(person, "email") == email)
        .ok_or_else(|| anyhow!("nobody has the address {email}; weft user list shows who there is"))
}

async fn change(server: &Server, email: &str, change: Value) -> anyhow::Result<Value> {
    let person = find(server, email).await?;
    server.ask(Method::PATCH, &format!("/api/people/{}", text(&person, "id")), Some(change)).await
}

async fn link(server: &Server, person: &Value) -> anyhow::Result<String> {
    let path = format!("/api/people/{}/reset", text(person, "id"));
    let answer = server.ask(Method::POST, &path, None).await?;
    Ok(text(&answer, "link").to_owned())
}

async fn say_link(server: &Server, person: &Value) -> anyhow::Result<()> {
    let link = link(server, person).await?;
    cli::say(&format!("They choose a password within half an hour at {link}"))
}

/// Whoever answers.
enum Server {
    /// The one that runs on the data directory.
    Running(Running),
    /// One of our own.
    Own(AppState),
}

impl Server {
    async fn reach(settings: Settings) -> anyhow::Result<Self> {
        let running = running::find(&settings.data);
        if let Some(running) = running {
            // A server that was killed leaves its file behind. The store's lock knows better.
            if TcpStream::connect(running.address).await.is_ok() || data::is_in_use(&settings.data) {
                return Ok(Self::Running(running));
            }
        }
        let place = settings.data.clone();
        let store = tokio::task::spawn_blocking(move || data::open(&place)).await??;
        let port = settings.listen.port;
        let key = Key::load_or_create(&data::key_file(&settings.data))?;
        let app = App::open(Arc::new(settings), Arc::new(store), key, Metrics::start(false), port).await?;
        Ok(Self::Own(app))
    }

    /// Lets go of the store.
    async fn leave(self) {
        if let Self::Own(app) = self {
            let deadline = tokio::time::Instant::now() + app.settings.drain_deadline;
            app.hub.drain(deadline).await;
        }
    }

    /// Asks, as whoever runs the server. A refusal is an error that says why and what to do.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let token = match self {
            Self::Running(running) => running.token.bearer(),
            Self::Own(app) => app.token.bearer(),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body)?;
        let (status, bytes) = match self {
            Self::Running(running) => send(running.address, request).await?,
            Self::Own(app) => {
                request.extensions_mut().insert(Peer::from(SocketAddr::from(([127, 0, 0, 1], 0))));
                let routes: Router = router(app.clone());
                let response = routes.oneshot(request).await?;
                (response.status(), response.into_body().collect().await?.to_bytes())
            }
        };
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(answer);
        }
        let error = &answer["error"];
        match (error["message"].as_str(), error["help"].as_str()) {
            (Some(message), Some(help)) => bail!("{message}. {help}"),
            _ => bail!("the server answered {status}"),
        }
    }
}

async fn send(address: SocketAddr, request: Request<Body>) -> anyhow::Result<(StatusCode, bytes::Bytes)> {
    let unreachable = || format!("a server has the data directory open, but does not answer at {address}");
    let stream = TcpStream::connect(address).await.with_context(unreachable)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.with_context(unreachable)?;
    Ok((response.status(), response.into_body().collect().await?.to_bytes()))
}
