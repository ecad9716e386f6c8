//! What is under way: the worker's life, the model that it holds, and the one long request (loading, running, saving) that can be
//! cancelled.

mod lifecycle;
pub mod pace;
mod reduce;
mod results;
pub mod threads;
mod under_way;
mod worker;

pub use reduce::WorkEvent;
pub use threads::Threads;
pub use under_way::UnderWay;
pub(in crate::state) use under_way::{FIND, ZEROING};
pub use worker::WorkerEvent;

use crate::protocol::{Input, ModelInfo, RequestId, Stage};
use crate::trace::file::Saved;

/// Where the worker is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WorkerPhase {
    /// There is no worker.
    #[default]
    Absent,
    /// The worker's program is being fetched and compiled.
    Starting,
    /// The worker takes requests.
    Ready,
    /// The worker is of another version than the page.
    WrongVersion,
}

/// The worker and what it does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Where the worker is in its life.
    pub worker: WorkerPhase,
    /// The model that the worker holds.
    pub model: Option<ModelInfo>,
    /// The long request under way.
    pub request: Option<LongRequest>,
    /// What to run as soon as the model is there.
    pub planned: Option<Plan>,
    /// The place in the catalogue of the model that the result on screen ran in, once its worker was ended for another model.
    pub(super) former: Option<usize>,
    /// The place in the catalogue of a model that could not be loaded, in whose place the former one is back.
    pub(super) refused: Option<usize>,
    /// What the model runs on.
    pub threads: Threads,
    /// How often the worker has stopped since it last completed a run.
    pub(super) n_stops: u32,
}

/// A request that takes long and can be cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct LongRequest {
    /// The request's number.
    pub request: RequestId,
    /// The request's kind.
    pub task: Task,
    /// The request's progress, once the worker has reported it.
    pub progress: Option<Progress>,
    /// Whether the request was asked to stop.
    pub is_cancelling: bool,
}

/// The kind of a long request.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Loads the chosen model.
    Load,
    /// Runs an input.
    Run(Plan),
    /// Runs what is shown again under edits.
    Edit,
    /// Runs another text, to be compared with what is shown.
    Against,
    /// Tries one edit after another.
    Sweep,
    /// Writes the next token.
    Write,
    /// Continues the results that are compared.
    Continue,
    /// Writes what is shown into a trace file.
    Save(Saved),
}

/// A run to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The input.
    pub input: Input,
    /// The reason.
    pub reason: RunReason,
}

/// The reason for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunReason {
    /// Somebody asked for the run: its result replaces what is shown.
    Fresh,
    /// What is shown ran in a worker that is gone: this makes its other layers reachable again, and nothing else
    /// changes.
    Restore,
}

/// Progress of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The stage that the request is in.
    pub stage: Stage,
    /// Bytes or blocks done.
    pub done: u64,
    /// Bytes or blocks in all.
    pub total: u64,
}

impl Progress {
    /// The part that is done, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.done as f64 / self.total as f64).clamp(0.0, 1.0) }
    }
}
