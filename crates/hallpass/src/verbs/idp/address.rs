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

/// The project's id at the end of a Firebase issuer.
pub fn firebase_project(issuer: &str) -> Option<&str> {
    let address = Address::parse(issuer)?;
    let firebase = address.scheme == "https" && address.authority == FIREBASE_ISSUER;
    let id = address.path.trim_matches('/');
    (firebase && !id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{auth0, firebase_project, host, is_discovery, issuer};

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
