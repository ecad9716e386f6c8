//! A place for one answer: not asked for, on its way, here, or refused with a reason.

use super::Purpose;

/// An answer, and where the next one stands. The last answer stays until another one is here, so that a picture does not go blank
/// while the next one is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot<T> {
    pending: Option<Purpose>,
    answer: Option<(Purpose, T)>,
    failure: Option<(Purpose, String)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { pending: None, answer: None, failure: None }
    }
}

impl<T> Slot<T> {
    /// The last answer.
    pub fn value(&self) -> Option<&T> {
        self.answer.as_ref().map(|(_, value)| value)
    }

    /// What the last answer is about.
    pub fn about(&self) -> Option<&Purpose> {
        self.answer.as_ref().map(|(purpose, _)| purpose)
    }

    /// Why there is no newer answer, a sentence.
    pub fn problem(&self) -> Option<&str> {
        self.failure.as_ref().map(|(_, reason)| reason.as_str())
    }

    /// Whether an answer is on its way.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// What is on its way.
    pub fn pending(&self) -> Option<&Purpose> {
        self.pending.as_ref()
    }

    /// Puts an answer in.
    pub(in crate::state) fn fill(&mut self, purpose: Purpose, value: T) {
        self.settle(&purpose);
        (self.answer, self.failure) = (Some((purpose, value)), None);
    }

    /// Notes that an answer came whose value is kept elsewhere.
    pub(in crate::state) fn settle(&mut self, purpose: &Purpose) {
        self.pending.take_if(|pending| pending == purpose);
    }

    /// Lets what failed be asked again.
    pub(in crate::state) fn forgive(&mut self) {
        self.failure = None;
    }

    /// Drops the answer.
    pub(in crate::state) fn clear(&mut self) {
        self.answer = None;
    }
}

/// What the ledger does with a slot, whatever its answer is.
pub(in crate::state) trait Waiting {
    /// Whether a purpose is open: neither answered, nor on its way, nor refused.
    fn wants(&self, purpose: &Purpose) -> bool;

    /// Notes what is asked now.
    fn await_answer(&mut self, purpose: Purpose);

    /// Notes that no answer will come: with a reason where the source refused, without one where the answer is not wanted any more.
    fn give_up(&mut self, purpose: &Purpose, reason: Option<String>);
}

impl<T> Waiting for Slot<T> {
    fn wants(&self, purpose: &Purpose) -> bool {
        self.pending.as_ref() != Some(purpose)
            && self.about() != Some(purpose)
            && self.failure.as_ref().is_none_or(|(failed, _)| failed != purpose)
    }

    fn await_answer(&mut self, purpose: Purpose) {
        (self.pending, self.failure) = (Some(purpose), None);
    }

    fn give_up(&mut self, purpose: &Purpose, reason: Option<String>) {
        self.pending.take_if(|pending| pending == purpose);
        if let Some(reason) = reason {
            self.failure = Some((purpose.clone(), reason));
        }
    }
}
