//! The number of processors on which the model runs.

use super::WorkerPhase;
use crate::state::{Effect, State};

/// How many threads are worth having: the products are shared by rows, of which a short text has few.
const MOST: u32 = 8;

/// The threads of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// How many the device offers; one where the page is not isolated from other sites, which shared memory requires.
    pub available: u32,
    /// How many the worker is asked to have.
    pub wanted: u32,
    /// How many it has, once it has said so.
    pub running: u32,
}

impl Default for Threads {
    fn default() -> Self {
        Self { available: 1, wanted: 1, running: 1 }
    }
}

impl Threads {
    /// Of a device with so many processors; `kept` is what was wanted before.
    pub fn new(n_processors: u32, kept: Option<u32>) -> Self {
        let available = n_processors.clamp(1, MOST);
        Self { available, wanted: kept.unwrap_or(available).clamp(1, available), running: 1 }
    }
}

impl State {
    /// Starts the worker anew with another number of threads, where there is one.
    pub(super) fn threads_picked(&mut self, wanted: u32, effects: &mut Vec<Effect>) {
        let wanted = wanted.clamp(1, self.work.threads.available);
        if wanted == self.work.threads.wanted {
            return;
        }
        self.work.threads.wanted = wanted;
        effects.push(Effect::KeepThreads(wanted));
        if matches!(self.work.worker, WorkerPhase::Starting | WorkerPhase::Ready) {
            self.restart(effects);
        }
    }
}
