//! A run of an input, or of an earlier run's input under other edits, through one stack or two.
//!
//! ```text
//! other inputs that patches read ─▶ bind edits ─▶ [encoder] ─▶ only stack or decoder ─▶ [decoder writes its target]
//! ```

use std::sync::Arc;

use super::{Job, OtherInputs, Progress, Unit, not_done};
use crate::edit::Edit;
use crate::engine::edits::{Bound, CompiledEdits, Inactive, PatchValues};
use crate::engine::error::EngineError;
use crate::engine::generate::{Generation, Written, max_target};
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::run::{Run, Step};
use crate::trace::spec::Unembed;
use crate::trace::{Lengths, Stack, Tokens};

/// What a model reads.
#[derive(Clone, Debug)]
pub struct RunInput {
    /// What the only stack or the encoder reads.
    pub tokens: Tokens,
    /// What a decoder beside an encoder reads; unused by models of one stack.
    pub target: Target,
}

/// What a decoder reads.
#[derive(Clone, Debug, Default)]
pub enum Target {
    /// What the decoder writes itself, the most likely token each time; of a classifier, which writes nothing, the text itself.
    #[default]
    Generated,
    /// These tokens.
    Tokens(Tokens),
}

impl From<Tokens> for RunInput {
    fn from(tokens: Tokens) -> Self {
        Self { tokens, target: Target::Generated }
    }
}

/// How a run is done.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// Edits that do not fit are left out and named in [`FinishedRun::inactive`] instead of being refused.
    pub leaves_out: bool,
    /// The most tokens that a decoder writes of its own target; `None` for as many as the checkpoint says.
    pub n_target_tokens: Option<usize>,
    /// The layers to keep; `None` keeps all.
    pub kept_layers: Option<Vec<usize>>,
    /// For the only stack, or the decoder.
    pub stack: StackOptions,
    /// For the encoder of a model with two stacks.
    pub encoder: StackOptions,
}

/// How the run of one stack is done.
#[derive(Debug, Default)]
pub struct StackOptions {
    /// What is captured.
    pub captures: Captures,
    /// What patches take from trace files.
    pub values: PatchValues,
}

/// A run, and what it was run with.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run of the only stack or the decoder; the encoder's is its source.
    pub run: Run,
    /// The edits, as given.
    pub edits: Vec<Edit>,
    /// The edits that do not fit.
    pub inactive: Vec<Inactive>,
}

/// A run under way.
#[derive(Debug)]
pub struct RunJob {
    model: Arc<Model>,
    start: Start,
    edits: Vec<Edit>,
    options: RunOptions,
    inactive: Vec<Inactive>,
    stage: Stage,
}

#[allow(clippy::large_enum_variant, reason = "a job holds one of these, so boxing would save nothing")]
#[derive(Debug)]
enum Start {
    Input(RunInput),
    Again(Arc<Run>),
}

#[derive(Debug, Default)]
enum Stage {
    OtherInputs(OtherInputs),
    /// The encoder is running; the edits are those of the decoder.
    Encoder(Run, CompiledEdits),
    /// The only stack, or the decoder.
    Run(Run),
    Writing(Run, Generation),
    Done(Run),
    #[default]
    Failed,
}

impl RunJob {
    /// A run of an input.
    ///
    /// # Errors
    /// When the model names no start token for its decoder.
    pub fn new(
        model: Arc<Model>,
        mut input: RunInput,
        edits: Vec<Edit>,
        options: RunOptions,
    ) -> Result<Self, EngineError> {
        if matches!(input.target, Target::Generated)
            && let Some(target) = model.label_target(&input.tokens)?
        {
            input.target = Target::Tokens(target);
        }
        if model.encoder().is_some() && matches!(input.target, Target::Generated) {
            // A model that cannot start or write its target is refused before its encoder runs.
            model.start()?;
            if model.spec().unembed == Unembed::None {
                let message = "this checkpoint predicts no tokens, so its decoder cannot write a target: give one";
                return Err(EngineError::Request(message.to_owned()));
            }
        }
        Ok(Self::prepare(model, Start::Input(input), edits, options))
    }

