//! Addresses as people paste them, reduced to what a provider's settings hold.

const DISCOVERY: &str = "/.well-known/openid-configuration";
const KEY_SET: &str = "/.well-known/jwks.json";
const FIREBASE_ISSUER: &str = "securetoken.google.com";

/// A web address in its parts; nothing is decoded, because issuers are compared byte for byte.
struct Address<'a> {
    scheme: String,
    authority: String,
    path: &'a str,
}

impl<'a> Address<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let web = ["https", "http"].contains(&scheme.as_str());
        (web && !authority.is_empty() && !authority.contains('@')).then(|| Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
            path,
        })
    }

    fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

/// A tenant's host name, from itself or from any https address there.
pub fn host(text: &str) -> Result<String, String> {
    let expected = |why: &str| format!("`{text}` is not a domain such as acme.eu.auth0.com: {why}");
    let text = text.trim();
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let address = Address::parse(&with_scheme).ok_or_else(|| expected("it names no host"))?;
    if address.scheme != "https" {
        return Err(expected(
            "a tenant is reached over https; --url takes another address",
        ));
    }
    let host = address
        .authority
        .strip_suffix(":443")
        .unwrap_or(&address.authority);
    if host.contains(':') {
        return Err(expected("it has a port; --url takes such an address"));
    }
    let path = address.path.trim_end_matches('/');
    if !["", DISCOVERY, KEY_SET].contains(&path) {
        return Err(expected("it has a path"));
    }
    Ok(host.to_owned())
}

/// Where an Auth0 tenant's key set is, and the issuer that goes with it, from its base address or the key set's.
pub fn auth0(text: &str) -> Result<(String, String), String> {
    let address = Address::parse(text)
        .ok_or_else(|| format!("`{text}` is not an address such as https://acme.eu.auth0.com/"))?;
    let issuer = format!("{}/", address.origin());
    let path = address.path.trim_end_matches('/');
    if path.is_empty() || path == DISCOVERY {
        return Ok((format!("{}{KEY_SET}", address.origin()), issuer));
    }
    Ok((text.trim().to_owned(), issuer))
}

/// The issuer, from itself or from the address of its discovery document.
pub fn issuer(text: &str) -> String {
    let text = text.trim();
    let bare = text.split(['?', '#']).next().unwrap_or_default();
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    bare.strip_suffix(DISCOVERY).unwrap_or(text).to_owned()
}

/// Whether this is the address of a discovery document.
pub fn is_discovery(text: &str) -> bool {
    issuer(text) != text.trim()
}

/// Whether an address says no more than the issuer does: itself, or its discovery document. A query may matter there, such
/// as the one that asks for the keys of one app.
pub fn is_of_issuer(url: &str, of: &str) -> bool {
    !url.contains('?') && issuer(url).trim_end_matches('/') == of.trim_end_matches('/')
}

/// Whether this is, by its last word, the address of a key set rather than of an issuer.
pub fn looks_like_key_set(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next();
    let last = last.unwrap_or_default().to_ascii_lowercase();
    last.contains("jwk") || last.ends_with(".json") || ["keys", "certs"].contains(&&*last)
}

