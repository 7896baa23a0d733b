//! A WebSocket to a real server, and a client on it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use weft_ids::{ClientId, SessionId};
use weft_wire::Dialect;

use crate::client::{Client, Heard, Role};
use crate::http::encoded;

/// How long anything may take. Other tests use the machine at the same time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A WebSocket whose frames a test writes itself.
#[derive(Debug)]
pub struct Raw(WebSocketStream<TcpStream>);

impl Raw {
    /// Opens one at `path`.
    ///
    /// # Errors
    /// If the upgrade is refused.
    pub async fn open(authority: &str, path: &str) -> Result<Self, tungstenite::Error> {
        Self::upgrade(authority, format!("ws://{authority}{path}").into_client_request()?).await
    }

    /// Opens one at `path` as a browser that shows `cookie`.
    ///
    /// # Errors
    /// If the upgrade is refused.
    pub async fn open_as(authority: &str, path: &str, cookie: &str) -> Result<Self, tungstenite::Error> {
        Self::open_with(authority, path, "cookie", cookie).await
    }

    /// Opens one at `path` with one more header.
    ///
    /// # Errors
    /// If the upgrade is refused.
    pub async fn open_with(
        authority: &str,
        path: &str,
        name: &'static str,
        value: &str,
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{authority}{path}").into_client_request()?;
        let value = value.parse().map_err(tungstenite::http::Error::from)?;
        request.headers_mut().insert(name, value);
        Self::upgrade(authority, request).await
    }

    async fn upgrade(authority: &str, request: Request) -> Result<Self, tungstenite::Error> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        // As browsers, who take messages of any size.
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self(socket))
    }

    /// Opens one as a client of the dialect does for a document.
    ///
    /// # Errors
    /// If the upgrade is refused.
    pub async fn open_for(authority: &str, dialect: Dialect, name: &str) -> Result<Self, tungstenite::Error> {
        match dialect {
            Dialect::YWebsocket => Self::open(authority, &format!("/ws/{}", encoded(name))).await,
            Dialect::Hocuspocus => Self::open(authority, "/ws").await,
        }
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn send(&mut self, frame: impl Into<Bytes>) -> Result<()> {
        Ok(self.0.send(Message::Binary(frame.into())).await?)
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn send_text(&mut self, text: &str) -> Result<()> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next binary frame; `Err(code)` once the socket is closed (0 if it was without a code).
    ///
    /// # Errors
    /// The close code.
    pub async fn next(&mut self) -> Result<Bytes, u16> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(frame))) => return Ok(frame),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// The next text frame that `wanted` says yes to, and those before it.
    ///
    /// # Errors
    /// If it does not come, or the socket is closed.
    pub async fn hears_text(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
        let heard = timeout(PATIENCE, async {
            let mut texts = Vec::new();
            loop {
                match self.0.next().await.context("the socket was closed")?? {
                    Message::Text(text) => texts.push(text.to_string()),
                    Message::Close(_) => bail!("the socket was closed"),
                    _ => continue,
                }
                if texts.last().is_some_and(|text| wanted(text)) {
                    return Ok(texts);
                }
            }
        });
        heard.await.context("the text did not come")?
    }

    /// The code with which the server closes the socket.
    ///
    /// # Errors
    /// If it does not within [`PATIENCE`].
    pub async fn closed(&mut self) -> Result<u16> {
        let code = timeout(PATIENCE, async {
            loop {
                if let Err(code) = self.next().await {
                    return code;
                }
            }
        });
        code.await.context("the server did not close the socket")
    }

    /// The next frame that `wanted` says yes to.
    ///
    /// # Errors
    /// If it does not come, or the socket is closed.
    pub async fn hears(&mut self, wanted: impl Fn(&[u8]) -> bool) -> Result<Bytes> {
        let heard = timeout(PATIENCE, async {
            loop {
                match self.next().await {
                    Ok(frame) if wanted(&frame) => return Ok(frame),
                    Ok(_) => {}
                    Err(code) => bail!("the socket was closed with {code}"),
                }
            }
        });
        heard.await.context("the frame did not come")?
    }
}

/// A client on a socket.
#[derive(Debug)]
pub struct Connected {
    /// What it is and believes.
    pub client: Client,
    raw: Raw,
}

impl Connected {
    /// A new client joins a document, and both are in step when this resolves.
    ///
    /// # Errors
    /// If it does not get so far.
    pub async fn join(authority: &str, dialect: Dialect, name: &str, id: u64) -> Result<Self> {
        let id = ClientId::new(id).context("a client id")?;
        let client = Client::new(Role { dialect, writes: true }, name, id);
        let mut connected = Self::open(authority, client).await?;
        connected.is_synchronised().await?;
        Ok(connected)
    }

    /// A client, perhaps with edits from before, opens a socket and greets.
    ///
    /// # Errors
    /// If the upgrade is refused.
    pub async fn open(authority: &str, mut client: Client) -> Result<Self> {
        let raw = Raw::open_for(authority, client.role.dialect, &client.address).await?;
        client.connect(SessionId(0));
        let mut connected = Self { client, raw };
        connected.flush().await?;
        Ok(connected)
    }

    /// Sends what the client has to say.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn flush(&mut self) -> Result<()> {
        let link = self.client.link.as_mut().context("a link")?;
        while let Some(frame) = link.up.pop_front() {
            self.raw.0.feed(Message::Binary(frame)).await?;
        }
        Ok(self.raw.0.flush().await?)
    }

    /// Writes at the end of the text.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn write(&mut self, text: &str) -> Result<()> {
        self.client.write(text);
        self.flush().await
    }

    /// Reads one frame, and answers it if it asks.
    ///
    /// # Errors
    /// If the socket is closed, or the frame is nothing a client understands.
    pub async fn read(&mut self) -> Result<Heard> {
        let frame = match self.raw.next().await {
            Ok(frame) => frame,
            Err(code) => bail!("the socket was closed with {code}"),
        };
        self.client.link.as_mut().context("a link")?.down.push_back(frame);
        let heard = self.client.hear().context("a frame")?;
        if let Heard::Nonsense(what) = &heard {
            bail!("nonsense: {what}");
        }
        self.flush().await?;
        Ok(heard)
    }

    /// Reads until the client is as `wanted`.
    ///
    /// # Errors
    /// If it does not get there within [`PATIENCE`].
    pub async fn until(&mut self, wanted: impl Fn(&Client) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(&self.client) {
            timeout_at(deadline, self.read()).await.context("it did not come so far")??;
        }
        Ok(())
    }

    /// Reads for as long as something comes within `pause`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn listen(&mut self, pause: Duration) -> Result<()> {
        while let Ok(heard) = timeout(pause, self.read()).await {
            heard?;
        }
        Ok(())
    }

    /// Everything it wrote is on the server's disk, as far as it is told.
    ///
    /// # Errors
    /// As [`Self::until`].
    pub async fn is_saved(&mut self) -> Result<()> {
        self.until(Client::is_saved).await
    }

    /// It has what the server had when it came, and the server has what it had.
    ///
    /// # Errors
    /// As [`Self::until`].
    pub async fn is_synchronised(&mut self) -> Result<()> {
        self.until(|client| client.is_synchronised() && client.is_saved()).await
    }

    /// Leaves without a word.
    #[must_use]
    pub fn cut(self) -> Client {
        let mut client = self.client;
        client.link = None;
        client
    }
}
