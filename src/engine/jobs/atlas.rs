//! An atlas over a corpus: each text through the model once, its scores and strongest links handed out, its run dropped. Whoever drives
//! the job adds them to an [`Atlas`](crate::analysis::atlas::Atlas), so that a worker need not hold it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::side_by_side::SideBySide;
use super::{Job, Progress, not_done};
use crate::analysis::atlas::Link;
use crate::analysis::scores::AllHeads;
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::rows::{RefusedRow, clusters};
use crate::engine::run::{Run, Step};
use crate::sets::Row;
use crate::trace::Tokens;

/// A text of a corpus.
#[derive(Clone, Debug)]
pub struct AtlasText {
    /// What the model reads.
    pub tokens: Tokens,
    /// The number of the document, template or source that it shares with other texts.
    pub cluster: u64,
}

/// A text that is measured, as `Atlas::add` takes it.
#[derive(Clone, Debug)]
pub struct AtlasPart {
    /// The text.
    pub text: AtlasText,
    /// The scores of all heads, [2, n_layers, n_heads, n_scores].
    pub table: Vec<f32>,
    /// The strongest link of each head, [n_layers, n_heads].
    pub links: Vec<Link>,
}

/// An atlas under way. Its parts are what counts: a text each, in the order of the corpus.
pub struct AtlasJob {
    model: Arc<Model>,
    texts: Vec<AtlasText>,
    edits: Vec<Edit>,
    runs: SideBySide,
    /// The first text that has not begun.
    next: usize,
    finished: VecDeque<(usize, Run)>,
    measured: Option<Measured>,
    new_parts: Vec<AtlasPart>,
}

impl AtlasText {
    /// The rows that the model can read, cut to at most so many tokens, and the other rows.
    pub fn of_rows(model: &Model, corpus: &[Row], n_tokens: usize) -> (Vec<Self>, Vec<RefusedRow>) {
        let shared = clusters(&corpus.iter().collect::<Vec<_>>());
        let (mut texts, mut refused) = (Vec::new(), Vec::new());
        for (index, row) in corpus.iter().enumerate() {
            let tokens = model.encode(&row.text, row.text_pair.as_deref()).map(|tokens| cut(tokens, n_tokens));
            match tokens.and_then(|tokens| model.check(&tokens).map(|()| tokens)) {
                Ok(tokens) => texts.push(Self { tokens, cluster: shared[0].of_rows()[index] as u64 }),
                Err(error) => refused.push(RefusedRow { index, reason: error.to_string() }),
            }
        }
        (texts, refused)
    }
}

/// The first tokens of a text; a token that the tokenizer adds at the end stays there.
fn cut(tokens: Tokens, n_tokens: usize) -> Tokens {
    if tokens.len() <= n_tokens {
        return tokens;
    }
    let last = tokens.len() - 1;
    let is_added = tokens.special.get(last) == Some(&true);
    let mut short = tokens.clone();
    short.truncate(n_tokens - usize::from(is_added));
    if is_added {
        short.push(&tokens, last);
    }
    short.segments.retain(|start| *start < n_tokens);
    short
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
    /// An atlas under edits that act throughout; edits that do not fit a text are left out there.
    ///
    /// # Errors
    /// When the model has two stacks, there are no texts, or an edit is a patch.
    pub fn new(model: Arc<Model>, texts: Vec<AtlasText>, edits: Vec<Edit>) -> Result<Self, EngineError> {
        SideBySide::check(&model, &edits, "an atlas of heads", "texts of a corpus")?;
        if texts.is_empty() {
            return Err(EngineError::Request("the corpus has no text that the model can read".to_owned()));
        }
        let (runs, finished) = (SideBySide::default(), VecDeque::new());
        Ok(Self { model, texts, edits, runs, next: 0, finished, measured: None, new_parts: Vec::new() })
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
    type Part = AtlasPart;
    type Output = ();

    fn step(&mut self) -> Result<Step, EngineError> {
        if let Some(mut measured) = self.measured.take() {
            if measured.step()? {
                self.measured = Some(measured);
            } else {
                let (text, table, links) = (self.texts[measured.text].clone(), measured.table, measured.links);
                self.new_parts.push(AtlasPart { text, table, links });
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

    fn drain(&mut self) -> Vec<AtlasPart> {
        std::mem::take(&mut self.new_parts)
    }

    fn finish(self) -> Result<(), EngineError> {
        let is_done = self.next == self.texts.len() && self.runs.is_empty() && self.measured.is_none();
        if is_done && self.finished.is_empty() { Ok(()) } else { Err(not_done()) }
    }
}
