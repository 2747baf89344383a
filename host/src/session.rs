//! What every command gets: the client and the output. Decides nothing.

use crate::{
    cli::GlobalArgs,
    client::Client,
    config::{DEFAULT_SERVER, server_url},
    exit_code::Usage,
    output::Output,
};

/// The means of a command.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// To the server.
    pub(crate) client: Client,
    /// To the user.
    pub(crate) output: Output,
    /// Whether the user named a server.
    pub(crate) server_is_explicit: bool,
    /// The token, if there is one.
    pub(crate) token: Option<String>,
}

impl Session {
    /// The session that the global flags ask for. Connects to nothing.
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self, Usage> {
        let server = server_url(global.server.as_deref().unwrap_or(DEFAULT_SERVER))?;
        let token = global.token.clone().filter(|token| !token.is_empty());
        Ok(Self {
            client: Client::new(server, token.clone()),
            output: Output::new(global.json),
            server_is_explicit: global.server.is_some(),
            token,
        })
    }
}
