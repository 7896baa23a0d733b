//! How often somebody may try something.
//!
//! A limit is a bucket of tries that fills up again evenly. Buckets are found by a hash with a secret of this process, and
//! there are [`BUCKETS_MAX`] of them: so a stranger with many addresses cannot take more memory, and two keys meet in one
//! bucket only by chance.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// The most buckets that one limit keeps.
const BUCKETS_MAX: u32 = 1 << 18;
/// After so many tries the full buckets, which are as good as none, are given up.
const TRIES_PER_SWEEP: u32 = 1 << 12;

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Sign-ins to one account from one address, a quarter of an hour.
pub(crate) const SIGN_INS_PER_ACCOUNT_AND_ADDRESS_MAX: u32 = 10;
/// Sign-ins from one address, a quarter of an hour.
pub(crate) const SIGN_INS_PER_ADDRESS_MAX: u32 = 30;
/// Sign-ins to one account, a quarter of an hour.
pub(crate) const SIGN_INS_PER_ACCOUNT_MAX: u32 = 100;
/// Codes of the second step for one account, a quarter of an hour.
pub(crate) const CODES_PER_ACCOUNT_MAX: u32 = 10;
/// Reset mails to one account, a quarter of an hour.
pub(crate) const RESETS_PER_ACCOUNT_MAX: u32 = 3;
/// Reset mails asked for from one address, a quarter of an hour.
pub(crate) const RESETS_PER_ADDRESS_MAX: u32 = 10;
/// Links of invitations, resets and the set-up tried from one address, a quarter of an hour.
pub(crate) const LINKS_PER_ADDRESS_MAX: u32 = 30;
/// Passwords of one share tried from one address, a quarter of an hour.
pub(crate) const SHARE_PASSWORDS_PER_ADDRESS_MAX: u32 = 10;
/// Passwords of one share tried by everybody, a quarter of an hour.
pub(crate) const SHARE_PASSWORDS_MAX: u32 = 100;
/// Requests of one person, a minute.
pub(crate) const REQUESTS_PER_PERSON_MAX: u32 = 1_000;
/// Requests without an account from one address, a minute.
pub(crate) const REQUESTS_PER_ADDRESS_MAX: u32 = 120;
/// Things that one person makes, a minute.
pub(crate) const CREATES_PER_PERSON_MAX: u32 = 60;

/// Too many tries: the next one counts after so many seconds (`Retry-After`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that was tried too often; try again in {seconds} seconds")]
pub(crate) struct TooOften {
    /// At least 1.
    pub(crate) seconds: u64,
}

/// All limits of a server. A try counts when it is asked for, whatever comes of it.
#[derive(Debug)]
pub(crate) struct Limits<C: Clock = DefaultClock> {
    sign_in_here: Limit<C>,
    sign_in_address: Limit<C>,
    sign_in_account: Limit<C>,
    code: Limit<C>,
    reset_account: Limit<C>,
    reset_address: Limit<C>,
    link: Limit<C>,
    share_here: Limit<C>,
    share: Limit<C>,
    person: Limit<C>,
    anonymous: Limit<C>,
    create: Limit<C>,
}

impl<C: Clock + Clone> Limits<C> {
    /// Fresh limits, all buckets full. The server's clock is `DefaultClock::default()`.
    pub(crate) fn new(clock: &C) -> Self {
        let per_quarter = |tries| Limit::new(tries, QUARTER, clock.clone());
        let per_minute = |tries| Limit::new(tries, MINUTE, clock.clone());
        Self {
            sign_in_here: per_quarter(SIGN_INS_PER_ACCOUNT_AND_ADDRESS_MAX),
            sign_in_address: per_quarter(SIGN_INS_PER_ADDRESS_MAX),
            sign_in_account: per_quarter(SIGN_INS_PER_ACCOUNT_MAX),
            code: per_quarter(CODES_PER_ACCOUNT_MAX),
            reset_account: per_quarter(RESETS_PER_ACCOUNT_MAX),
            reset_address: per_quarter(RESETS_PER_ADDRESS_MAX),
            link: per_quarter(LINKS_PER_ADDRESS_MAX),
            share_here: per_quarter(SHARE_PASSWORDS_PER_ADDRESS_MAX),
            share: per_quarter(SHARE_PASSWORDS_MAX),
            person: per_minute(REQUESTS_PER_PERSON_MAX),
            anonymous: per_minute(REQUESTS_PER_ADDRESS_MAX),
            create: per_minute(CREATES_PER_PERSON_MAX),
        }
    }

