use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap};

use crate::AppState;

/// A block of addresses, written `10.0.0.0/8`, `2001:db8::/32` or as one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u32,
}

/// The text is not an address or a block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedRange;

impl std::fmt::Display for MalformedRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an address range: expected 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32")
    }
}

impl std::error::Error for MalformedRange {}

impl AddressRange {
    /// Whether an address is inside.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - self.prefix;
                u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - self.prefix;
                u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = MalformedRange;

    fn from_str(text: &str) -> Result<Self, MalformedRange> {
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| MalformedRange)?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(prefix) => prefix.parse().map_err(|_| MalformedRange)?,
        };
        if prefix > bits {
            return Err(MalformedRange);
        }
        Ok(Self { network, prefix })
    }
}

/// Whose request it is: the peer, or behind trusted proxies the right-most address of `X-Forwarded-For` that is not one of
/// them. `None` for a request made inside this process.
pub(crate) fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    trusted: &[AddressRange],
) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut client = peer.ip().to_canonical();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .collect();
    for hop in hops.iter().rev() {
        if !is_trusted(client) {
            break;
        }
        // A hop that cannot be read ends the chain: what lies beyond it could have been written by anybody.
        let Some(address) = parse_hop(hop.trim()) else {
            break;
        };
        client = address;
    }
    Some(client)
}

/// Whose request it is, for limits that count by address.
pub(crate) struct Client(pub(crate) Option<IpAddr>);

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let trusted = &app.settings.trusted_proxies;
        let address = client_address(&parts.extensions, &parts.headers, trusted);
        Ok(Self(address))
    }
}

fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()))
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(
            peer.parse::<SocketAddr>().expect("a socket address"),
        ));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let trusted: Vec<AddressRange> = trusted
            .iter()
            .map(|range| range.parse().expect("a range"))
            .collect();
        client_address(&extensions, &headers, &trusted)
            .expect("an address")
            .to_string()
    }

    #[test]
    fn only_trusted_hops_are_believed() {
        let proxies = ["10.0.0.0/8", "::1"];
        for (peer, forwarded, expected) in [
            ("192.0.2.9:1", vec!["203.0.113.1"], "192.0.2.9"),
            ("10.0.0.1:1", vec!["203.0.113.1"], "203.0.113.1"),
            (
                "10.0.0.1:1",
                vec!["1.1.1.1, 203.0.113.1, 10.2.2.2"],
                "203.0.113.1",
            ),
            ("10.0.0.1:1", vec!["1.1.1.1", "203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1:1", vec!["203.0.113.1:4711"], "203.0.113.1"),
            ("10.0.0.1:1", vec!["[2001:db8::1]:80"], "2001:db8::1"),
            ("[::1]:1", vec!["2001:db8::2"], "2001:db8::2"),
            ("[::ffff:10.0.0.1]:1", vec!["203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1:1", vec!["203.0.113.1, nonsense"], "10.0.0.1"),
            ("10.0.0.1:1", vec![], "10.0.0.1"),
            ("10.0.0.1:1", vec!["10.0.0.7"], "10.0.0.7"),
        ] {
            assert_eq!(
                client(peer, &forwarded, &proxies),
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn ranges_parse_and_contain() {
        let range: AddressRange = "0.0.0.0/0".parse().expect("a range");
        assert!(range.contains("8.8.8.8".parse().expect("an address")));
        assert!(!range.contains("2001:db8::1".parse().expect("an address")));
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "x/8",
            "10.0.0.0/-1",
            "::/129",
        ] {
            assert_eq!(text.parse::<AddressRange>(), Err(MalformedRange), "{text}");
        }
    }
}
