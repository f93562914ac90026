//! Which addresses are on the public Internet, and which are not for us to call.
//!
//! The tables follow the IANA special-purpose registries for IPv4 and IPv6 and add the metadata services of the large clouds.
//! For IPv6 the question is turned round: only what lies in the global unicast block can pass.
//! Addresses that carry an IPv4 address inside (mapped, NAT64, 6to4, Teredo) are refused whole, whatever is inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses that is not the public Internet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The range in a reader's words.
    pub(crate) what: &'static str,
    /// Whether a name that the operator lists may resolve into it.
    pub(crate) behind_listed_name: bool,
}

/// The first range that holds this address; `None` for a public unicast address.
pub(crate) fn find_range(address: IpAddr) -> Option<&'static Range> {
    match address {
        IpAddr::V4(address) => find_v4(address),
        IpAddr::V6(address) => find_v6(address),
    }
}

/// As [`find_range`], but only what even a listed name must not lead to.
pub(crate) fn find_range_closed_to_names(address: IpAddr) -> Option<&'static Range> {
    find_range(address).filter(|range| !range.behind_listed_name)
}

const UNSPECIFIED: Range = closed("the unspecified address");
const LINK_LOCAL: Range = closed("a link-local address");
const METADATA: Range = closed("a cloud metadata service");
const MULTICAST: Range = closed("a multicast address");
const BROADCAST: Range = closed("the broadcast address");
const EMBEDDED: Range = closed("an IPv6 address that carries an IPv4 address");
const LOOPBACK: Range = private("this machine (loopback)");
const PRIVATE: Range = private("a private network");
const SHARED: Range = private("a carrier's shared address space");
const RESERVED: Range = private("an address that is not on the public Internet");

/// Narrow ranges stand before the wide ones that hold them.
const V4: &[([u8; 4], u32, &Range)] = &[
    ([100, 100, 100, 200], 32, &METADATA),
    ([168, 63, 129, 16], 32, &METADATA),
    ([192, 0, 0, 192], 32, &METADATA),
    ([0, 0, 0, 0], 8, &UNSPECIFIED),
    ([10, 0, 0, 0], 8, &PRIVATE),
    ([100, 64, 0, 0], 10, &SHARED),
    ([127, 0, 0, 0], 8, &LOOPBACK),
    ([169, 254, 0, 0], 16, &LINK_LOCAL),
    ([172, 16, 0, 0], 12, &PRIVATE),
    ([192, 0, 0, 0], 24, &RESERVED),
    ([192, 0, 2, 0], 24, &RESERVED),
    ([192, 88, 99, 0], 24, &RESERVED),
    ([192, 168, 0, 0], 16, &PRIVATE),
    ([198, 18, 0, 0], 15, &RESERVED),
    ([198, 51, 100, 0], 24, &RESERVED),
    ([203, 0, 113, 0], 24, &RESERVED),
    ([224, 0, 0, 0], 4, &MULTICAST),
    ([255, 255, 255, 255], 32, &BROADCAST),
    ([240, 0, 0, 0], 4, &RESERVED),
];

/// The only IPv6 block that holds public unicast addresses.
const GLOBAL_UNICAST: ([u16; 8], u32) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const V6: &[([u16; 8], u32, &Range)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, &UNSPECIFIED),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, &LOOPBACK),
    // IPv4-compatible, IPv4-mapped, IPv4-translated.
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, &EMBEDDED),
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, &EMBEDDED),
    ([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, &EMBEDDED),
    // NAT64 (well-known and local), Teredo, 6to4.
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, &EMBEDDED),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, &EMBEDDED),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, &EMBEDDED),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, &EMBEDDED),
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32, &METADATA),
    ([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, &METADATA),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, &PRIVATE),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, &LINK_LOCAL),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, &PRIVATE),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, &MULTICAST),
    // Protocol assignments, documentation.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, &RESERVED),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, &RESERVED),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, &RESERVED),
];

const fn closed(what: &'static str) -> Range {
    Range {
        what,
        behind_listed_name: false,
    }
}

const fn private(what: &'static str) -> Range {
    Range {
        what,
        behind_listed_name: true,
    }
}

fn find_v4(address: Ipv4Addr) -> Option<&'static Range> {
    let bits = address.to_bits();
    V4.iter()
        .find(|(network, length, _)| {
            let network = Ipv4Addr::from_octets(*network).to_bits();
            (bits ^ network) >> (32 - length) == 0
        })
        .map(|(_, _, range)| *range)
}

fn find_v6(address: Ipv6Addr) -> Option<&'static Range> {
    let bits = address.to_bits();
    let is_in = |network: &[u16; 8], length: u32| {
        let network = Ipv6Addr::from_segments(*network).to_bits();
        (bits ^ network) >> (128 - length) == 0
    };
    let special = V6
        .iter()
        .find(|(network, length, _)| is_in(network, *length));
    match special {
        Some((_, _, range)) => Some(*range),
        None if is_in(&GLOBAL_UNICAST.0, GLOBAL_UNICAST.1) => None,
        None => Some(&RESERVED),
    }
}
