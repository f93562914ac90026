//! The parameters of a hosted page's address. They are read anew with every request, because they are the page's memory;
//! nothing in them is a credential.

use hallpass_model::{ChallengeId, SessionId};

use super::look::Look;

/// The longest value that is taken, in bytes.
const MAX_VALUE_BYTES: usize = 512;

/// What the address says.
#[derive(Debug, Clone, Default)]
pub(in crate::session) struct Params {
    /// The publishable key of the app that asks.
    pub(in crate::session) api_key: Option<String>,
    /// The handle of the session that is to be signed in.
    pub(in crate::session) session: Option<SessionId>,
    /// The page that asks, by its own account.
    pub(in crate::session) origin: Option<String>,
    /// Whose code is to be typed: then nobody else's is taken.
    pub(in crate::session) contact: Option<Named>,
    /// A code that is on its way, by the name that the app has for it.
    pub(in crate::session) flow: Option<ChallengeId>,
    /// A further identity that is waiting to be proven.
    pub(in crate::session) linked_account: Option<ChallengeId>,
    /// For one visit to the passkeys of an account.
    pub(in crate::session) ticket: Option<String>,
    pub(super) look: Vec<(String, String)>,
}

/// Where codes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum Named {
    /// A mailbox, as the app wrote it.
    Email(String),
    /// A number with its country code.
    Phone(String),
}

impl Named {
    pub(super) fn address(&self) -> &str {
        match self {
            Self::Email(address) | Self::Phone(address) => address,
        }
    }
}

/// The address cannot be what an app made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) struct UnreadableParams;

impl Params {
    /// Reads a query. What is not known is left alone: apps send many more parameters.
    pub(in crate::session) fn parse(query: &str) -> Result<Self, UnreadableParams> {
        let mut params = Self::default();
        let (mut email, mut phone, mut country) = (None, None, None);
        let (mut flow, mut linked) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "apiKey" => &mut params.api_key,
                "origin" => &mut params.origin,
                "ticket" => &mut params.ticket,
                "email" => &mut email,
                "phone" => &mut phone,
                "countryCode" => &mut country,
                // What an app calls a user before anybody is one.
                "userId" => &mut flow,
                "linkedAccountId" => &mut linked,
                "sessionId" | "sessionLookupId" => {
                    let id = value.parse().map_err(|_| UnreadableParams)?;
                    if params.session.replace(id).is_some() {
                        return Err(UnreadableParams);
                    }
                    continue;
                }
                _ => {
                    if name.starts_with("portal") && value.len() <= MAX_VALUE_BYTES {
                        params.look.push((name.into_owned(), value.into_owned()));
                    }
                    continue;
                }
            };
            // Said twice, it is not clear which one was checked by whom.
            if value.len() > MAX_VALUE_BYTES || slot.replace(value.into_owned()).is_some() {
                return Err(UnreadableParams);
            }
        }
        let id = |text: Option<String>| text.and_then(|text| text.parse().ok());
        (params.flow, params.linked_account) = (id(flow), id(linked));
        params.contact = match (email, phone) {
            (None, None) => None,
            (Some(email), None) => Some(Named::Email(email)),
            (None, Some(phone)) => Some(Named::Phone(join_phone(country.as_deref(), &phone))),
            (Some(_), Some(_)) => return Err(UnreadableParams),
        };
        Ok(params)
    }

    /// Puts what the address says about the look on top of the operator's choice.
    pub(super) fn adjust(&self, look: &mut Look) {
        for (name, value) in &self.look {
            look.adjust(name, value);
        }
    }

    /// The same as a query again, with the look as it turned out. Without the ticket, which is for one visit.
    pub(super) fn to_query(&self, look: &Look) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(key) = &self.api_key {
            query.append_pair("apiKey", key);
        }
        if let Some(session) = &self.session {
            query.append_pair("sessionId", &session.to_string());
        }
        if let Some(origin) = &self.origin {
            query.append_pair("origin", origin);
        }
        if let Some(flow) = &self.flow {
            query.append_pair("userId", &flow.to_string());
        }
        if let Some(linked) = &self.linked_account {
            query.append_pair("linkedAccountId", &linked.to_string());
        }
        match &self.contact {
            Some(Named::Email(email)) => query.append_pair("email", email),
            Some(Named::Phone(phone)) => query.append_pair("phone", phone),
            None => &mut query,
        };
        query.extend_pairs(look.parameters());
        query.finish()
    }
}

/// Public clients split a number into its country code and the rest.
fn join_phone(country: Option<&str>, phone: &str) -> String {
    match country {
        Some(country) if !phone.starts_with('+') => {
            format!("+{}{phone}", country.trim_start_matches('+'))
        }
        _ => phone.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f3b9e-0000-7000-8000-000000000001";

    #[test]
    fn what_an_app_writes_is_read() {
        let query = format!(
            "apiKey=dev_abc&partnerId=x&userId={ID}&origin=https%3A%2F%2Fapp.example.com&sessionId={ID}&email=ada%2Bx%40example.com\
             &portalThemeMode=dark&portalAccentColor=%230b5fa5&encryptionKey=00&pregenIds=%7B%7D"
        );
        let params = Params::parse(&query).unwrap();
        assert_eq!(params.api_key.as_deref(), Some("dev_abc"));
        assert_eq!(params.session.map(|id| id.to_string()).as_deref(), Some(ID));
        assert_eq!(params.origin.as_deref(), Some("https://app.example.com"));
        assert_eq!(params.flow.map(|id| id.to_string()).as_deref(), Some(ID));
        let contact = Named::Email("ada+x@example.com".into());
        assert_eq!(params.contact, Some(contact));
        let mut look = Look::default();
        params.adjust(&mut look);
        let again = Params::parse(&params.to_query(&look)).unwrap();
        assert_eq!(again.contact, params.contact);
        assert_eq!(again.origin, params.origin);
        assert_eq!(again.to_query(&look), params.to_query(&look));
    }

    #[test]
    fn a_phone_number_comes_in_two_parts_or_one() {
        for (query, phone) in [
            ("countryCode=1&phone=4155550123", "+14155550123"),
            ("countryCode=%2B49&phone=30901820", "+4930901820"),
            ("phone=%2B14155550123", "+14155550123"),
            ("countryCode=1&phone=%2B14155550123", "+14155550123"),
        ] {
            let contact = Params::parse(query).unwrap().contact;
            assert_eq!(contact, Some(Named::Phone(phone.into())), "{query}");
        }
    }

    #[test]
    fn what_no_app_writes_is_refused() {
        let long = format!("origin={}", "x".repeat(513));
        for query in [
            "sessionId=1",
            "sessionId=../x",
            "apiKey=a&apiKey=b",
            "linkedAccountId=1&linkedAccountId=2",
            "origin=a&origin=a",
            "email=a&phone=1",
            "email=a&email=a",
            &format!("sessionId={ID}&sessionLookupId={ID}"),
            &long,
        ] {
            assert!(Params::parse(query).is_err(), "{query}");
        }
        assert!(Params::parse("").is_ok());
    }
}
