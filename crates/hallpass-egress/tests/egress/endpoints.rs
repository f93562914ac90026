//! `HOST:PORT` as an operator writes it.

use hallpass_egress::AllowedEndpoint;

#[test]
fn a_host_and_a_port_are_read_in_canonical_spelling() {
    for (text, shown) in [
        ("127.0.0.1:4000", "127.0.0.1:4000"),
        ("127.1:4000", "127.0.0.1:4000"),
        ("[::1]:4000", "[::1]:4000"),
        ("[0:0::1]:4000", "[::1]:4000"),
        ("localhost:1", "localhost:1"),
        ("Keycloak.Internal:8443", "keycloak.internal:8443"),
        ("b\u{fc}cher.test:443", "xn--bcher-kva.test:443"),
        ("one.test:65535", "one.test:65535"),
    ] {
        let endpoint: AllowedEndpoint = text.parse().unwrap();
        assert_eq!(endpoint.to_string(), shown);
        assert_eq!(shown.parse(), Ok(endpoint));
    }
}

#[test]
fn everything_else_is_refused_with_an_example() {
    for text in [
        "",
        ":",
        "one.test",
        "one.test:",
        ":443",
        "one.test:0",
        "one.test:65536",
        "one.test:+443",
        "one.test:44a",
        "one.test:443/",
        "one.test:443:443",
        "https://one.test:443",
        "user@one.test:443",
        "one.test/path:443",
        "one test:443",
        " one.test:443",
        "one.test:443\n",
        "one.test?:443",
        "one.test#:443",
        "one.test\\:443",
        "*:443",
        "*.test:443",
        "::1:443",
        "[::1]",
        "[::1:443",
        "[]:443",
        "256.1.1.1:443",
        "10.0.0.0/8:443",
    ] {
        let refused = text.parse::<AllowedEndpoint>();
        let message = refused.map_err(|error| error.to_string()).unwrap_err();
        assert!(
            message.contains("expected HOST:PORT, for example 127.0.0.1:4000"),
            "{text}"
        );
    }
}
