//! Who may bring requests of others.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::SettingValue;
use super::web::{items, toml_list};

/// The proxies whose word on their clients counts: addresses and networks. Empty if there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

/// The length of the prefix of IPv6 addresses that stand for IPv4 ones (`::ffff:10.0.0.1`).
const MAPPED_PREFIX: u8 = 96;

impl Proxies {
    /// Whether one of them has this address.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl SettingValue for Proxies {
    const SHAPE: &'static str = "ADDR[/BITS],..";

    fn parse(text: &str) -> Result<Self, String> {
        items(text).map(network).collect::<Result<_, _>>().map(Self)
    }

    fn toml(text: &str) -> String {
        toml_list(text)
    }
}

/// One address, or one network in the notation of CIDR.
fn network(item: &str) -> Result<IpNet, String> {
    let network = item.parse::<IpNet>().or_else(|_| item.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| {
        format!("{item:?} is neither an IP address nor a network; they look like 10.0.0.2 and 10.1.0.0/16")
    })?;
    if network.prefix_len() == 0 {
        return Err(format!("{item:?} is every address there is: whoever comes could claim to be anybody"));
    }
    Ok(canonical(network.trunc()))
}

/// A network of IPv4 addresses may be written as one of IPv6.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let mapped = |address: Ipv6Addr| address.to_ipv4_mapped();
    let bits = v6.prefix_len().checked_sub(MAPPED_PREFIX);
    match (mapped(v6.addr()), bits) {
        (Some(address), Some(bits)) => Ipv4Net::new(address, bits).map_or(network, IpNet::V4),
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_named_by_address_and_by_network() {
        let proxies =
            Proxies::parse("10.0.0.2, 10.1.2.3/16,::1,2001:db8::/32 , ::ffff:192.0.2.0/120").unwrap();
        let contain = |address: &str| proxies.contain(address.parse().unwrap());
        for one in [
            "10.0.0.2",
            "::ffff:10.0.0.2",
            "10.1.0.0",
            "10.1.255.255",
            "::1",
            "2001:db8::1",
            "192.0.2.200",
            "::ffff:192.0.2.1",
        ] {
            assert!(contain(one), "{one}");
        }
        for none in ["10.0.0.3", "10.2.0.0", "127.0.0.1", "2001:db9::1", "192.0.3.1", "::"] {
            assert!(!contain(none), "{none}");
        }
        assert!(!Proxies::parse("").unwrap().contain("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_names_no_proxy_is_refused_with_the_reason() {
        for bad in ["proxy.example.com", "10.0.0.0/33", "10.0.0", "10.0.0.1:80", "[::1]", "fe80::1%eth0", "*"]
        {
            let error = Proxies::parse(bad).unwrap_err();
            assert!(error.contains("neither an IP address nor a network") && error.contains(bad), "{error}");
        }
        for everybody in ["0.0.0.0/0", "10.0.0.0/0", "::/0"] {
            assert!(Proxies::parse(everybody).unwrap_err().contains("anybody"), "{everybody}");
        }
    }
}
