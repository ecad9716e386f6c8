//! An atlas over a corpus: each text through the model once, its scores and strongest links gathered, its run dropped.

use std::collections::VecDeque;
use std::sync::Arc;

use super::side_by_side::SideBySide;
use super::{Job, Progress, not_done};
use crate::analysis::atlas::{Atlas, Link};
use crate::analysis::scores::AllHeads;
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::run::{Run, Step};
use crate::trace::Tokens;

/// A text of a corpus.
#[derive(Clone, Debug)]
pub struct AtlasText {
    /// What the model reads.
    pub tokens: Tokens,
    /// The number of the document, template or source that it shares with other texts.
    pub cluster: u64,
}

/// An atlas under way. Its answer is the atlas; what there is of it can be looked at between two steps.
pub struct AtlasJob {
    model: Arc<Model>,
    texts: Vec<AtlasText>,
    edits: Vec<Edit>,
    atlas: Atlas,
    runs: SideBySide,
    /// The first text that has not begun.
    next: usize,
    finished: VecDeque<(usize, Run)>,
    measured: Option<Measured>,
}

/// A finished run that is measured.
struct Measured {
    text: usize,
    run: Run,
    heads: Option<AllHeads>,
    table: Vec<f32>,
    links: Vec<Link>,
    /// The next layer whose links are looked for.
    layer: usize,
}

impl AtlasJob {
    /// An atlas under edits that act throughout; edits that do not fit a text are left out there. Equal seeds draw equal resamples and
    /// examples.
    ///
    /// # Errors
    /// When the model has two stacks, there are no texts, or an edit is a patch.
    pub fn new(model: Arc<Model>, texts: Vec<AtlasText>, edits: Vec<Edit>, seed: u64) -> Result<Self, EngineError> {
        SideBySide::check(&model, &edits, "an atlas of heads", "texts of a corpus")?;
        if texts.is_empty() {
            return Err(EngineError::Request("the corpus has no text that the model can read".to_owned()));
        }
        let atlas = Atlas::new(model.spec().n_layers, model.spec().n_heads, seed);
        let (runs, finished) = (SideBySide::default(), VecDeque::new());
        Ok(Self { model, texts, edits, atlas, runs, next: 0, finished, measured: None })
    }

    /// What is gathered so far.
    pub fn atlas(&self) -> &Atlas {
        &self.atlas
    }

    fn begin_runs(&mut self) -> Result<(), EngineError> {
        while self.runs.has_room(&self.model)
            && let Some(text) = self.texts.get(self.next)
        {
            self.runs.push(self.next, &self.model, text.tokens.clone(), &self.edits, Captures::none())?;
            self.next += 1;
        }
        Ok(())
    }
}

impl Measured {
    fn new(text: usize, run: Run) -> Self {
        Self { text, run, heads: Some(AllHeads::new(None)), table: Vec::new(), links: Vec::new(), layer: 0 }
    }

    /// Does the next piece of work. Says whether there is more.
    fn step(&mut self) -> Result<bool, EngineError> {
        if let Some(heads) = &mut self.heads {
            let refused = |error: crate::analysis::SourceError| EngineError::Request(error.to_string());
            if !heads.step(&self.run).map_err(refused)? {
                self.table = self.heads.take().map(AllHeads::finish).unwrap_or_default();
            }
            return Ok(true);
        }
        let spec = self.run.model().spec();
        let (n_layers, n_heads) = (spec.n_layers, spec.n_heads);
        if self.layer < n_layers {
            let attention = self.run.attention(self.layer)?;
            for head in 0..n_heads {
                let pattern = attention.pattern(head)?;
                self.links.push(strongest(&pattern, self.run.tokens()));
            }
            self.layer += 1;
        }
        Ok(self.layer < n_layers)
    }
}

/// The strongest link of a pattern [query_pos, key_pos] to a token that neither stands first nor was added by the tokenizer.
fn strongest(pattern: &[f32], tokens: &Tokens) -> Link {
    let n = tokens.len();
    let counts = |key: usize| key > 0 && !tokens.special.get(key).copied().unwrap_or(false);
    let mut best = (0.0, (0, 0));
    for (query, row) in pattern.chunks_exact(pattern.len() / n.max(1)).enumerate() {
        for (key, &weight) in row.iter().enumerate().take(n).filter(|(key, _)| counts(*key)) {
            if weight > best.0 {
                best = (weight, (query as u32, key as u32));
            }
        }
    }
    best.1
}

impl Job for AtlasJob {
    type Part = ();
    type Output = Atlas;

    fn step(&mut self) -> Result<Step, EngineError> {
        if let Some(mut measured) = self.measured.take() {
            if measured.step()? {
                self.measured = Some(measured);
            } else {
                let text = &self.texts[measured.text];
                self.atlas.add(&text.tokens.ids, text.cluster, &measured.table, &measured.links);
            }
            return Ok(Step::More);
        }
        if let Some((text, run)) = self.finished.pop_front() {
            self.measured = Some(Measured::new(text, run));
            return Ok(Step::More);
        }
        self.begin_runs()?;
        if self.runs.is_empty() {
            return Ok(Step::Done);
        }
        for (text, run) in self.runs.step() {
            match run {
                Ok(run) => self.finished.push_back((text, run)),
                // An edit leaves a query of this text without any key: the text is left out.
                Err(EngineError::Edit(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        let n_layers = self.model.spec().n_layers;
        let running = Progress::blocks(self.runs.progress().unwrap_or((0, n_layers)));
        let n_waiting = self.finished.len() + usize::from(self.measured.is_some());
        running.as_part(self.next.saturating_sub(n_waiting + 1), self.texts.len())
    }

    fn finish(self) -> Result<Atlas, EngineError> {
        let is_done = self.next == self.texts.len() && self.runs.is_empty() && self.measured.is_none();
        if is_done && self.finished.is_empty() { Ok(self.atlas) } else { Err(not_done()) }
    }
}
