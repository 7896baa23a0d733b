//! The wall clock, and its moments as text: as parts of file names, for people, and in files for other programs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since 1970.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `2026-01-31`, in UTC, of milliseconds since 1970.
pub(crate) fn day(millis: u64) -> String {
    iso(UNIX_EPOCH + Duration::from_millis(millis))[..10].to_owned()
}

/// `2026-01-31 23:59 UTC`, of milliseconds since 1970.
pub(crate) fn utc_of(millis: u64) -> String {
    let iso = iso(UNIX_EPOCH + Duration::from_millis(millis));
    format!("{} {} UTC", &iso[..10], &iso[11..16])
}

/// `20260131T235959Z`, in UTC: names sort as their times do.
pub(crate) fn utc(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = parts(time);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// `2026-01-31T23:59:59Z` (RFC 3339).
pub(crate) fn iso(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = parts(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn parts(time: SystemTime) -> [u64; 6] {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March end with the leap day; 719,468 days lie between 1 March of year 0 and 1970.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day + 2) / 153;
    let (month, day) = ((march_month + 2) % 12 + 1, day - (153 * march_month + 2) / 5 + 1);
    let year = era * 400 + year + u64::from(month <= 2);
    [year, month, day, rest / 3_600, rest / 60 % 60, rest % 60]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_have_their_dates() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_709_164_800, "20240229T000000Z"),
            (1_798_761_599, "20261231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(utc(time), text);
            assert_eq!(iso(time).replace(['-', ':'], ""), text);
        }
        assert_eq!(day(951_782_400_123), "2000-02-29");
        assert_eq!(utc_of(951_782_399_123), "2000-02-28 23:59 UTC");
    }
}
