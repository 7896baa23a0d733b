//! TLS with certificates made here.

use std::path::PathBuf;

use futures_util::{SinkExt as _, StreamExt as _};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use weft_store::MemoryStore;

use super::*;
use crate::app::{App, router};
use crate::auth::seal::Key;
use crate::config::{OptionalPath, Settings};
use crate::listen::tls::{Looked, TlsError};
use crate::telemetry::Metrics;

/// The files of a certificate for localhost.
pub(super) struct Files(TempDir);

impl Files {
    pub(super) fn new() -> (Self, CertificateDer<'static>) {
        let files = Self(tempfile::tempdir().unwrap());
        let certificate = files.renew();
        (files, certificate)
    }

    /// Puts another certificate in the place of what there is.
    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(self.certificate(), made.cert.pem()).unwrap();
        std::fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    fn certificate(&self) -> PathBuf {
        self.0.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            tls_certificate: OptionalPath(Some(self.certificate())),
            tls_key: OptionalPath(Some(self.key())),
            ..Settings::default()
        }
    }

    pub(super) fn tls(&self) -> Arc<Tls> {
        Tls::of(&self.settings()).unwrap().unwrap()
    }
}

/// A client that trusts one certificate.
fn client(trusted: &CertificateDer<'static>, protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

impl Served {
    pub(super) async fn greets(
        &self,
        trusted: &CertificateDer<'static>,
        protocols: &[&[u8]],
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        client(trusted, protocols).connect(name, self.connect().await).await
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

async fn answer(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(GET).await.unwrap();
    let mut answer = Vec::new();
    timeout(HANG, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

fn here(files: &Files, header_timeout: Duration) -> Served {
    let router = Router::new().route("/", get(async || "here"));
    served_with(router, header_timeout, 10, Some(files.tls()))
}

#[tokio::test]
async fn whoever_trusts_the_certificate_is_answered_over_tls() {
    let (files, certificate) = Files::new();
    let served = here(&files, HANG);
    let mut stream = served.greets(&certificate, &[b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
    // One that names no protocol speaks HTTP/1.1, and one that trusts somebody else breaks off.
    assert!(served.greets(&certificate, &[]).await.is_ok());
    let (_, other) = Files::new();
    assert!(served.greets(&other, &[]).await.is_err());
}

#[tokio::test]
async fn plain_http_is_told_what_is_spoken_here() {
    let (files, _) = Files::new();
    let served = here(&files, HANG);
    let answer = served.say("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    tokio::time::timeout(HANG, served.connections.closed()).await.expect("it is counted off");
}

#[tokio::test]
async fn half_a_handshake_is_given_up_at_the_header_deadline() {
    let (files, certificate) = Files::new();
    let served = here(&files, HEADER_TIMEOUT);
    for half in [&b""[..], &[22, 3, 1], &[22, 3, 1, 2, 0, 1]] {
        let mut stream = served.connect().await;
        stream.write_all(half).await.unwrap();
        let mut rest = Vec::new();
        let _reset_closes_too = timeout(HANG, stream.read_to_end(&mut rest)).await.expect("it is closed");
    }
    // The handshake is done, and no request comes.
    let mut stream = served.greets(&certificate, &[]).await.unwrap();
    let _closed = timeout(HANG, stream.read_to_end(&mut Vec::new())).await.expect("it is closed");
    tokio::time::timeout(HANG, served.connections.closed()).await.expect("all are counted off");
}

#[tokio::test]
async fn renewed_files_are_for_new_handshakes_and_a_socket_stays_open() {
    let (files, first) = Files::new();
    let tls = files.tls();
    let settings = Arc::new(files.settings());
    let store = Arc::new(MemoryStore::new());
    let app = App::open(settings, store, Key::random(), Metrics::start(false), 4545).await.unwrap();
    let served = served_with(router(app), HANG, 10, Some(tls.clone()));
    let stream = served.greets(&first, &[b"http/1.1"]).await.unwrap();
    let address = format!("wss://localhost:{}/ws/d", served.port);
    let (mut socket, _) = tokio_tungstenite::client_async(address, stream).await.unwrap();

    assert!(matches!(tls.look(), Looked::Same));
    let second = files.renew();
    assert!(matches!(tls.look(), Looked::Renewed));
    assert!(matches!(tls.look(), Looked::Same));
    assert!(served.greets(&second, &[]).await.is_ok());
    assert!(served.greets(&first, &[]).await.is_err());

    // Half of a new pair, none, and rubbish: the second certificate goes on.
    let key = std::fs::read(files.key()).unwrap();
    files.renew();
    std::fs::write(files.key(), &key).unwrap();
    assert!(matches!(tls.look(), Looked::Kept(TlsError::Mismatch { .. })));
    std::fs::write(files.certificate(), "rubbish").unwrap();
    assert!(matches!(tls.look(), Looked::Kept(TlsError::Nothing { .. })));
    std::fs::remove_file(files.key()).unwrap();
    assert!(matches!(tls.look(), Looked::Kept(TlsError::Unreadable { .. })));
    assert!(served.greets(&second, &[]).await.is_ok());
    let third = files.renew();
    assert!(matches!(tls.look(), Looked::Renewed));
    assert!(served.greets(&third, &[]).await.is_ok());

    // A SyncStep1 on the socket that was open all the time is answered by a SyncStep2.
    socket.send(Message::binary(vec![0, 0, 1, 0])).await.unwrap();
    let heard = timeout(HANG, async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_binary() && message.into_data().starts_with(&[0, 1]) {
                return true;
            }
        }
        false
    });
    assert!(heard.await.unwrap());
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let (files, _) = Files::new();
    let check = |settings: &Settings| Tls::of(settings).unwrap_err().to_string();
    assert!(Tls::of(&Settings::default()).unwrap().is_none());
    let whole = files.settings();
    let half = Settings { tls_key: OptionalPath(None), ..files.settings() };
    assert!(check(&half).contains("tls_certificate is set and tls_key is not"));
    let half = Settings { tls_certificate: OptionalPath(None), ..files.settings() };
    assert!(check(&half).contains("tls_key is set and tls_certificate is not"));

    let certificate = std::fs::read_to_string(files.certificate()).unwrap();
    let key = std::fs::read_to_string(files.key()).unwrap();
    let with = |certificate: &str, key: &str| {
        std::fs::write(files.certificate(), certificate).unwrap();
        std::fs::write(files.key(), key).unwrap();
        check(&whole)
    };
    let protected = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let (_, stranger) = (Files::new(), Files::new().0);
    let other = std::fs::read_to_string(stranger.key()).unwrap();
    let damaged = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (certificate, key, wanted) in [
        ("", &*key, "tls_certificate: "),
        (&*key, &key, "holds no certificate"),
        (&certificate, "", "tls_key: "),
        (&certificate, &certificate, "holds no private key"),
        (&certificate, &protected, "passphrase"),
        (&certificate, &other, "is not the one of the first certificate"),
        (damaged, &key, "is damaged"),
        (no_certificate, &key, "cannot be used for TLS"),
        (&"x".repeat((1 << 20) + 1), &key, "at most 1048576 are read"),
    ] {
        let error = with(certificate, key);
        assert!(error.contains(wanted) && error.contains(".pem"), "{wanted}: {error}");
    }
    assert!(with(&format!("# a comment\n{certificate}"), "").contains("holds no private key"));
    std::fs::remove_file(files.certificate()).unwrap();
    let error = check(&whole);
    assert!(error.contains("cert.pem cannot be read") && error.contains("No such file"), "{error}");
}