/// The project's id at the end of a Firebase issuer.
pub fn firebase_project(issuer: &str) -> Option<&str> {
    let address = Address::parse(issuer)?;
    let firebase = address.scheme == "https" && address.authority == FIREBASE_ISSUER;
    let id = address.path.trim_matches('/');
    (firebase && !id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{
        auth0, firebase_project, host, is_discovery, is_of_issuer, issuer, looks_like_key_set,
    };

    #[test]
    fn a_domain_is_found_in_what_people_paste() {
        for text in [
            "acme.eu.auth0.com",
            " https://acme.eu.auth0.com/ ",
            "https://ACME.eu.auth0.com:443/.well-known/jwks.json?x=1",
            "acme.eu.auth0.com/",
        ] {
            assert_eq!(host(text).as_deref(), Ok("acme.eu.auth0.com"), "{text}");
        }
        for (text, why) in [
            ("http://acme.eu.auth0.com/", "over https"),
            ("127.0.0.1:4000", "--url"),
            ("https://u:p@acme.eu.auth0.com", "no host"),
            ("", "no host"),
            ("acme.eu.auth0.com/login", "has a path"),
            ("https://acme.eu.auth0.com/oauth/token?x", "has a path"),
            ("ftp://acme.eu.auth0.com", "no host"),
        ] {
            let refused = host(text).err().unwrap_or_default();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn a_tenants_address_leads_to_its_keys_and_issuer() {
        for (text, url, issuer) in [
            (
                "http://127.0.0.1:4000",
                "http://127.0.0.1:4000/.well-known/jwks.json",
                "http://127.0.0.1:4000/",
            ),
            (
                "https://Login.acme.com/",
                "https://login.acme.com/.well-known/jwks.json",
                "https://login.acme.com/",
            ),
            (
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/jwks.json",
                "https://a.example/",
            ),
            (
                "https://a.example/keys?v=1",
                "https://a.example/keys?v=1",
                "https://a.example/",
            ),
        ] {
            assert_eq!(
                auth0(text),
                Ok((url.to_owned(), issuer.to_owned())),
                "{text}"
            );
        }
        assert!(auth0("acme.eu.auth0.com").is_err());
    }

    #[test]
    fn a_discovery_document_names_its_issuer() {
        for (text, expected) in [
            ("https://id.example/realms/a", "https://id.example/realms/a"),
            (
                "https://id.example/realms/a/",
                "https://id.example/realms/a/",
            ),
            (
                "https://id.example/realms/a/.well-known/openid-configuration",
                "https://id.example/realms/a",
            ),
            (
                "https://id.example/.well-known/openid-configuration/?x",
                "https://id.example",
            ),
        ] {
            assert_eq!(issuer(text), expected);
        }
        assert!(!is_discovery(" https://id.example/ "));
        assert!(is_discovery(
            "https://id.example/.well-known/openid-configuration"
        ));
    }

    #[test]
    fn an_address_may_say_no_more_than_the_issuer() {
        let document = "https://id.example/a/.well-known/openid-configuration";
        for same in ["https://id.example/a", "https://id.example/a/", document] {
            assert!(is_of_issuer(same, "https://id.example/a"), "{same}");
            assert!(is_of_issuer(same, "https://id.example/a/"), "{same}");
        }
        let of_one_app = format!("{document}?appid=1");
        for other in ["https://id.example/b", "http://id.example/a", &of_one_app] {
            assert!(!is_of_issuer(other, "https://id.example/a"), "{other}");
        }
    }

    #[test]
    fn a_key_set_is_known_by_its_last_word() {
        for url in [
            "https://a.example/jwks",
            "https://a.example/.well-known/JWKS.json?x=1",
            "https://a.example/oauth2/v1/keys/",
            "https://a.example/realms/a/protocol/openid-connect/certs",
        ] {
            assert!(looks_like_key_set(url), "{url}");
        }
        for url in [
            "https://a.example",
            "https://a.example/realms/keys-of-acme",
            "https://a.example/.well-known/openid-configuration",
        ] {
            assert!(!looks_like_key_set(url), "{url}");
        }
    }

    #[test]
    fn a_project_ends_its_issuer() {
        assert_eq!(
            firebase_project("https://securetoken.google.com/acme-prod"),
            Some("acme-prod")
        );
        assert_eq!(
            firebase_project("https://securetoken.google.com/acme-prod/"),
            Some("acme-prod")
        );
        for other in [
            "https://securetoken.google.com/",
            "https://a.example/acme",
            "acme",
            "https://securetoken.google.com/a/b",
        ] {
            assert_eq!(firebase_project(other), None, "{other}");
        }
    }
}
