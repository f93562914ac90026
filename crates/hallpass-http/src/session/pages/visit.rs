//! What every hosted page checks before it shows anything: the app, the session that it was opened for, the page that asks
//! and who may show it in a frame. Nothing of this is remembered between requests; the address says it again each time.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, RawQuery};
use axum::response::Response;
use hallpass_core::{AppCaller, PageBrowser, PagePlace, PageVisitor};
use hallpass_model::{Error, ErrorKind, Session};
use http::HeaderMap;
use http::header::{HOST, SET_COOKIE};
use http::request::Parts;

use super::browser::{browser_of, set_cookie};
use super::look::Look;
use super::params::Params;
use super::view::{Frame, RefusedPage, is_origin, origin_of, render};
use crate::extract::{client_address, within_budget};
use crate::failure::sentence;
use crate::session::compat;
use crate::{AppState, Failure};

/// A browser in front of a page of one session.
pub(in crate::session) struct Visit {
    pub(in crate::session) app: AppCaller,
    pub(in crate::session) session: Session,
    pub(in crate::session) params: Params,
    pub(in crate::session) browser: PageBrowser,
    pub(in crate::session) place: PagePlace,
    /// The browser holds this session itself, so nobody sent a link.
    pub(in crate::session) is_holder: bool,
    /// Where the request comes from.
    pub(in crate::session) client: Option<IpAddr>,
    look: Look,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, app)
            .await
            .unwrap_or(RawQuery(None));
        let params = Params::parse(&query.unwrap_or_default()).map_err(|_| unreadable())?;
        let (Some(key), Some(id)) = (&params.api_key, params.session) else {
            return Err(unreadable());
        };
        let keys = &app.services.api_keys;
        let authentication = keys.authenticate(key, params.origin.as_deref());
        let caller = within_budget(parts, app, authentication).await;
        let caller = caller.map_err(refuse)?;
        let session = app.services.sessions.load(&caller, id).await;
        let session = session.map_err(refuse)?;
        // Whoever began the session said where from, in a header that pages cannot forge.
        let begun_at = session.origin.as_deref();
        if params.origin.is_some() && begun_at.is_some() && params.origin.as_deref() != begun_at {
            return Err(refuse(Error::forbidden(
                "origin_mismatch",
                "another page asks for this sign-in than the one that began it",
            )));
        }
        let presented = compat::presented(&parts.headers);
        let holding = app.services.sessions.is_holder(&caller, id, presented);
        let is_holder = holding.await.map_err(refuse)?;
        let mut look = Look::of(caller.sign_in());
        params.adjust(&mut look);
        let framed_by = framing_origin(&caller, &session, &params);
        Ok(Self {
            browser: browser_of(&parts.headers, &*app.services.rng),
            place: place_of(&caller, app, &parts.headers, framed_by),
            app: caller,
            session,
            params,
            is_holder,
            client: client_address(
                &parts.extensions,
                &parts.headers,
                &app.settings.trusted_proxies,
            ),
            look,
        })
    }
}

impl Visit {
    /// The same for the services.
    pub(in crate::session) fn visitor(&self) -> PageVisitor<'_> {
        PageVisitor {
            app: &self.app,
            session: self.session.id,
            browser: &self.browser,
        }
    }

    /// The page that asks, as the server knows it or as the address says.
    pub(in crate::session) fn origin(&self) -> Option<&str> {
        let known = self.session.origin.as_deref();
        known.or(self.params.origin.as_deref())
    }

    pub(in crate::session) fn query(&self) -> String {
        self.params.to_query(&self.look)
    }

    /// The same for somebody who wants a code elsewhere.
    pub(in crate::session) fn query_without_flow(&self) -> String {
        let params = Params {
            flow: None,
            ..self.params.clone()
        };
        params.to_query(&self.look)
    }

    /// What the page shows and carries.
    pub(in crate::session) fn frame(&self) -> Frame {
        let settings = self.app.sign_in();
        let name = settings.display_name.clone();
        let logo = settings.logo_url.clone();
        let mut look = form_urlencoded::Serializer::new(String::new());
        look.extend_pairs(self.look.parameters());
        Frame {
            app: name.unwrap_or_else(|| "this app".to_owned()),
            origin: self.origin().unwrap_or_default().to_owned(),
            look: look.finish(),
            token: self.browser.form_token(self.session.id),
            query: self.query(),
            logo: logo.filter(|url| origin_of(url).is_some()),
            framed_by: self.place.framed_by.clone(),
        }
    }

    /// Makes the browser known with the answer.
    pub(in crate::session) fn known(&self, mut response: Response) -> Response {
        let is_https = self.place.origin.starts_with("https://");
        if let Some(cookie) = set_cookie(&self.browser, is_https) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Whether a form of ours was sent, by this browser, from a page of ours.
    ///
    /// # Errors
    /// The page that says otherwise.
    pub(in crate::session) fn require_form(
        &self,
        headers: &HeaderMap,
        token: Option<&str>,
    ) -> Result<(), Error> {
        let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
        let from_here = matches!(site, None | Some(b"same-origin" | b"none"));
        let is_ours = token.is_some_and(|token| self.browser.made_form(self.session.id, token));
        if from_here && is_ours {
            return Ok(());
        }
        Err(Error::forbidden(
            "form_not_ours",
            "this form was not made for your browser, or it is too old, or your browser refuses our cookie: open the page again",
        ))
    }
}