    /// A sign-in to `account` (an e-mail address, whether anybody has it or not), also by passkey or provider.
    ///
    /// # Errors
    /// [`TooOften`], here and below, says when to come again.
    pub(crate) fn sign_in(&self, account: &str, address: IpAddr) -> Result<(), TooOften> {
        let (account, network) = (same(account), network(address));
        // The narrow limits first: what they stop does not eat the account's own.
        self.sign_in_address.try_once(&network)?;
        self.sign_in_here.try_once(&(&account, network))?;
        self.sign_in_account.try_once(&account)
    }

    /// A code of the second step for the person of this id.
    pub(crate) fn code(&self, person: &str) -> Result<(), TooOften> {
        self.code.try_once(&person)
    }

    /// A mail with which somebody may set a new password.
    pub(crate) fn reset_mail(&self, account: &str, address: IpAddr) -> Result<(), TooOften> {
        self.reset_address.try_once(&network(address))?;
        self.reset_account.try_once(&same(account))
    }

    /// The use of a secret link: an invitation, a reset, the set-up.
    pub(crate) fn link(&self, address: IpAddr) -> Result<(), TooOften> {
        self.link.try_once(&network(address))
    }

    /// A password for the share of this id.
    pub(crate) fn share_password(&self, share: &str, address: IpAddr) -> Result<(), TooOften> {
        self.share_here.try_once(&(share, network(address)))?;
        self.share.try_once(&share)
    }

    /// A request to the API: of a person, or of nobody from this address.
    pub(crate) fn request(&self, person: Option<&str>, address: IpAddr) -> Result<(), TooOften> {
        match person {
            Some(person) => self.person.try_once(&person),
            None => self.anonymous.try_once(&network(address)),
        }
    }

    /// Something that the person of this id makes: a page, a space, a share, an invitation.
    pub(crate) fn create(&self, person: &str) -> Result<(), TooOften> {
        self.create.try_once(&person)
    }
}

/// Nobody writes their address always the same way.
fn same(account: &str) -> String {
    account.trim().to_lowercase()
}

/// Whom an address stands for: with IPv6 a customer has at least a /64, so all of that is one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

type Buckets<C> = RateLimiter<u32, DashMapStateStore<u32>, C, NoOpMiddleware<<C as Clock>::Instant>>;

#[derive(Debug)]
struct Limit<C: Clock> {
    buckets: Buckets<C>,
    clock: C,
    hash: RandomState,
    tries: AtomicU32,
}

impl<C: Clock + Clone> Limit<C> {
    fn new(tries: u32, within: Duration, clock: C) -> Self {
        let tries = NonZeroU32::new(tries).unwrap_or(NonZeroU32::MIN);
        // A period of zero is the only one it refuses, and there is none.
        let quota = Quota::with_period(within / tries.get()).unwrap_or_else(|| Quota::per_hour(tries));
        let buckets = RateLimiter::new(quota.allow_burst(tries), DashMapStateStore::default(), clock.clone());
        Self { buckets, clock, hash: RandomState::new(), tries: AtomicU32::new(0) }
    }

