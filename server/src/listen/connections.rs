//! Counts connections, in all and per address, for as long as they live: also after they became WebSockets. And how fast
//! new ones come from one address: each costs a handshake, a document that opens, a state that is sent.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

use super::forwarded::Place;
use super::tls::HTTP2;
use crate::config::Proxies;

/// So many times as many as may be open may come from one address at once: a whole office that reconnects after a restart,
/// and once more.
const NEW_AT_ONCE_TIMES: u32 = 2;
/// How long it takes until as many may come again.
const NEW_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// Addresses remembered before those are dropped of which there is nothing to remember.
const ADDRESSES_MIN: usize = 1_024;

/// All connections of the server.
#[derive(Debug)]
pub(crate) struct Connections {
    max: u32,
    per_address_max: u32,
    /// Who brings others, and is not counted as one address.
    proxies: Proxies,
    /// How many may come from one address at once, and how long each of them counts.
    new_max: u32,
    new_counts_for: Duration,
    by_address: Mutex<Addresses>,
    total: watch::Sender<u32>,
}

#[derive(Debug, Default)]
struct Addresses {
    known: HashMap<IpAddr, Address>,
    /// With so many known it is time to forget some.
    forget_at: usize,
}

/// What is known of an address.
#[derive(Debug, Clone, Copy)]
struct Address {
    /// How many connections it has.
    open: u32,
    /// When all those that came lately no longer count.
    rested: Instant,
}

/// What a place is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coming {
    /// A connection that begins: how fast they come is limited too.
    New,
    /// A request on a connection that was there before.
    Again,
}

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    AddressFull,
    AddressTooFast,
}

impl Refused {
    /// When to come again.
    pub(crate) const RETRY_AFTER_SECONDS: &str = "5";

    /// Tells the operator that somebody was turned away.
    pub(crate) fn note(self) {
        metrics::counter!("weft_connections_refused_total", "reason" => self.reason()).increment(1);
        tracing::debug!(reason = self.reason(), "a connection was refused");
    }

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Full => "connections_max",
            Self::AddressFull => "connections_per_address_max",
            Self::AddressTooFast => "new_connections_per_address",
        }
    }

    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Full => "503 Service Unavailable",
            Self::AddressFull | Self::AddressTooFast => "429 Too Many Requests",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Full => "too many connections; the setting connections_max limits them\n",
            Self::AddressFull => {
                "too many connections from this address; the setting connections_per_address_max limits them\n"
            }
            Self::AddressTooFast => {
                "too many new connections from this address in a short time; \
                 the setting connections_per_address_max limits them too\n"
            }
        }
    }
}

impl Connections {
    pub(crate) fn new(max: u32, per_address_max: u32, proxies: Proxies) -> Arc<Self> {
        let (total, _) = watch::channel(0);
        let new_max = per_address_max.saturating_mul(NEW_AT_ONCE_TIMES).max(1);
        Arc::new(Self {
            max,
            per_address_max,
            proxies,
            new_max,
            new_counts_for: NEW_AGAIN_AFTER / new_max,
            by_address: Mutex::default(),
            total,
        })
    }

    /// How many there are now.
    pub(crate) fn count(&self) -> u32 {
        *self.total.borrow()
    }

    /// Returns when there are none.
    pub(crate) async fn closed(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.total.subscribe().wait_for(|total| *total == 0).await;
    }

    /// A seat for a connection from `address`, if the limits leave one.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Seat, Refused> {
        self.admit_at(address, Instant::now())
    }

    fn admit_at(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<Seat, Refused> {
        if self.count() >= self.max {
            return Err(Refused::Full);
        }
        let share = self.share_at(address, Coming::New, now)?;
        self.total.send_modify(|total| *total += 1);
        metrics::gauge!("weft_connections").increment(1.0);
        Ok(Seat { connections: self.clone(), _share: share })
    }

    /// One of the places that an address has. For whoever a proxy brings, whose connections nobody else sees.
    /// There is none, and nothing is counted, for an address that is not limited.
    pub(crate) fn share(self: &Arc<Self>, address: IpAddr, coming: Coming) -> Result<Option<Share>, Refused> {
        self.share_at(address, coming, Instant::now())
    }

    fn share_at(
        self: &Arc<Self>,
        address: IpAddr,
        coming: Coming,
        now: Instant,
    ) -> Result<Option<Share>, Refused> {
        let Some(network) = self.network(address) else { return Ok(None) };
        let mut addresses = self.addresses();
        addresses.forget(now);
        let address = addresses.known.entry(network).or_insert(Address { open: 0, rested: now });
        if address.open >= self.per_address_max {
            return Err(Refused::AddressFull);
        }
        if coming == Coming::New {
            let rested = address.rested.max(now) + self.new_counts_for;
            if rested > now + self.new_counts_for * self.new_max {
                return Err(Refused::AddressTooFast);
            }
            address.rested = rested;
        }
        address.open += 1;
        Ok(Some(Share { connections: self.clone(), network }))
    }

    /// What counts as one address: with IPv6 one household has a whole /64. Loopback is not counted, because a proxy on
    /// this machine brings everybody from there, and nor are the proxies that the operator named.
    fn network(&self, address: IpAddr) -> Option<IpAddr> {
        match address.to_canonical() {
            ip if ip.is_loopback() || self.proxies.contain(ip) => None,
            IpAddr::V4(ip) => Some(IpAddr::V4(ip)),
            IpAddr::V6(ip) => {
                Some(IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::from(u64::MAX) << 64))))
            }
        }
    }

    fn addresses(&self) -> MutexGuard<'_, Addresses> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Addresses {
    /// Drops those without connections of which none came lately. Twice as many as stay make it due again.
    fn forget(&mut self, now: Instant) {
        if self.known.len() >= self.forget_at.max(ADDRESSES_MIN) {
            self.known.retain(|_, address| address.open > 0 || address.rested > now);
            self.forget_at = self.known.len() * 2;
        }
    }
}

