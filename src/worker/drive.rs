//! Steps a job of the engine: reports how far it is, sends its parts, and stops where the page has asked for it.

use super::outbox::Outbox;
use super::{Stop, Worker};
use crate::engine::Step;
use crate::engine::jobs::{Job, Progress, Unit};
use crate::platform::clock::now_ms;
use crate::protocol::{RequestId, Stage};

/// The answer of a job.
pub(super) struct Driven<T> {
    pub output: T,
    /// Time of its steps, without the browser's turns between them.
    pub elapsed_ms: f64,
}

/// The place of a job among those of a request, for the request's progress.
#[derive(Clone, Copy)]
pub(super) struct PartOf {
    pub index: usize,
    pub n_parts: usize,
}

impl PartOf {
    /// The only one.
    pub const WHOLE: PartOf = PartOf { index: 0, n_parts: 1 };
}

impl Worker {
    /// Drives the only job of a request that has no parts to send.
    pub(super) async fn drive<J: Job>(&mut self, request: RequestId, job: J) -> Result<Driven<J::Output>, Stop> {
        self.drive_with(request, job, PartOf::WHOLE, |_, _| {}).await
    }

    /// Drives a job and gives each of its parts to `send`.
    pub(super) async fn drive_with<J: Job>(
        &mut self,
        request: RequestId,
        mut job: J,
        part_of: PartOf,
        mut send: impl FnMut(&Outbox, J::Part),
    ) -> Result<Driven<J::Output>, Stop> {
        let mut elapsed_ms = 0.0;
        loop {
            let start_ms = now_ms();
            let step = job.step()?;
            elapsed_ms += now_ms() - start_ms;
            job.drain().into_iter().for_each(|part| send(&self.outbox, part));
            self.report(request, job.progress().as_part(part_of.index, part_of.n_parts));
            if step == Step::Done {
                return Ok(Driven { output: job.finish()?, elapsed_ms });
            }
            self.breathe(request).await?;
        }
    }

    fn report(&self, request: RequestId, Progress { unit, done, total }: Progress) {
        let stage = match unit {
            Unit::Blocks => Stage::Run,
            Unit::SweepBlocks => Stage::Sweep,
            Unit::WrittenTokens => Stage::Write,
            // Done before a progress bar could be read.
            Unit::Positions => return,
        };
        self.outbox.progress(request, stage, done as u64, total as u64);
    }
}