    fn try_once(&self, key: &impl Hash) -> Result<(), TooOften> {
        if self.tries.fetch_add(1, Ordering::Relaxed) % TRIES_PER_SWEEP == TRIES_PER_SWEEP - 1 {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
        }
        let bucket = (self.hash.hash_one(key) % u64::from(BUCKETS_MAX)) as u32;
        self.buckets.check_key(&bucket).map_err(|not_until| {
            let wait: Duration = not_until.earliest_possible().duration_since(self.clock.now()).into();
            TooOften { seconds: wait.as_millis().div_ceil(1_000).max(1).try_into().unwrap_or(u64::MAX) }
        })
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn limits() -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limits::new(&clock), clock)
    }

    /// How many tries pass before one is refused, and how long that one has to wait.
    fn until_refused(mut attempt: impl FnMut(u32) -> Result<(), TooOften>) -> (u32, u64) {
        let mut tries = 0;
        loop {
            match attempt(tries) {
                Ok(()) => tries += 1,
                Err(TooOften { seconds }) => return (tries, seconds),
            }
        }
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    #[test]
    fn one_past_every_limit_is_refused_and_told_how_long_to_wait() {
        let (limits, _) = limits();
        assert_eq!(until_refused(|_| limits.sign_in("a@example.com", HOME)), (10, 90));
        assert_eq!(until_refused(|_| limits.code("a")), (10, 90));
        assert_eq!(until_refused(|_| limits.reset_mail("a@example.com", HOME)), (3, 300));
        assert_eq!(until_refused(|_| limits.link(HOME)), (30, 30));
        assert_eq!(until_refused(|_| limits.share_password("s", HOME)), (10, 90));
        assert_eq!(until_refused(|_| limits.request(Some("a"), HOME)), (1_000, 1));
        assert_eq!(until_refused(|_| limits.request(None, HOME)), (120, 1));
        assert_eq!(until_refused(|_| limits.create("a")), (60, 1));
    }

    #[test]
    fn one_address_may_not_try_many_accounts_nor_many_addresses_one_account() {
        let (limits, _) = limits();
        assert_eq!(until_refused(|n| limits.sign_in(&format!("{n}@example.com"), HOME)), (30, 30));
        assert_eq!(until_refused(|n| limits.sign_in("a@example.com", address(n))), (100, 9));
        assert_eq!(until_refused(|n| limits.reset_mail(&format!("{n}@example.com"), address(0))), (10, 90));
        assert_eq!(until_refused(|n| limits.reset_mail("b@example.com", address(n + 1))), (3, 300));
        assert_eq!(until_refused(|n| limits.share_password("s", address(n))), (100, 9));
    }

    #[test]
    fn others_are_not_touched_and_time_gives_tries_back() {
        let (limits, clock) = limits();
        until_refused(|_| limits.sign_in("a@example.com", HOME));
        assert!(limits.sign_in("b@example.com", address(1)).is_ok());
        assert!(limits.sign_in("a@example.com", address(2)).is_ok());
        assert!(limits.sign_in(" A@EXAMPLE.com", HOME).is_err(), "the same account, written otherwise");
        clock.advance(Duration::from_secs(89));
        assert_eq!(limits.sign_in("a@example.com", HOME), Err(TooOften { seconds: 1 }));
        clock.advance(Duration::from_secs(1));
        assert!(limits.sign_in("a@example.com", HOME).is_ok());
        assert!(limits.sign_in("a@example.com", HOME).is_err());
        clock.advance(QUARTER);
        assert_eq!(until_refused(|_| limits.sign_in("a@example.com", HOME)).0, 10);
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_a_mapped_ipv4_is_that_ipv4() {
        let parse = |text: &str| network(text.parse().unwrap());
        assert_eq!(parse("2001:db8:1:2::1"), parse("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), HOME);
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
    }

    #[test]
    fn what_was_not_tried_for_long_takes_no_memory() {
        let clock = FakeRelativeClock::default();
        let limit = Limit::new(10, QUARTER, clock.clone());
        for key in 0..TRIES_PER_SWEEP - 1 {
            limit.try_once(&key).unwrap();
        }
        assert!(limit.buckets.len() > 4_000);
        clock.advance(QUARTER);
        limit.try_once(&"later").unwrap();
        assert_eq!(limit.buckets.len(), 1);
    }

    #[test]
    fn there_are_never_more_buckets_than_the_most() {
        let limit = Limit::new(1_000, QUARTER, FakeRelativeClock::default());
        for key in 0..2 * BUCKETS_MAX {
            let _often = limit.try_once(&key);
        }
        assert!(limit.buckets.len() <= BUCKETS_MAX as usize);
        assert!(limit.buckets.len() > BUCKETS_MAX as usize / 2);
    }
}
