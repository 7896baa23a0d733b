//! How Weft asks a provider: briefly, for a bounded answer, and following it nowhere else.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::super::mail::causes;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// How long a provider may take for one answer.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read.
pub(crate) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("it did not answer within {} seconds", ANSWER_TIMEOUT.as_secs())]
    Slow,
    #[error("its answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("it wants to be asked at another address, which Weft does not follow")]
    Redirect,
    #[error("its address {0} is not https, though its issuer's is")]
    Plain(String),
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
}

/// Asks over https, or plainly where the issuer's own address is plain.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    connections: Connections,
    /// How long one answer may take: [`ANSWER_TIMEOUT`].
    pub(super) timeout: Duration,
}

#[derive(Debug, Clone)]
enum Connections {
    Https(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
    Plain(Client<HttpConnector, Full<Bytes>>),
}

impl Asker {
    pub(super) fn https() -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().build();
        Ok(Self::new(Connections::Https(Client::builder(TokioExecutor::new()).build(connector))))
    }

    pub(super) fn plain() -> Self {
        Self::new(Connections::Plain(Client::builder(TokioExecutor::new()).build(HttpConnector::new())))
    }

    fn new(connections: Connections) -> Self {
        Self { connections, timeout: ANSWER_TIMEOUT }
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, AskError> {
        let asked = async {
            match &self.connections {
                Connections::Https(_) if request.uri().scheme_str() != Some("https") => {
                    Err(AskError::Plain(request.uri().to_string()))
                }
                Connections::Https(client) => answer(client, request).await,
                Connections::Plain(client) => answer(client, request).await,
            }
        };
        // One deadline for all of it: a provider that sends a byte now and then is slow too.
        tokio::time::timeout(self.timeout, asked).await.unwrap_or(Err(AskError::Slow))
    }
}

async fn answer<C>(client: &Client<C, Full<Bytes>>, request: HttpRequest) -> Result<HttpResponse, AskError>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let unreachable = |error: &dyn std::error::Error| AskError::Unreachable(causes(error));
    let response = client
        .request(request.map(|body| Full::new(body.into())))
        .await
        .map_err(|error| unreachable(&error))?;
    if response.status().is_redirection() {
        return Err(AskError::Redirect);
    }
    let (head, body) = response.into_parts();
    match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
        Ok(body) => Ok(HttpResponse::from_parts(head, body.to_bytes().into())),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(AskError::TooLong),
        Err(error) => Err(unreachable(&*error)),
    }
}

impl<'c> AsyncHttpClient<'c> for Asker {
    type Error = AskError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AskError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
