//! Writes a run as a trace file, tensor by tensor, into the browser's memory for files: the program's own never holds all of it.

use super::{Stop, Worker};
use crate::engine::{RecordError, Recorder, Run, Step, lens_tensors, whole_lens};
use crate::platform::blob_sink::BlobSink;
use crate::protocol::{About, FromWorker, RequestId, RunId, Stage};
use crate::trace::Stack;
use crate::trace::file::lens::{N_LENS_TOP, names_to_json};
use crate::trace::file::{Element, SavePlan, Saved, TraceError, TraceMetadata};

type Sink = Recorder<BlobSink>;

impl Worker {
    /// Writes a finished run. Activations that a run does not keep are made by running it once more, with the same edits.
    pub(super) async fn save(
        &mut self,
        request: RequestId,
        run: RunId,
        saved: Saved,
        element: Element,
        has_lens: bool,
        metadata_json: &str,
    ) -> Result<(), Stop> {
        let mut metadata = TraceMetadata::from_json("the trace", metadata_json)
            .map_err(|error| Stop::failed(About::Request, error.to_string()))?;
        let found = self.shared_run(run)?;
        let (tokens, source) = (found.tokens().clone(), found.source().cloned());
        let (input, target) = match &source {
            Some(source) => (source.tokens().clone(), Some(tokens)),
            None => (tokens, None),
        };
        let n_target = target.as_ref().map(|target| target.len());
        let mut plan = SavePlan::new(found.model().spec(), input.len(), n_target, saved, element);
        let mut table = None;
        if has_lens {
            let lens = self.drive(request, whole_lens(&found, N_LENS_TOP)?).await?.output;
            let (tensors, names) = lens_tensors(&found, &lens, N_LENS_TOP);
            let n_rows = found.model().spec().n_layers + 1;
            plan = plan.with_lens([n_rows, found.tokens().len(), N_LENS_TOP], element);
            metadata.lens_tokens = Some(names_to_json(&names));
            table = Some(tensors);
        }
        let mut recorder = Recorder::new(BlobSink::new(), &metadata, plan, &input, target.as_ref(), table.as_ref())?;
        if let Some(source) = &source {
            self.record(request, &mut recorder, Some(Stack::Encoder), source).await?;
        }
        let stack = source.map(|_| Stack::Decoder);
        self.record(request, &mut recorder, stack, &found).await?;
        while recorder.record_logits(&found)? {
            self.breathe(request).await?;
        }
        let (url, n_bytes) = recorder.finish()?.into_url().map_err(|reason| Stop::failed(About::Network, reason))?;
        self.outbox.say(&FromWorker::Saved { request, url, n_bytes });
        Ok(())
    }

    /// Writes the activations of one stack.
    async fn record(
        &mut self,
        request: RequestId,
        recorder: &mut Sink,
        stack: Option<Stack>,
        run: &Run,
    ) -> Result<(), Stop> {
        let captures = recorder.captures(stack);
        if captures.is_empty() {
            while recorder.record_kept(stack, run)? {
                self.written(request, recorder).await?;
            }
            return Ok(());
        }
        let mut again = run.capturing(captures)?;
        loop {
            let step = again.step()?;
            self.written(request, recorder).await?;
            while recorder.record(stack, &mut again)? {
                self.written(request, recorder).await?;
            }
            if step == Step::Done {
                return Ok(());
            }
        }
    }

    /// Reports progress and gives the browser a turn.
    async fn written(&mut self, request: RequestId, recorder: &Sink) -> Result<(), Stop> {
        let (done, total) = recorder.progress();
        self.outbox.progress(request, Stage::Save, done as u64, total as u64);
        self.breathe(request).await
    }
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Engine(error) => error.into(),
            RecordError::Trace(error) => error.into(),
        }
    }
}

impl From<TraceError> for Stop {
    fn from(error: TraceError) -> Self {
        Stop::failed(About::Request, error.to_string())
    }
}
