//! The address: following links and writing them. What the address says becomes the state, and the state the address.
//!
//! Choosing replaces the history entry, changing the view pushes one, hovering writes nothing. A link that came is
//! followed as far as it goes: its text and model at once, what is chosen when their result is there.

mod follow;
mod write;

use super::link::{Link, TracePlace};
use super::wording::shortened_to;

/// The state of the address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linking {
    /// What of a link was left out, or why the address does not follow: a sentence for the reader.
    pub notice: Option<String>,
    /// The model that the last link named, by its id.
    pub(in crate::state) model: Option<String>,
    /// The fragment in the address, as far as it is ours.
    written: String,
    /// Whether the text of a link waits in the fields until somebody runs it.
    pub(in crate::state) waits_for_run: bool,
    /// A link whose result is not there yet.
    pub(in crate::state) pending: Option<Link>,
    /// A link to a trace on somebody's disk, until that file is opened.
    awaited: Option<Link>,
    /// Whether what is on screen is too much for a link.
    pub is_too_long: bool,
}

impl Linking {
    /// Whether a link waits for its result.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The trace that a link leads to could not be opened.
    pub(in crate::state) fn give_up(&mut self) {
        self.pending.take_if(|link| link.trace.is_some());
    }

    /// Drops what links say of other traces, now that a trace is on screen.
    pub(in crate::state) fn keep_only(&mut self, place: Option<&TracePlace>) {
        if let Some(link) = self.awaited.take_if(|link| link.trace.as_ref() == place) {
            self.pending = Some(link);
            self.notice = None;
        }
        self.pending.take_if(|link| link.trace.as_ref() != place);
    }
}

/// The address changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// A fragment is in the address that the page did not put there.
    Came(String),
    /// The link's notice was read.
    NoticeRead,
}

/// Problems that are named one by one.
const MAX_PROBLEMS: usize = 5;

/// Most letters of one problem: the length of a part of a link has no limit.
const MAX_LETTERS: usize = 160;

fn left_out(problems: &[String]) -> Option<String> {
    let named: Vec<String> =
        problems.iter().take(MAX_PROBLEMS).map(|problem| shortened_to(problem, MAX_LETTERS)).collect();
    let more = match problems.len().saturating_sub(MAX_PROBLEMS) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!named.is_empty()).then(|| format!("Left out of the link: {}{more}.", named.join("; ")))
}
