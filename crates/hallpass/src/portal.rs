//! The developer portal: a second address for the script that browser SDKs look for in development.

use std::net::TcpListener;

use anyhow::Result;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::exit::Exit;
use crate::ui::Ui;

/// Where SDKs in development look for it, whatever they are told.
pub const USUAL: &str = "127.0.0.1:3003";

/// The portal's address, taken.
pub struct Portal {
    listener: TcpListener,
    /// Where a client on this machine reaches it.
    pub url: String,
}

impl Portal {
    /// Takes the configured address, if there is one. A taken one is no reason not to serve: it is told, with what will not
    /// work.
    ///
    /// # Errors
    /// Exit code 2 for what is no address of this machine.
    pub fn open(config: &Config, ui: &Ui) -> Result<Option<Self>> {
        let Some(address) = &config.server.portal_listen else {
            return Ok(None);
        };
        let listener = match TcpListener::bind(address) {
            Ok(listener) => listener,
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                ui.note(format!(
                    "warning: {address} is taken, so there is no developer portal: signing in by code or OAuth from a browser \
                     SDK will fail, as it loads a script from http://localhost:3003. Free the port, or say --portal-listen none"
                ));
                return Ok(None);
            }
            Err(error) => {
                return Err(Exit::usage(format!(
                    "cannot listen on `{address}` for the developer portal: {error}; expected an address such as {USUAL}, or \
                     none"
                )));
            }
        };
        listener.set_nonblocking(true)?;
        let url = crate::serve::url(listener.local_addr()?, false);
        Ok(Some(Self { listener, url }))
    }

    /// Serves it beside everything else, until the task is ended.
    pub fn serve(self) -> Result<JoinHandle<()>> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        Ok(tokio::spawn(async {
            if let Err(error) = hallpass_http::serve_portal(listener, std::future::pending()).await
            {
                tracing::error!(%error, "the developer portal ended");
            }
        }))
    }
}
