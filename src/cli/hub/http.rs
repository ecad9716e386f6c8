//! One request and the head of its answer.

use std::io::Read;
use std::time::Duration;

use ureq::Agent;

use crate::sources::{Answer, Ask, is_page};

/// A connection that says nothing for so long is broken.
const SILENCE: Duration = Duration::from_secs(30);

/// Makes requests; proxies are taken from the environment (HTTPS_PROXY).
pub(super) struct Http {
    agent: Agent,
    token: Option<String>,
}

impl Http {
    /// Makes a client, with or without an access token of the Hub.
    pub fn new(token: Option<String>) -> Self {
        // Gap: certificates are checked against rustls's own list of authorities, not the system's.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("headlight/", env!("CARGO_PKG_VERSION")))
            // Lengths and ranges are of the file itself.
            .accept_encoding("identity")
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE));
        Self { agent: config.build().new_agent(), token }
    }

    /// Asks for a file or a part of it. The token goes to the Hub only, not along with a redirection.
    ///
    /// # Errors
    /// In the system's words, when there is no answer.
    pub fn get(&self, url: &str, ask: &Ask) -> Result<(Answer, impl Read + use<>), String> {
        let mut request = self.agent.get(url);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if ask.from > 0 {
            request = request.header("Range", format!("bytes={}-", ask.from));
        }
        if let Some(etag) = &ask.if_range {
            request = request.header("If-Range", etag);
        }
        let response = request.call().map_err(|error| error.to_string())?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let number = |name: &str| header(name).and_then(|text| text.trim().parse().ok());
        let answer = Answer {
            status: response.status().as_u16(),
            etag: header("etag"),
            length: number("content-length"),
            is_exact: header("content-encoding").is_none(),
            range: header("content-range"),
            retry_after_s: number("retry-after"),
            error_code: header("x-error-code"),
            is_page: header("content-type").is_some_and(|kind| is_page(&kind)),
        };
        Ok((answer, response.into_body().into_reader()))
    }
}
