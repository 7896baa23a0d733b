//! `<data>/server.json`: how the command line finds the server that runs on a data directory.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, header};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::config::{Host, Listen};

/// A key of 256 random bits, new at every start.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    pub(crate) fn random() -> Self {
        let bits: [u8; 32] = rand::rng().random();
        Self(bits.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether the request carries this token. Takes the same time wherever a guess goes wrong.
    pub(crate) fn opens(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).map_or(&[][..], |value| value.as_bytes());
        let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
        let differ = given.iter().zip(self.0.as_bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
        given.len() == self.0.len() && differ == 0
    }

    /// The header that carries it.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct OnDisk {
    /// The format of this file.
    format: u32,
    address: SocketAddr,
    pid: u32,
    token: String,
    version: String,
}

const FORMAT: u32 = 1;

/// A server that runs, or ran and was killed.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    pub(crate) token: Token,
}

/// The file of this process; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Announcement(PathBuf);

fn path(data: &Path) -> PathBuf {
    data.join("server.json")
}

/// Where a program on this machine reaches a server that listens so.
pub(crate) fn local_address(listen: &Listen, port: u16) -> SocketAddr {
    match listen.host {
        Host::Ip(ip) if !ip.is_unspecified() => SocketAddr::new(ip, port),
        Host::Localhost | Host::Ip(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
    }
}

/// Writes the file, readable for its owner only.
pub(crate) fn announce(data: &Path, address: SocketAddr, token: &Token) -> io::Result<Announcement> {
    let content = OnDisk {
        format: FORMAT,
        address,
        pid: std::process::id(),
        token: token.0.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let path = path(data);
    let new = path.with_extension("json.new");
    // What a killed process left could have other rights; a new file has ours from its first byte on.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec_pretty(&content)?)?;
    file.write_all(b"\n")?;
    fs::rename(&new, &path)?;
    Ok(Announcement(path))
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // If it stays, whoever reads it finds nobody at the address.
        let _ = fs::remove_file(&self.0);
    }
}

/// The server that announced itself on `data`; whether it still runs shows when one connects. What cannot be read counts
/// as nobody: the store's lock is what really tells.
pub(crate) fn find(data: &Path) -> Option<Running> {
    let content: OnDisk = serde_json::from_slice(&fs::read(path(data)).ok()?).ok()?;
    (content.format == FORMAT).then_some(Running {
        address: content.address,
        pid: content.pid,
        token: Token(content.token),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_server_is_found_while_it_runs_and_its_token_is_for_its_owner_only() {
        let data = tempfile::tempdir().unwrap();
        assert!(find(data.path()).is_none());
        let token = Token::random();
        let announcement = announce(data.path(), "127.0.0.1:7".parse().unwrap(), &token).unwrap();
        let mode = fs::metadata(data.path().join("server.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let running = find(data.path()).unwrap();
        assert_eq!((running.token, running.pid), (token, std::process::id()));
        drop(announcement);
        assert!(find(data.path()).is_none());
        fs::write(data.path().join("server.json"), "{").unwrap();
        assert!(find(data.path()).is_none());
    }

    #[test]
    fn only_the_whole_token_opens() {
        let token = Token::random();
        assert_eq!(token.0.len(), 64);
        assert_ne!(token, Token::random());
        let opens = |value: &str| {
            token.opens(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]))
        };
        assert!(opens(&token.bearer()));
        assert!(!opens(&token.bearer()[..70]));
        assert!(!opens(&format!("{}0", token.bearer())));
        assert!(!opens(&token.0) && !opens("Bearer ") && !opens(&Token::random().bearer()));
        assert!(!token.opens(&HeaderMap::new()));
        assert!(!format!("{token:?}").contains(&token.0));
    }
}
