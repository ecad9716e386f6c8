//! What is under way: the worker's life, and the one long request (loading or running) that can be cancelled.
//!
//! Imports only `protocol` and `trace`.

use crate::protocol::{Input, RequestId, Stage};
use crate::trace::file::Saved;

/// Where the worker is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WorkerPhase {
    /// There is none.
    #[default]
    Absent,
    /// Its program is being fetched and compiled.
    Starting,
    /// It takes requests.
    Ready,
    /// It is of another version than the page.
    WrongVersion,
}

/// The long request under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Its name.
    pub request: RequestId,
    /// What it is for.
    pub task: Task,
    /// How far it is, once it has said so.
    pub progress: Option<Progress>,
    /// Whether it was asked to stop.
    pub is_cancelling: bool,
}

/// What a long request is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Loads the chosen model.
    Load,
    /// Runs an input.
    Run(Plan),
    /// Runs what is shown again under edits.
    Edit,
    /// Scores heads on blocks of several seeds.
    Seeds,
    /// Runs another text, to be compared with what is shown.
    Against,
    /// Tries one edit after another.
    Sweep,
    /// Writes the next token.
    Write,
    /// Writes what is shown into a trace file.
    Save(Saved),
}

/// A run to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What to read.
    pub input: Input,
    /// Why.
    pub purpose: Purpose,
}

/// Why a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody asked for it: its result replaces what is shown.
    Fresh,
    /// What is shown ran in a worker that is gone: this makes its other layers reachable again, and nothing else
    /// changes.
    Restore,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Doing what.
    pub stage: Stage,
    /// Bytes or blocks done.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

impl Progress {
    /// From 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.done as f64 / self.total as f64).clamp(0.0, 1.0) }
    }
}
