//! Scores of every head over several inputs, whose runs are not kept.

use std::sync::Arc;

use super::{Stop, Worker};
use crate::analysis::scores::mean_and_deviation;
use crate::answers;
use crate::protocol::{FromWorker, Input, Question, RequestId};

impl Worker {
    pub(super) async fn mean_scores(&mut self, request: RequestId, inputs: &[Input]) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let mut tables = Vec::with_capacity(inputs.len());
        for (index, input) in inputs.iter().enumerate() {
            let (_, run) = self.run_one(request, &model, input, &[], (index, inputs.len())).await?;
            let mut answering = answers::start(Question::Scores { n_block: input.text.n_block() });
            let reply = loop {
                if let Some(reply) = answering.step(&run)? {
                    break reply;
                }
                self.breathe(request).await?;
            };
            tables.push(reply.buffers.concat());
        }
        let (mean, deviation) = mean_and_deviation(&tables);
        self.outbox.say_with(&FromWorker::MeanScores { request, n_inputs: inputs.len() as u32 }, &[&mean, &deviation]);
        Ok(())
    }
}