/// A counted place among all connections, and one of its address; dropping it gives both back.
#[derive(Debug)]
pub(crate) struct Seat {
    connections: Arc<Connections>,
    _share: Option<Share>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("weft_connections").decrement(1.0);
        self.connections.total.send_modify(|total| *total -= 1);
    }
}

/// A counted place of an address; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Share {
    connections: Arc<Connections>,
    network: IpAddr,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut addresses = self.connections.addresses();
        if let Some(address) = addresses.known.get_mut(&self.network) {
            address.open -= 1;
        }
    }
}

/// What bytes go over.
#[derive(Debug)]
pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

/// A stream with its seat, wherever an upgrade takes it.
#[derive(Debug)]
pub(crate) struct Connection {
    wire: Wire,
    _seat: Seat,
    /// The place of whoever a proxy brought, if this became their socket.
    _brought: Brought,
}

/// Filled once a connection becomes a socket.
pub(crate) type Brought = Arc<OnceLock<Place>>;

impl Connection {
    pub(crate) fn new(wire: Wire, seat: Seat, brought: Brought) -> Self {
        Self { wire, _seat: seat, _brought: brought }
    }

    /// Whether the client and we agreed on HTTP/2, which only a handshake can.
    pub(crate) fn speaks_http2(&self) -> bool {
        match &self.wire {
            Wire::Plain(_) => false,
            Wire::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(HTTP2),
        }
    }
}

/// Hands a call on to whichever stream there is.
macro_rules! on_wire {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.wire {
            Wire::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Wire::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_wire!(self, stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        on_wire!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_wire!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(stream) => stream.is_write_vectored(),
            Wire::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_wire!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_wire!(self, stream => stream.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_past_either_limit_is_refused_and_a_seat_given_back_is_free() {
        let connections = Connections::new(3, 2, Proxies::default());
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let a = connections.admit(ip("192.0.2.1")).unwrap();
        let _b = connections.admit(ip("192.0.2.1")).unwrap();
        assert_eq!(connections.admit(ip("192.0.2.1")).unwrap_err(), Refused::AddressFull);
        let _c = connections.admit(ip("192.0.2.2")).unwrap();
        assert_eq!(connections.admit(ip("192.0.2.3")).unwrap_err(), Refused::Full);
        assert_eq!(connections.count(), 3);
        drop(a);
        assert!(connections.admit(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_loopback_is_none() {
        let connections = Connections::new(10, 1, Proxies::default());
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let _a = connections.admit(ip("2001:db8::1")).unwrap();
        assert!(connections.admit(ip("2001:db8::2")).is_err());
        let _b = connections.admit(ip("2001:db8:0:1::1")).unwrap();
        let seats = [ip("127.0.0.1"), ip("::1"), ip("::ffff:127.0.0.1"), ip("127.0.0.1")];
        let seats: Vec<_> = seats.map(|ip| connections.admit(ip).unwrap()).into();
        assert_eq!(connections.count(), 6);
        drop(seats);
        assert_eq!(connections.addresses().known.len(), 2);
    }

    #[test]
    fn new_connections_beyond_twice_as_many_as_may_be_open_have_to_wait_their_turn() {
        let connections = Connections::new(100, 10, Proxies::default());
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let now = Instant::now();
        for _ in 0..20 {
            drop(connections.admit_at(ip("192.0.2.1"), now).unwrap());
        }
        assert_eq!(connections.admit_at(ip("192.0.2.1"), now).unwrap_err(), Refused::AddressTooFast);
        assert!(connections.admit_at(ip("192.0.2.2"), now).is_ok(), "others are not in its way");
        assert!(connections.admit_at(ip("127.0.0.1"), now).is_ok(), "a proxy here brings everybody");
        let soon = now + Duration::from_secs(1);
        assert!(connections.admit_at(ip("192.0.2.1"), soon).is_ok());
        assert_eq!(connections.admit_at(ip("192.0.2.1"), soon).unwrap_err(), Refused::AddressTooFast);
        let later = soon + NEW_AGAIN_AFTER;
        for _ in 0..20 {
            drop(connections.admit_at(ip("192.0.2.1"), later).unwrap());
        }
    }

    #[test]
    fn addresses_that_are_gone_and_rested_are_forgotten() {
        let connections = Connections::new(10, 10, Proxies::default());
        let now = Instant::now();
        let stays = connections.admit_at("198.51.100.1".parse().unwrap(), now).unwrap();
        for round in 0..5 {
            for number in 0..ADDRESSES_MIN as u32 {
                let address = Ipv4Addr::from_bits(number + (10 << 24));
                drop(connections.admit_at(address.into(), now + NEW_AGAIN_AFTER * round).unwrap());
            }
            for number in 0..ADDRESSES_MIN as u32 {
                let address = Ipv4Addr::from_bits(number + ((11 + round) << 24));
                drop(connections.admit_at(address.into(), now + NEW_AGAIN_AFTER * round).unwrap());
            }
        }
        assert!(connections.addresses().known.len() <= 4 * ADDRESSES_MIN);
        assert!(connections.addresses().known.contains_key(&"198.51.100.1".parse().unwrap()));
        drop(stays);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_last_connection_learns_of_its_end() {
        let connections = Connections::new(1, 1, Proxies::default());
        connections.closed().await;
        let seat = connections.admit("127.0.0.1".parse().unwrap()).unwrap();
        let waiting = tokio::spawn({
            let connections = connections.clone();
            async move { connections.closed().await }
        });
        drop(seat);
        waiting.await.unwrap();
    }
}
