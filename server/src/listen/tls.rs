//! TLS by certificate files: read at the start, and again whenever they change.
//!
//! The files are compared by what is in them, every [`LOOK_EVERY`]: whoever renews certificates only has to put new files in
//! the place of the old ones, in any order. Until a pair is whole the one before goes on. Connections keep what they began
//! with.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error as RustlsError, ServerConfig};
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::config::Settings;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The most bytes of one of the files: a chain of certificates has some thousands.
const PEM_BYTES_MAX: u64 = 1 << 20;
/// HTTP/2, as clients call it in the handshake.
pub(super) const HTTP2: &[u8] = b"h2";
/// What is spoken inside, the preferred first.
const PROTOCOLS: &[&[u8]] = &[HTTP2, b"http/1.1"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("{given} is set and {missing} is not: TLS needs both, or neither")]
    Half { given: &'static str, missing: &'static str },
    #[error("{setting}: {} cannot be read: {error}", file.display())]
    Unreadable { setting: &'static str, file: PathBuf, error: io::Error },
    #[error("{setting}: {} holds no {wanted} in the PEM format", file.display())]
    Nothing { setting: &'static str, file: PathBuf, wanted: &'static str },
    #[error(
        "{KEY}: the key in {} is protected by a passphrase, which nobody could type when Weft starts; \
         give it the key without one, readable for Weft alone",
        file.display()
    )]
    Protected { file: PathBuf },
    #[error("{setting}: {} is damaged: {why}", file.display())]
    Damaged { setting: &'static str, file: PathBuf, why: String },
    #[error("the key in {} is not the one of the first certificate in {}", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("{} and {} cannot be used for TLS: {why}", certificate.display(), key.display())]
    Unusable { certificate: PathBuf, key: PathBuf, why: String },
}

const CERTIFICATE: &str = "tls_certificate";
const KEY: &str = "tls_key";

/// What a look at the files came to.
#[derive(Debug)]
pub(crate) enum Looked {
    /// They are as they were when they were looked at last.
    Same,
    /// Handshakes from now on are made with what is in them.
    Renewed,
    /// They cannot be used, and what was before goes on.
    Kept(TlsError),
}

/// The certificate that connections are made with.
#[derive(Debug)]
pub(crate) struct Tls {
    files: Files,
    /// Of what the files held when they were looked at last.
    seen: Mutex<blake3::Hash>,
    config: watch::Sender<Arc<ServerConfig>>,
}

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What is in the files.
struct Pair {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Tls {
    /// What the settings say; none if they name no files.
    ///
    /// # Errors
    /// Why the files cannot be used.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Arc<Self>>, TlsError> {
        let (certificate, key) = match (&settings.tls_certificate.0, &settings.tls_key.0) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(TlsError::Half { given: CERTIFICATE, missing: KEY }),
            (None, Some(_)) => return Err(TlsError::Half { given: KEY, missing: CERTIFICATE }),
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        };
        let files = Files { certificate, key };
        let pair = files.read()?;
        let config = files.config(&pair)?;
        let (config, _) = watch::channel(config);
        Ok(Some(Arc::new(Self { files, seen: Mutex::new(pair.hash()), config })))
    }

    /// Greets a client. The caller keeps the time.
    ///
    /// # Errors
    /// If the client breaks off, or speaks nothing that is spoken here.
    pub(crate) async fn handshake(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = self.config.borrow().clone();
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Looks whether the files have changed, and takes them if they can be used.
    pub(crate) fn look(&self) -> Looked {
        let looked = self.files.read().and_then(|pair| {
            let hash = pair.hash();
            if std::mem::replace(&mut *self.seen(), hash) == hash {
                return Ok(Looked::Same);
            }
            self.config.send_replace(self.files.config(&pair)?);
            Ok(Looked::Renewed)
        });
        looked.unwrap_or_else(Looked::Kept)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, blake3::Hash> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the files again and again, and tells the operator what comes of it.
    pub(crate) async fn keep(self: Arc<Self>) {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trouble = None;
        loop {
            tick.tick().await;
            let tls = self.clone();
            let Ok(looked) = tokio::task::spawn_blocking(move || tls.look()).await else { continue };
            match looked {
                Looked::Same => {}
                Looked::Renewed => {
                    trouble = None;
                    tracing::info!(certificate = %self.files.certificate.display(), "the certificate is renewed");
                }
                Looked::Kept(error) => {
                    let why = error.to_string();
                    // Files that are missing are so at every look.
                    if trouble.as_ref() != Some(&why) {
                        tracing::error!(
                            why,
                            "the changed certificate cannot be used; the one before goes on"
                        );
                        trouble = Some(why);
                    }
                }
            }
        }
    }
}

impl Pair {
    fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.certificate[..], &self.key] {
            hasher.update(blake3::hash(part).as_bytes());
        }
        hasher.finalize()
    }
}

impl Files {
    fn read(&self) -> Result<Pair, TlsError> {
        let unreadable = |setting, file: &Path| {
            let file = file.to_owned();
            move |error| TlsError::Unreadable { setting, file, error }
        };
        let certificate = read(&self.certificate).map_err(unreadable(CERTIFICATE, &self.certificate))?;
        let key = read(&self.key).map_err(unreadable(KEY, &self.key))?;
        Ok(Pair { certificate: certificate.to_vec(), key })
    }

    fn config(&self, pair: &Pair) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = self.chain(&pair.certificate)?;
        let key = self.private_key(&pair.key)?;
        let unusable = |error: RustlsError| TlsError::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            why: error.to_string(),
        };
        let provider = Arc::new(ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.map_err(unusable)?.with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
            RustlsError::InconsistentKeys(_) => {
                TlsError::Mismatch { certificate: self.certificate.clone(), key: self.key.clone() }
            }
            other => unusable(other),
        })?;
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let (setting, file) = (CERTIFICATE, || self.certificate.clone());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain =
            chain.map_err(|error| TlsError::Damaged { setting, file: file(), why: error.to_string() })?;
        match chain.is_empty() {
            true => Err(TlsError::Nothing { setting, file: file(), wanted: "certificate" }),
            false => Ok(chain),
        }
    }

    fn private_key(&self, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
        let (setting, file) = (KEY, || self.key.clone());
        let protected = pem.windows(b"ENCRYPTED".len()).any(|part| part == b"ENCRYPTED");
        match PrivateKeyDer::from_pem_slice(pem) {
            Ok(_) | Err(_) if protected => Err(TlsError::Protected { file: file() }),
            Ok(key) => Ok(key),
            Err(PemError::NoItemsFound) => {
                Err(TlsError::Nothing { setting, file: file(), wanted: "private key" })
            }
            Err(error) => Err(TlsError::Damaged { setting, file: file(), why: error.to_string() }),
        }
    }
}

/// A file's content, which leaves no copy of itself in memory.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > PEM_BYTES_MAX {
        return Err(io::Error::other(format!("it has {length} bytes; at most {PEM_BYTES_MAX} are read")));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(length as usize + 1));
    file.take(PEM_BYTES_MAX).read_to_end(&mut content)?;
    Ok(content)
}
