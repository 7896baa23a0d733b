//! Counts connections, in all and per address, for as long as they live: also after they became WebSockets.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// All connections of the server.
#[derive(Debug)]
pub(crate) struct Connections {
    max: u32,
    per_address_max: u32,
    by_address: Mutex<HashMap<IpAddr, u32>>,
    total: watch::Sender<u32>,
}

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    AddressFull,
}

impl Refused {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Full => "connections_max",
            Self::AddressFull => "connections_per_address_max",
        }
    }

    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Full => "503 Service Unavailable",
            Self::AddressFull => "429 Too Many Requests",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Full => "too many connections; the setting connections_max limits them\n",
            Self::AddressFull => {
                "too many connections from this address; the setting connections_per_address_max limits them\n"
            }
        }
    }
}

impl Connections {
    pub(crate) fn new(max: u32, per_address_max: u32) -> Arc<Self> {
        let (total, _) = watch::channel(0);
        Arc::new(Self { max, per_address_max, by_address: Mutex::default(), total })
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
        let network = network(address);
        if self.count() >= self.max {
            return Err(Refused::Full);
        }
        if let Some(network) = network {
            let mut seats = self.seats();
            let taken = seats.entry(network).or_default();
            if *taken >= self.per_address_max {
                return Err(Refused::AddressFull);
            }
            *taken += 1;
        }
        self.total.send_modify(|total| *total += 1);
        metrics::gauge!("weft_connections").increment(1.0);
        Ok(Seat { connections: self.clone(), network })
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: with IPv6 one household has a whole /64. Loopback is not counted, because a proxy on this
/// machine brings everybody from there.
fn network(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        ip if ip.is_loopback() => None,
        IpAddr::V4(ip) => Some(IpAddr::V4(ip)),
        IpAddr::V6(ip) => Some(IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::from(u64::MAX) << 64)))),
    }
}

/// A counted place; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Seat {
    connections: Arc<Connections>,
    network: Option<IpAddr>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            let mut seats = self.connections.seats();
            if let Some(taken) = seats.get_mut(&network) {
                *taken -= 1;
                if *taken == 0 {
                    seats.remove(&network);
                }
            }
        }
        metrics::gauge!("weft_connections").decrement(1.0);
        self.connections.total.send_modify(|total| *total -= 1);
    }
}

/// A TCP stream with its seat, wherever an upgrade takes it.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    _seat: Seat,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, seat: Seat) -> Self {
        Self { stream, _seat: seat }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_past_either_limit_is_refused_and_a_seat_given_back_is_free() {
        let connections = Connections::new(3, 2);
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
        let connections = Connections::new(10, 1);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let _a = connections.admit(ip("2001:db8::1")).unwrap();
        assert!(connections.admit(ip("2001:db8::2")).is_err());
        let _b = connections.admit(ip("2001:db8:0:1::1")).unwrap();
        let seats = [ip("127.0.0.1"), ip("::1"), ip("::ffff:127.0.0.1"), ip("127.0.0.1")];
        let seats: Vec<_> = seats.map(|ip| connections.admit(ip).unwrap()).into();
        assert_eq!(connections.count(), 6);
        drop(seats);
        assert_eq!(connections.seats().len(), 2);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_last_connection_learns_of_its_end() {
        let connections = Connections::new(1, 1);
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
