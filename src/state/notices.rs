//! What went wrong, each kept where it belongs on the page.

use super::wording;
use crate::protocol::{About, Report};

/// Sentences for the reader, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// At the model picker.
    pub model: Option<String>,
    /// At the text field.
    pub input: Option<InputNotice>,
    /// At the status line: faults of the program and of the browser's storage.
    pub status: Option<String>,
    /// Over the view: the worker stopped.
    pub stopped: Option<Stopped>,
}

/// A message at the text field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputNotice {
    /// One sentence.
    pub message: String,
    /// Where cutting helps: how many tokens the model reads.
    pub cut_to: Option<u32>,
}

/// The worker stopped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The worker's last words.
    pub message: String,
    /// What happens now.
    pub recovery: Recovery,
}

/// What happens after a worker has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// A new one is being started.
    Restarting,
    /// A new one has loaded the model again.
    Recovered,
    /// The worker stopped again and again; only a person starts another one.
    GivenUp,
}

impl Notices {
    /// Drops the messages that somebody has read; what says that a worker is being restarted stays until it is.
    pub fn dismiss(&mut self) {
        self.status = None;
        self.stopped.take_if(|stopped| stopped.recovery != Recovery::Restarting);
    }

    /// Puts a report where it belongs.
    pub fn place(&mut self, report: Report) {
        let message = wording::sentence(&report.message);
        match report.about {
            About::Model | About::Network => self.model = Some(message),
            About::Input => self.input = Some(InputNotice { message, cut_to: None }),
            About::TooLong { n_ctx, .. } => self.input = Some(InputNotice { message, cut_to: Some(n_ctx) }),
            About::Edits | About::Request => self.status = Some(message),
        }
    }
}