    /// A run of what `base` has read under other edits. Layers before the first difference are shared; so is the encoder's run
    /// where no edit names the encoder.
    pub fn again(base: Arc<Run>, edits: Vec<Edit>, options: RunOptions) -> Self {
        Self::prepare(Arc::clone(base.model()), Start::Again(base), edits, options)
    }

    fn prepare(model: Arc<Model>, start: Start, edits: Vec<Edit>, mut options: RunOptions) -> Self {
        // A text can be read by the only stack or the encoder.
        let stack = model.encoder().map(|_| Stack::Encoder);
        let values = match stack {
            Some(_) => std::mem::take(&mut options.encoder.values),
            None => std::mem::take(&mut options.stack.values),
        };
        let mut job = Self { model, start, edits, options, inactive: Vec::new(), stage: Stage::Failed };
        let n_read = job.n_read();
        let lengths = Lengths { n_pos: n_read, n_source: stack.map_or(0, |_| n_read) };
        let model = Arc::clone(&job.model);
        job.stage = Stage::OtherInputs(OtherInputs::new(model, &job.edits, (stack, None), lengths, values));
        job
    }

    /// The stack and the run that are under way, for a caller that records activations between steps.
    pub fn running(&mut self) -> Option<(Option<Stack>, &mut Run)> {
        let decoder = self.model.encoder().map(|_| Stack::Decoder);
        match &mut self.stage {
            Stage::Encoder(run, _) => Some((Some(Stack::Encoder), run)),
            Stage::Run(run) | Stage::Writing(run, _) | Stage::Done(run) => Some((decoder, run)),
            Stage::OtherInputs(_) | Stage::Failed => None,
        }
    }

    /// How many tokens the only stack or the encoder reads.
    fn n_read(&self) -> usize {
        match &self.start {
            Start::Input(input) => input.tokens.len(),
            Start::Again(base) => base.source().unwrap_or(base).tokens().len(),
        }
    }

    /// What the decoder reads, or begins with.
    fn target(&self) -> Result<Tokens, EngineError> {
        match &self.start {
            Start::Again(base) => Ok(base.tokens().clone()),
            Start::Input(RunInput { target: Target::Tokens(tokens), .. }) => Ok(tokens.clone()),
            Start::Input(_) => self.model.start(),
        }
    }

    /// Binds the edits and starts the first stack; `values` are what its patches take.
    fn begin(&mut self, values: &PatchValues) -> Result<Stage, EngineError> {
        let n_source = self.n_read();
        let Some(encoder) = self.model.encoder().cloned() else {
            let edits = self.bind(None, n_source.into(), values)?;
            return Ok(Stage::Run(self.start_run(edits)?));
        };
        // Both before anything runs: an edit that does not fit is known at once.
        let reading = self.bind(Some(Stack::Encoder), Lengths { n_pos: n_source, n_source }, values)?;
        let n_pos = self.target()?.len();
        let decoder_values = std::mem::take(&mut self.options.stack.values);
        let writing = self.bind(Some(Stack::Decoder), Lengths { n_pos, n_source }, &decoder_values)?;
        let captures = std::mem::take(&mut self.options.encoder.captures);
        let mut run = match &self.start {
            Start::Input(input) => Run::new(encoder, input.tokens.clone(), reading, captures)?,
            Start::Again(base) => {
                let is_changed = |edit: &Edit| edit.on && edit.stack == Some(Stack::Encoder);
                let source = base.source().filter(|_| self.edits.iter().any(is_changed));
                match source {
                    Some(source) => source.again(reading, captures)?,
                    None => return Ok(Stage::Run(self.start_run(writing)?)),
                }
            }
        };
        self.keep_layers(&mut run);
        Ok(Stage::Encoder(run, writing))
    }

    fn bind(
        &mut self,
        stack: Option<Stack>,
        lengths: Lengths,
        values: &PatchValues,
    ) -> Result<CompiledEdits, EngineError> {
        let (edits, spec) = (&self.edits, self.model.spec());
        if !self.options.leaves_out {
            return Ok(CompiledEdits::bind_strictly(edits, spec, stack, lengths, values)?);
        }
        let Bound { edits: bound, mut inactive } = CompiledEdits::bind_each(edits, spec, stack, lengths, values);
        if stack == Some(Stack::Encoder) {
            // Edits that name no stack are reported once, with the decoder's.
            inactive.retain(|inactive| edits[inactive.index].stack == Some(Stack::Encoder));
        }
        self.inactive.extend(inactive);
        Ok(bound)
    }

