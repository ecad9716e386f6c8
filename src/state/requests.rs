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
//! What is asked for once and kept has a [`Slot`]. A request that changes what the worker holds (loading, running, saving), of which
//! there is one at a time, is a [`super::Work`] and only takes its number from here.

mod asking;
mod comparison;
mod delivery;
mod difference;
mod slot;

use super::editing::Compared;
use super::readings::Typed;
use super::{Looked, Progress};
use crate::protocol::{Answer, Input, ModelInfo, Quantity, Question, RequestId, RunId, RunInfo};

pub use slot::Slot;
pub(super) use slot::Waiting;

/// What a request is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// A question about the result on screen.
    Question(Question),
    /// The tokens of the text in the fields.
    Tokens(Input),
    /// How a text that was typed as an answer is cut.
    Cut(String),
    /// Predictions and the outcome of A and of B.
    Comparison {
        /// Ids of tokens that are listed besides the most likely ones.
        also: Vec<u32>,
    },
    /// The outcome under each edit alone, by the edits' ids.
    EachAlone(Vec<u32>),
    /// The outcome under the edit of each part that estimates rank first, and of some drawn at random.
    Trial,
    /// The second worker loads the model that A is compared with, by its place in the catalogue.
    LoadSecond(usize),
    /// The second worker runs A's input.
    RunSecond(Input),
}

impl Purpose {
    /// Whether the answer takes so long that the status line says how far it is and offers to cancel it.
    fn is_long(&self) -> bool {
        match self {
            Purpose::Question(question) => {
                matches!(
                    question,
                    Question::Feeds(_)
                        | Question::ScoresOver { .. }
                        | Question::Estimate(_)
                        | Question::Saliency(_)
                        | Question::Kept(_)
                )
            }
            purpose => matches!(purpose, Purpose::EachAlone(_) | Purpose::Trial),
        }
    }

    /// Whether the answer is value zeroing. The status line speaks of it as of what takes long, but it blocks nothing: whatever else
    /// is asked of the model goes first.
    pub(super) fn is_zeroing(&self) -> bool {
        let (Purpose::Question(Question::Quantity { quantity, .. })
        | Purpose::Question(Question::QuantityCells { quantity, .. })) = self
        else {
            return false;
        };
        *quantity == Quantity::ValueZeroing
    }
}

/// What was asked, and of which result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub purpose: Purpose,
    /// The result that the answer is about: the entry is withdrawn when that result leaves the screen. `None` for what is asked about the
    /// fields, or of the second worker before there is a B.
    pub result: Option<Looked>,
    /// Whether the second view asked, and so takes the answer.
    pub is_of_pane: bool,
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
    Tokens(Typed),
    /// To [`Purpose::Comparison`].
    Compared(Compared),
    /// To [`Purpose::LoadSecond`].
    Loaded(Box<ModelInfo>),
    /// To [`Purpose::RunSecond`].
    Ran(Box<RunInfo>),
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
    progress: Option<Progress>,
    reply: Option<Reply>,
}

impl Entry {
    /// The requests that have no reply yet, and whose they are.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = (RequestId, Holder)> + '_ {
        self.parts.iter().filter(|part| part.reply.is_none()).map(|part| (part.request, part.holder))
    }

    /// Whether a part is asked of a holder for which `is_it` holds.
    pub(super) fn is_asked_of(&self, is_it: impl Fn(Holder) -> bool) -> bool {
        self.parts.iter().any(|part| is_it(part.holder))
    }

    fn has(&self, request: RequestId) -> bool {
        self.parts.iter().any(|part| part.request == request)
    }

    /// How far all parts together are, once one of them has reported. The parts count as equal, since A and B are asked the same.
    fn progress(&self) -> Option<Progress> {
        let Progress { stage, total, .. } = self.parts.iter().find_map(|part| part.progress)?;
        let done = |part: &Part| match (&part.reply, part.progress) {
            (Some(_), _) => total,
            (None, Some(progress)) => progress.done,
            (None, None) => 0,
        };
        let n_parts = self.parts.len() as u64;
        Some(Progress { stage, done: self.parts.iter().map(done).sum(), total: total * n_parts })
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
        let parts =
            parts.into_iter().map(|(request, holder)| Part { request, holder, progress: None, reply: None }).collect();
        self.entries.push(Entry { asked, parts });
    }

    /// What a request was for, as long as it is not answered.
    pub(super) fn purpose(&self, request: RequestId) -> Option<&Purpose> {
        self.entries.iter().find(|entry| entry.has(request)).map(|entry| &entry.asked.purpose)
    }

    /// Notes how far a request is.
    pub(super) fn progressed(&mut self, request: RequestId, progress: Progress) {
        let mut parts = self.entries.iter_mut().flat_map(|entry| &mut entry.parts);
        if let Some(part) = parts.find(|part| part.request == request) {
            part.progress = Some(progress);
        }
    }

    /// What is asked that takes long.
    pub(super) fn long(&self) -> Option<&Purpose> {
        self.long_entry().map(|entry| &entry.asked.purpose)
    }

    /// How far [`Requests::long`] is, once a source has said so.
    pub(super) fn long_progress(&self) -> Option<Progress> {
        self.long_entry()?.progress()
    }

    /// The number of the first request of [`Requests::long`].
    pub(super) fn long_request(&self) -> Option<RequestId> {
        self.long_entry()?.parts.first().map(|part| part.request)
    }

    /// The number of the first request for a purpose.
    pub(super) fn number_of(&self, purpose: &Purpose) -> Option<RequestId> {
        self.entry_of(purpose)?.parts.first().map(|part| part.request)
    }

    /// How far the requests for a purpose are, once a source has said so.
    pub(super) fn progress_of(&self, purpose: &Purpose) -> Option<Progress> {
        self.entry_of(purpose)?.progress()
    }

    fn entry_of(&self, purpose: &Purpose) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.asked.purpose == *purpose)
    }

    /// The value zeroing that is under way: what was asked, its number, and how far it is.
    pub(super) fn zeroing(&self) -> Option<(&Asked, RequestId, Option<Progress>)> {
        let entry = self.entries.iter().find(|entry| entry.asked.purpose.is_zeroing())?;
        Some((&entry.asked, entry.parts.first()?.request, entry.progress()))
    }

    fn long_entry(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.asked.purpose.is_long())
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
