//! What went wrong, each kept where it belongs on the page. Imports only `protocol`.

use super::wording;
use crate::protocol::{About, Report};

/// Sentences for the reader, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// At the model picker.
    pub model: Option<String>,
    /// At the text field.
    pub input: Option<InputNotice>,
    /// At the status line: faults of ours.
    pub status: Option<String>,
    /// Over the view: the worker stopped.
    pub stopped: Option<Stopped>,
}

/// What is wrong with the text.
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
    /// What it said last.
    pub message: String,
    /// Where it stands now.
    pub recovery: Recovery,
}

/// What becomes of a stopped worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// A new one is being started.
    Restarting,
    /// A new one has loaded the model again.
    Recovered,
    /// It stopped again and again: only a person starts another.
    GivenUp,
}

impl Notices {
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