    /// Starts the only stack, or the decoder on the encoder's run that `base` has.
    fn start_run(&mut self, edits: CompiledEdits) -> Result<Run, EngineError> {
        let captures = std::mem::take(&mut self.options.stack.captures);
        let mut run = match &self.start {
            Start::Input(input) => Run::new(Arc::clone(&self.model), input.tokens.clone(), edits, captures)?,
            Start::Again(base) => base.again(edits, captures)?,
        };
        self.keep_layers(&mut run);
        Ok(run)
    }

    /// Starts the decoder on a run of the encoder.
    fn decode(&mut self, source: Run, edits: CompiledEdits) -> Result<Run, EngineError> {
        let captures = std::mem::take(&mut self.options.stack.captures);
        let mut run = Run::decode(Arc::clone(&self.model), Arc::new(source), self.target()?, edits, captures)?;
        self.keep_layers(&mut run);
        Ok(run)
    }

    fn keep_layers(&self, run: &mut Run) {
        if let Some(layers) = &self.options.kept_layers {
            run.keep_only(layers.clone());
        }
    }

    /// What follows the only stack's or the decoder's pass over what it was given.
    fn after_run(&self, run: Run) -> Result<Stage, EngineError> {
        let is_written = matches!(&self.start, Start::Input(RunInput { target: Target::Generated, .. }));
        if self.model.encoder().is_none() || !is_written {
            return Ok(Stage::Done(run));
        }
        let generation = Generation::of_target(&self.model, run.tokens().len(), self.options.n_target_tokens)?;
        Ok(Stage::Writing(run, generation))
    }
}

impl Job for RunJob {
    type Part = ();
    type Output = FinishedRun;

    fn step(&mut self) -> Result<Step, EngineError> {
        // A stage that is done is left in the next call, so that `running` shows its run complete.
        self.stage = match std::mem::take(&mut self.stage) {
            Stage::OtherInputs(mut others) => match others.step()? {
                Step::More => Stage::OtherInputs(others),
                Step::Done => self.begin(&others.finish()?)?,
            },
            Stage::Encoder(run, edits) if run.is_done() => Stage::Run(self.decode(run, edits)?),
            Stage::Encoder(mut run, edits) => {
                run.step()?;
                Stage::Encoder(run, edits)
            }
            Stage::Run(run) if run.is_done() => self.after_run(run)?,
            Stage::Run(mut run) => {
                run.step()?;
                Stage::Run(run)
            }
            Stage::Writing(mut run, mut generation) => match generation.step(&mut run)? {
                Written::End => Stage::Done(run),
                Written::Nothing | Written::Token(_) => Stage::Writing(run, generation),
            },
            Stage::Done(run) => Stage::Done(run),
            Stage::Failed => return Err(not_done()),
        };
        Ok(if matches!(self.stage, Stage::Done(_)) { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let n_encoder = self.model.encoder().map_or(0, |encoder| encoder.spec().n_layers);
        let n_blocks = n_encoder + self.model.spec().n_layers;
        match &self.stage {
            Stage::OtherInputs(others) => others.progress(),
            Stage::Encoder(run, _) => Progress::blocks((run.progress().0, n_blocks)),
            Stage::Run(run) | Stage::Done(run) => Progress::blocks((n_encoder + run.progress().0, n_blocks)),
            Stage::Writing(run, _) => {
                let total = max_target(&self.model, run.n_prompt());
                Progress { unit: Unit::WrittenTokens, done: run.tokens().len(), total }
            }
            Stage::Failed => Progress::blocks((0, n_blocks)),
        }
    }

    fn finish(self) -> Result<FinishedRun, EngineError> {
        match self.stage {
            Stage::Done(run) => {
                let mut inactive = self.inactive;
                inactive.sort_by_key(|inactive| inactive.index);
                Ok(FinishedRun { run, edits: self.edits, inactive })
            }
            _ => Err(not_done()),
        }
    }
}
