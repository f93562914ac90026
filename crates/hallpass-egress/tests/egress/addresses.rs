//! Random addresses of every refused range in every spelling, and the other way round.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hallpass_egress::Egress;
use proptest::prelude::*;

use crate::support::{LIMITS, Names, code, egress, egress_with};

/// Written down again here, as the registries write them, so that a slip in the gate's own tables shows.
const RANGES_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

const RANGES_V6: &[&str] = &[
    "::/3",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001::/32",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/2",
    "8000::/1",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

fn split(range: &str) -> (&str, u32) {
    let (network, length) = range.split_once('/').unwrap();
    (network, length.parse().unwrap())
}

fn refused_v4() -> impl Strategy<Value = Ipv4Addr> {
    (prop::sample::select(RANGES_V4), any::<u32>()).prop_map(|(range, noise)| {
        let (network, length) = split(range);
        let network: Ipv4Addr = network.parse().unwrap();
        Ipv4Addr::from_bits(network.to_bits() | noise & (u32::MAX >> length))
    })
}

fn refused_v6() -> impl Strategy<Value = Ipv6Addr> {
    (prop::sample::select(RANGES_V6), any::<u128>()).prop_map(|(range, noise)| {
        let (network, length) = split(range);
        let network: Ipv6Addr = network.parse().unwrap();
        Ipv6Addr::from_bits(network.to_bits() | noise & (u128::MAX >> length))
    })
}

fn spellings_v4(address: Ipv4Addr) -> Vec<String> {
    let bits = address.to_bits();
    let [a, b, c, d] = address.octets();
    let percent: String = address
        .to_string()
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d}."),
        format!("{bits}"),
        format!("0x{bits:x}"),
        format!("0X{bits:08X}"),
        format!("0{bits:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{}", bits & 0x00ff_ffff),
        format!("{a}.{b}.{}", bits & 0xffff),
        format!("0{a:o}.{b:#x}.{}", bits & 0xffff),
        format!("{a}\u{3002}{b}\u{ff0e}{c}\u{ff61}{d}"),
        percent,
        format!("[::ffff:{address}]"),
        format!("[::{address}]"),
        format!("[64:ff9b::{address}]"),
        format!("[2002:{:x}:{:x}::1]", bits >> 16, bits & 0xffff),
    ]
}

fn spellings_v6(address: Ipv6Addr) -> Vec<String> {
    let groups = address.segments();
    let long: Vec<String> = groups.iter().map(|group| format!("{group:04X}")).collect();
    let [a, b, c, d, e, f, g, h] = groups;
    let tail = Ipv4Addr::from_bits(u32::from(g) << 16 | u32::from(h));
    vec![
        format!("[{address}]"),
        format!("[{}]", long.join(":")),
        format!("[{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{tail}]"),
    ]
}

fn refuses_literals(egress: &Egress, spellings: Vec<String>) -> Result<(), TestCaseError> {
    for host in spellings {
        for url in [
            format!("https://{host}/"),
            format!("http://{host}/"),
            format!("https://{host}:8443/a"),
        ] {
            prop_assert_eq!(code(egress.check_url(&url)), "egress_blocked", "{}", url);
        }
    }
    Ok(())
}

/// What a name may lead to is asked of the whole gate; nothing is connected to, for nothing passes.
fn refuses_answers(address: IpAddr) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let egress = egress_with(&[], Names::all(&["1.1.1.1", &address.to_string()]));
    let outcome = runtime.block_on(egress.get("https://one.test/", LIMITS));
    prop_assert_eq!(code(outcome), "egress_blocked", "{}", address);
    Ok(())
}

/// The standard library's view, with what it has no stable word for.
fn is_special(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 198 && b & 0xfe == 18)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || address == Ipv4Addr::new(168, 63, 129, 16)
}

#[test]
fn no_refused_v4_address_passes_in_any_spelling() {
    let egress = egress(&["127.0.0.1:4000"]);
    proptest!(|(address in refused_v4())| {
        refuses_literals(&egress, spellings_v4(address))?;
    });
}

#[test]
fn no_refused_v6_address_passes_in_any_spelling() {
    let egress = egress(&["[::1]:4000"]);
    proptest!(|(address in refused_v6())| {
        refuses_literals(&egress, spellings_v6(address))?;
    });
}

#[test]
fn no_refused_address_passes_behind_a_name() {
    let config = ProptestConfig::with_cases(48);
    proptest!(config, |(v4 in refused_v4(), v6 in refused_v6())| {
        refuses_answers(v4.into())?;
        refuses_answers(v6.into())?;
    });
}

#[test]
fn every_other_v4_address_passes() {
    let egress = egress(&[]);
    proptest!(ProptestConfig::with_cases(4096), |(bits in any::<u32>())| {
        let address = Ipv4Addr::from_bits(bits);
        let expected = if is_special(address) { "egress_blocked" } else { "ok" };
        prop_assert_eq!(code(egress.check_url(&format!("https://{address}/"))), expected, "{}", address);
    });
    for (first, last) in RANGES_V4.iter().map(|range| ends(range)) {
        // Both ends, and their neighbours outside.
        for bits in [first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
            let address = Ipv4Addr::from_bits(bits);
            let expected = if is_special(address) {
                "egress_blocked"
            } else {
                "ok"
            };
            assert_eq!(
                code(egress.check_url(&format!("https://{address}/"))),
                expected,
                "{address}"
            );
        }
    }
}

#[test]
fn public_v6_addresses_pass() {
    let egress = egress(&[]);
    for address in [
        "2000::1",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "3fff:1000::1",
        "3ffe::1",
    ] {
        assert_eq!(
            code(egress.check_url(&format!("https://[{address}]/"))),
            "ok",
            "{address}"
        );
    }
}

fn ends(range: &str) -> (u32, u32) {
    let (network, length) = split(range);
    let first = network.parse::<Ipv4Addr>().unwrap().to_bits();
    (first, first | u32::MAX >> length)
}
