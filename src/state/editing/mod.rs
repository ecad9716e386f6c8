//! Changing the model: the list of edits with undo, the run under them beside the clean one, the outcome that is followed,
//! sweeps and writing on.
//!
//! Invariant: the clean result is never lost. `State::shown` is whichever of the two is looked at; the other one waits here.
//! The list outlives texts and models: edits that do not fit are inactive and say why. Imports `protocol`, `edit`.

mod carry;
mod naming;
mod replies;
mod sweep;

#[cfg(test)]
mod tests;

use super::{RequestId, Shown};
use crate::edit::Edit;
use crate::protocol::{ComparedOutcome, ComparedToken, OutcomeAsked, OutcomeNumbers, SamplingAsked, SweepAsked};

pub use naming::edit_name;
pub use sweep::{Map, MapCell, SweepState};

/// How often the list can be taken back.
const MAX_UNDO: usize = 100;

/// An edit of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedEdit {
    /// Its name within the page's life: the same after undo and redo.
    pub id: u32,
    /// What it does; its `on` is the switch.
    pub edit: Edit,
}

/// Which of the two results is on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The model as it is.
    #[default]
    Clean,
    /// Under the edits.
    Edited,
}

/// The clean and the edited run side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// After which token.
    pub position: usize,
    /// The most likely tokens; probabilities clean first, then edited where there is a run.
    pub tokens: Vec<ComparedToken>,
    /// The outcome in each, or why it cannot be measured.
    pub outcome: Option<Result<ComparedOutcome, String>>,
}

/// Everything about changing the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Editing {
    /// In the order in which they act.
    pub list: Vec<ListedEdit>,
    undo: Vec<Vec<ListedEdit>>,
    redo: Vec<Vec<ListedEdit>>,
    next_id: u32,
    /// The result that is not on screen, where there are two.
    pub other: Option<Box<Shown>>,
    /// Which of the two is on screen.
    pub side: Side,
    /// Why some do not act, by id.
    pub inactive: Vec<(u32, String)>,
    /// What the outcome fields hold.
    pub asked: OutcomeAsked,
    /// Whether somebody has chosen the outcome.
    pub is_outcome_chosen: bool,
    /// Clean and edited, once known.
    pub compared: Option<Compared>,
    /// The outcome under each edit alone, by id.
    pub alone: Vec<(u32, OutcomeNumbers)>,
    /// The last sweep.
    pub sweep: Option<SweepState>,
    /// How the next token is chosen.
    pub sampling: SamplingAsked,
    /// How many tokens playing still writes.
    pub n_to_write: u32,
    /// Tokens written so far with their probabilities, by position.
    pub written: Vec<(usize, f32)>,
    comparing: Option<RequestId>,
    /// The request for each edit alone, and the edits' ids.
    measuring: Option<(RequestId, Vec<u32>)>,
}

impl Default for Editing {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            next_id: 1,
            other: None,
            side: Side::Clean,
            inactive: Vec::new(),
            asked: OutcomeAsked::default(),
            is_outcome_chosen: false,
            compared: None,
            alone: Vec::new(),
            sweep: None,
            sampling: SamplingAsked { temperature: 0.0, top_k: 0, top_p: 1.0, seed: 0 },
            n_to_write: 0,
            written: Vec::new(),
            comparing: None,
            measuring: None,
        }
    }
}

/// Something about editing happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EditEvent {
    /// Add an edit at the end of the list.
    Added(Box<Edit>),
    /// Take one out.
    Removed(u32),
    /// Switch one on or off.
    Toggled(u32),
    /// Take the last change of the list back.
    Undone,
    /// Take the taking back back.
    Redone,
    /// Empty the list.
    Cleared,
    /// Look at the clean or the edited result.
    SidePicked(Side),
    /// The outcome to follow was typed.
    OutcomePicked(OutcomeAsked),
    /// Start a sweep.
    SweepAsked(SweepAsked),
    /// How the next token is chosen.
    SamplingPicked(SamplingAsked),
    /// Write so many tokens.
    WriteAsked(u32),
    /// Write this token, whatever the model says.
    TokenPicked(u32),
    /// Forget the last token.
    TokenTakenBack,
}

impl Editing {
    /// Whether any edit is switched on.
    pub fn has_active(&self) -> bool {
        self.list.iter().any(|listed| listed.edit.on)
    }

    /// Whether the list can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether a change that was taken back can be made again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Why an edit does not act.
    pub fn reason(&self, id: u32) -> Option<&str> {
        self.inactive.iter().find(|(at, _)| *at == id).map(|(_, reason)| reason.as_str())
    }

    /// The outcome under one edit alone.
    pub fn outcome_alone(&self, id: u32) -> Option<OutcomeNumbers> {
        self.alone.iter().find(|(at, _)| *at == id).map(|(_, value)| *value)
    }

    /// The outcome of the clean run.
    pub fn clean_outcome(&self) -> Option<OutcomeNumbers> {
        self.outcome_of(0)
    }

    /// The outcome of the edited run.
    pub fn edited_outcome(&self) -> Option<OutcomeNumbers> {
        self.outcome_of(1)
    }

    fn outcome_of(&self, run: usize) -> Option<OutcomeNumbers> {
        self.compared.as_ref()?.outcome.as_ref()?.as_ref().ok()?.values.get(run).copied()
    }

    /// The list as JSON (FORMATS).
    pub fn json(&self) -> String {
        let edits: Vec<&Edit> = self.list.iter().map(|listed| &listed.edit).collect();
        serde_json::to_string(&edits).unwrap_or_else(|_| "[]".to_owned())
    }

    /// Puts another list in place of this one, as a link does; undo brings this one back.
    pub(super) fn replace(&mut self, edits: Vec<Edit>) {
        if edits.iter().eq(self.list.iter().map(|listed| &listed.edit)) {
            return;
        }
        let first = self.next_id;
        self.next_id += edits.len() as u32;
        let list = (first..).zip(edits).map(|(id, edit)| ListedEdit { id, edit }).collect();
        self.undo.push(std::mem::replace(&mut self.list, list));
        self.redo.clear();
    }

    /// Changes the list; whether it changed.
    fn change(&mut self, event: EditEvent) -> bool {
        let before = self.list.clone();
        match event {
            EditEvent::Added(edit) => {
                self.list.push(ListedEdit { id: self.next_id, edit: *edit });
                self.next_id += 1;
            }
            EditEvent::Removed(id) => self.list.retain(|listed| listed.id != id),
            EditEvent::Toggled(id) => {
                let listed = self.list.iter_mut().filter(|listed| listed.id == id);
                listed.for_each(|listed| listed.edit.on = !listed.edit.on);
            }
            EditEvent::Cleared => self.list.clear(),
            EditEvent::Undone | EditEvent::Redone => {
                let (from, to) = match event {
                    EditEvent::Undone => (&mut self.undo, &mut self.redo),
                    _ => (&mut self.redo, &mut self.undo),
                };
                let Some(list) = from.pop() else { return false };
                to.push(std::mem::replace(&mut self.list, list));
                return true;
            }
            _ => return false,
        }
        if self.list == before {
            return false;
        }
        self.redo.clear();
        self.undo.push(before);
        if self.undo.len() > MAX_UNDO {
            self.undo.remove(0);
        }
        true
    }
}
