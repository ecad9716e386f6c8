//! The ledger of requests: what was asked, of which result, and who has still to reply.
//!
//! ```text
//! ask ─▶ an entry: what is asked, of which result, a part for each source (A's before B's)
//!        ─▶ each reply fills its part; a failure closes the entry
//!        ─▶ all parts filled: one answer (of A's and B's their difference) in the slot of whoever asked
//! ```
//! Invariant: a reply reaches the state only through its entry, and after every event each entry is about what is on screen
//! ([`super::State::withdraw_stale`]). So a reply about an earlier result, whoever sends it, changes nothing.
//!
//! What is asked for once and kept has a [`Slot`]; requests that take long, of which there is one at a time, are a
//! [`super::Work`] and only take their number from here.

mod asking;
mod comparison;
mod delivery;
mod difference;
mod slot;

use super::Looked;
use super::editing::Compared;
use crate::protocol::{Answer, Input, Question, RequestId, RunId};
use crate::trace::Tokens;

pub use slot::Slot;
pub(super) use slot::Waiting;

/// What a request is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// A question about the result on screen.
    Question(Question),
    /// The tokens of the text in the fields.
    Tokens(Input),
    /// Predictions and the outcome of A and of B.
    Comparison {
        /// Ids of tokens that are listed besides the most likely ones.
        also: Vec<u32>,
    },
    /// The outcome under each edit alone, by the edits' ids.
    EachAlone(Vec<u32>),
}

/// What was asked, and of which result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub purpose: Purpose,
    /// The result, as long as which it is on screen the answer is of use; `None` for what is in the fields.
    pub result: Option<Looked>,
}

/// Who holds a result, and so replies to questions about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The worker, under the name of a run.
    Worker(RunId),
    /// The worker that holds another model, under the name of a run.
    SecondWorker(RunId),
    /// The page, as the trace on screen.
    Trace,
    /// The page, as the trace that the result on screen is compared with.
    SecondTrace,
}

impl Holder {
    /// Whether a model stands behind the result, so that it can predict.
    pub fn has_model(self) -> bool {
        matches!(self, Holder::Worker(_) | Holder::SecondWorker(_))
    }
}

/// What one source replied.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// To a question, with its buffers.
    Answer(Answer, Vec<Vec<f32>>),
    /// To [`Purpose::Tokens`].
    Tokens(Tokens),
    /// To [`Purpose::Comparison`].
    Compared(Compared),
    /// What was asked has come piece by piece, and this was the end of it.
    Done,
}

/// One thing that was asked and is not answered yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub asked: Asked,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    request: RequestId,
    holder: Holder,
    reply: Option<Reply>,
}

impl Entry {
    /// The requests that have no reply yet, and whose they are.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = (RequestId, Holder)> + '_ {
        self.parts.iter().filter(|part| part.reply.is_none()).map(|part| (part.request, part.holder))
    }

    /// Whether one of its parts is asked of such a holder.
    pub(super) fn is_asked_of(&self, is_it: impl Fn(Holder) -> bool) -> bool {
        self.parts.iter().any(|part| is_it(part.holder))
    }

    fn has(&self, request: RequestId) -> bool {
        self.parts.iter().any(|part| part.request == request)
    }
}

/// The requests that are not answered yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    last_id: RequestId,
    entries: Vec<Entry>,
}

impl Requests {
    /// A number that no other request of this page has.
    pub(super) fn next_id(&mut self) -> RequestId {
        self.last_id += 1;
        self.last_id
    }

    /// Notes what is asked, of one source or of several.
    pub(super) fn open(&mut self, asked: Asked, parts: impl IntoIterator<Item = (RequestId, Holder)>) {
        let parts = parts.into_iter().map(|(request, holder)| Part { request, holder, reply: None }).collect();
        self.entries.push(Entry { asked, parts });
    }

    /// What a request was for, as long as it is not answered.
    pub(super) fn purpose(&self, request: RequestId) -> Option<&Purpose> {
        self.entries.iter().find(|entry| entry.has(request)).map(|entry| &entry.asked.purpose)
    }

    /// Takes a reply. Returns all replies to what was asked, in the order of its sources, once the last one is here; nothing for a
    /// request that is not in the ledger.
    pub(super) fn reply(&mut self, request: RequestId, reply: Reply) -> Option<(Asked, Vec<Reply>)> {
        let at = self.entries.iter().position(|entry| entry.has(request))?;
        let entry = &mut self.entries[at];
        if let Some(part) = entry.parts.iter_mut().find(|part| part.request == request) {
            part.reply = Some(reply);
        }
        if entry.parts.iter().any(|part| part.reply.is_none()) {
            return None;
        }
        let Entry { asked, parts } = self.entries.swap_remove(at);
        Some((asked, parts.into_iter().filter_map(|part| part.reply).collect()))
    }

    /// Takes out the entry of a request that ended without a reply.
    pub(super) fn close(&mut self, request: RequestId) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.has(request))?;
        let mut entry = self.entries.swap_remove(at);
        entry.parts.retain(|part| part.request != request);
        Some(entry)
    }

    /// Takes out the entries that nobody waits for any more.
    pub(super) fn withdraw(&mut self, is_meant: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.entries.extract_if(.., |entry| is_meant(entry)).collect()
    }
}