/// Who may show the page in a frame: the page that began the session, or one that the environment lists. Of an origin that
/// only the address names, nothing is known.
fn framing_origin(app: &AppCaller, session: &Session, params: &Params) -> Option<String> {
    let origin = session.origin.as_ref().or(params.origin.as_ref())?;
    let settings = app.sign_in();
    let listed = settings.allowed_origins.contains(origin);
    let began = session.origin.is_some() && settings.allows_origin(origin);
    ((listed || began) && is_origin(origin)).then(|| origin.clone())
}

/// Where the page is: as configured, else as the browser addresses it, which no page of somebody else's can change.
/// Passkeys work on `https` and on `localhost` only.
pub(in crate::session) fn place_of(
    app: &AppCaller,
    state: &AppState,
    headers: &HeaderMap,
    framed_by: Option<String>,
) -> PagePlace {
    let configured = app.sign_in().portal_url.as_deref().and_then(origin_of);
    let origin = match configured {
        Some(origin) => origin.to_owned(),
        None => addressed(state, headers),
    };
    PagePlace {
        host: host_of(&origin).to_owned(),
        origin,
        framed_by,
    }
}

/// Behind a proxy the connection to us says nothing of the browser's; but browsers tell the site of a request only to
/// `https` and to their own machine.
pub(crate) fn addressed(state: &AppState, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default();
    let name = host_of(host);
    let is_this_machine = matches!(name, "localhost" | "127.0.0.1") || name.ends_with(".localhost");
    let tells_site = headers.contains_key("sec-fetch-site");
    let is_https = state.settings.is_secure() || (tells_site && !is_this_machine);
    let scheme = if is_https { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// The host name of an origin, or of what stands behind its scheme.
pub(crate) fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

fn unreadable() -> Response {
    refuse(Error::invalid_request(
        "page_address_unreadable",
        "the address of this page is incomplete, or was changed on the way",
    ))
}

/// A refusal as a page of its own. It shows nothing of what was sent.
pub(in crate::session) fn refuse(failure: impl Into<Failure>) -> Response {
    let failure = failure.into();
    let (status, error) = (failure.status(), failure.error());
    let (title, why, advice) = words_for(error);
    let page = RefusedPage {
        frame: Frame {
            app: "an app".to_owned(),
            ..Frame::default()
        },
        title: title.to_owned(),
        why,
        advice: advice.to_owned(),
    };
    tracing::info!(
        code = error.code(),
        status = status.as_u16(),
        "a page was refused"
    );
    render(status, &page)
}

fn words_for(error: &Error) -> (&'static str, String, &'static str) {
    let again = "Close this window and begin again in the app.";
    match error.code() {
        "not_found" | "session_over" => (
            "This sign-in has ended",
            "The app began it too long ago, it was ended meanwhile, or it belongs to another app."
                .to_owned(),
            again,
        ),
        "api_key_invalid" => (
            "This app is not known here",
            "The address names an app that this server does not know, or not any more.".to_owned(),
            "If the app is yours, look at its publishable key.",
        ),
        "origin_not_authorized" => (
            "This page may not ask for a sign-in",
            "The page that sent you here is not one of the app's own.".to_owned(),
            "If the app is yours, add the page's origin to the environment's allowed origins.",
        ),
        _ if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Internal) => (
            "Something went wrong",
            error.message().to_owned(),
            "Try again in a moment.",
        ),
        _ => ("This cannot go on", sentence(error.message()), again),
    }
}
