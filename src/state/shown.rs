//! The result that is on screen: a run, and the patterns of the layers that were looked at lately.
//!
//! Invariant: a result stays here until another one is complete; failures, cancelling and a stopped worker do not touch
//! it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::link::TracePlace;
use super::requests::Holder;
use super::selection::Shape;
use crate::edit::Edit;
use crate::protocol::{Input, InputText, Prediction, Quantity, RequestId, RunId, RunInfo};
use crate::trace::display::{TokenLabel, token_label};
use crate::trace::file::ModelName;
use crate::trace::{Attn, AttnKind, Side, Spec, Stack, Tokens, Turn};

/// Patterns of every head of one layer, or what is drawn in their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerPatterns {
    /// What the values are.
    pub quantity: Quantity,
    /// The layer.
    pub layer: usize,
    /// Heads; 1 where the quantity is one of the layer.
    pub n_heads: usize,
    /// Rows per head.
    pub n_query: usize,
    /// Columns per row.
    pub n_key: usize,
    /// Weights [head, query_pos, key_pos].
    pub values: Arc<[f32]>,
    /// Queries that value zeroing marks: their stream is so long that its direction hardly changes.
    pub huge: Vec<usize>,
}

/// Most bytes of patterns that are kept; the newest layer is kept whatever its size.
const CACHE_BYTES: usize = 96 << 20;

/// The layers looked at lately, newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerCache {
    layers: VecDeque<Arc<LayerPatterns>>,
}

impl LayerCache {
    /// The patterns of a layer, if they are still here.
    pub fn get(&self, layer: usize) -> Option<Arc<LayerPatterns>> {
        self.layers.iter().find(|patterns| patterns.layer == layer).cloned()
    }

    /// Keeps a layer and lets the oldest ones go.
    pub fn insert(&mut self, patterns: LayerPatterns) {
        self.layers.retain(|kept| kept.layer != patterns.layer);
        self.layers.push_back(Arc::new(patterns));
        while self.layers.len() > 1 && self.bytes() > CACHE_BYTES {
            self.layers.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.layers.iter().map(|patterns| patterns.values.len() * size_of::<f32>()).sum()
    }
}

/// Where a result comes from: what captions, traces and links say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The weights; an empty name where a file does not say.
    pub model: ModelName,
    /// Whether a BOS token stands in front; none where the model has no such token, or nothing is known of it.
    pub has_bos: Option<bool>,
    /// The trace that it was read from; none for runs, and for the example that ships with the page.
    pub trace: Option<TracePlace>,
    /// The edits that the trace names.
    pub edits: Vec<Value>,
}

/// Who holds a result that is compared with A, where the main worker does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// The second worker, as the run of this name.
    Run(RunId),
    /// The page, as a second trace.
    Trace,
}

/// A result on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The request that the result answered, which identifies it.
    pub request: RequestId,
    /// The input, to be run again in a restarted worker.
    pub input: Input,
    /// The text as it was asked for, which generation leaves alone.
    pub asked: InputText,
    /// The model's name with its quantisation.
    pub model_name: String,
    /// The model's structure.
    pub spec: Spec,
    /// The run.
    pub info: RunInfo,
    /// Where the result comes from.
    pub origin: Origin,
    /// What is shown of each token; of the encoder's where there are two stacks.
    pub labels: Arc<[TokenLabel]>,
    /// What is shown of the decoder's, where there are two stacks.
    pub target: Option<TargetLabels>,
    /// The label that a classifier gives each token, and the result it is of: the edited one has others.
    pub token_labels: Option<(RequestId, Arc<[TokenLabel]>)>,
    /// The attention that is looked at: that of the selection.
    pub kind: AttnKind,
    /// The run's number in the worker, as long as the worker that ran it lives.
    pub live_run: Option<RunId>,
    /// Whether the result is a trace, so that the page answers questions about it.
    pub is_trace: bool,
    /// The attentions that a trace holds, each with the layers of which it does not; empty where all are there.
    pub held: Vec<(AttnKind, BTreeSet<usize>)>,
    /// The sizes of cross-attention in a trace where they are not those of the decoder's own.
    pub cross_spec: Option<Spec>,
    /// The keys of each attention of a trace, where a sink stands after the tokens.
    pub sinks: Vec<(AttnKind, KeyTokens)>,
    /// Who answers for this result when the main worker does not.
    pub second: Option<Second>,
    /// Patterns of the layers that were looked at lately.
    pub layers: LayerCache,
    /// The layer drawn: the selected one as soon as its patterns are here, the one before until then.
    pub drawn: Option<Arc<LayerPatterns>>,
}

/// The keys of an attention with a sink, which follows the tokens of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyTokens {
    /// What they are.
    pub tokens: Tokens,
    /// What is shown of each.
    pub labels: Arc<[TokenLabel]>,
}

/// What is shown of a decoder's tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetLabels {
    /// The label of the token read.
    pub read: Arc<[TokenLabel]>,
    /// The label of the token that is most likely after it.
    pub predicted: Arc<[TokenLabel]>,
}

/// One attention of one result. Data about another one must not be shown with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Looked {
    /// The result's request.
    pub request: RequestId,
    /// The attention.
    pub kind: AttnKind,
}

impl Shown {
    /// A result none of whose layers is here yet; shows the attention `kind`, or the nearest that the model has.
    pub fn new(
        request: RequestId,
        input: Input,
        model_name: String,
        spec: Spec,
        info: RunInfo,
        kind: AttnKind,
    ) -> Self {
        let labels = labels(&info.tokens);
        let target = info.target.as_ref().map(|target| {
            let label = |prediction: &Prediction| token_label(&prediction.token, target.tokens.form);
            TargetLabels { read: self::labels(&target.tokens), predicted: target.predicted.iter().map(label).collect() }
        });
        let kind = kind.fitting(target.is_some());
        let (live_run, is_trace, second, layers, drawn) = (None, false, None, LayerCache::default(), None);
        let origin = Origin::default();
        Self {
            request,
            origin,
            asked: input.text.clone(),
            input,
            model_name,
            spec,
            info,
            labels,
            target,
            token_labels: None,
            kind,
            live_run,
            is_trace,
            held: Vec::new(),
            cross_spec: None,
            sinks: Vec::new(),
            second,
            layers,
            drawn,
        }
    }

    /// Who replies to questions about the result; nobody once the worker that ran it is gone.
    pub fn holder(&self) -> Option<Holder> {
        match (self.second, self.is_trace, self.live_run) {
            (Some(Second::Run(run)), ..) => Some(Holder::SecondWorker(run)),
            (Some(Second::Trace), ..) => Some(Holder::SecondTrace),
            (None, true, _) => Some(Holder::Trace),
            (None, false, run) => run.map(Holder::Worker),
        }
    }

    /// The sizes that a selection must fit.
    pub fn shape(&self) -> Shape {
        let spec = self.stack_spec();
        Shape {
            n_layers: spec.n_layers,
            n_heads: spec.n_heads,
            d_head: spec.d_head,
            n_query: self.tokens(Side::Query).len(),
            n_key: self.tokens(Side::Key).len(),
        }
    }

    /// The result and the attention shown.
    pub fn looked(&self) -> Looked {
        Looked { request: self.request, kind: self.kind }
    }

    /// Whether an attention can be looked at.
    pub fn holds(&self, kind: AttnKind) -> bool {
        self.held.is_empty() || self.held.iter().any(|(held, _)| *held == kind)
    }

    /// The nearest attention that can be looked at.
    pub fn nearest(&self, kind: AttnKind) -> AttnKind {
        let kind = kind.fitting(self.target.is_some());
        if self.holds(kind) { kind } else { self.held.first().map_or(kind, |(held, _)| *held) }
    }

    /// Layers of which a trace does not hold the attention looked at.
    pub fn missing_layers(&self) -> Option<&BTreeSet<usize>> {
        self.held.iter().find(|(kind, _)| *kind == self.kind).map(|(_, missing)| missing)
    }

    /// The structure of the stack whose queries are looked at.
    pub fn stack_spec(&self) -> &Spec {
        if let (AttnKind::CROSS, Some(spec)) = (self.kind, &self.cross_spec) {
            return spec;
        }
        self.kind.stack.map_or(&self.spec, |stack| self.spec.stack(stack))
    }

    /// Whether queries read only what stands before them.
    pub fn is_causal(&self) -> bool {
        self.kind.attn == Attn::Own && self.stack_spec().is_causal()
    }

    /// Whether the mask of a layer lets a query read a key, by their positions. A sink is read by all.
    pub fn sees(&self, layer: usize, query: usize, key: usize) -> bool {
        let n_tokens = match (self.kind.reads(Side::Key), &self.info.target) {
            (Some(Stack::Decoder), Some(target)) => target.tokens.len(),
            _ => self.info.tokens.len(),
        };
        let is_masked = self.kind.attn == Attn::Own && key < n_tokens;
        !is_masked || self.stack_spec().visible(layer, query, n_tokens).contains(&key)
    }

    /// Whether queries and keys are the same tokens.
    pub fn has_same_tokens(&self) -> bool {
        self.kind.attn == Attn::Own && self.with_sink(Side::Key).is_none()
    }

    /// The keys looked at, where a sink is among them.
    fn with_sink(&self, side: Side) -> Option<&KeyTokens> {
        let found = self.sinks.iter().find(|(kind, _)| *kind == self.kind && side == Side::Key);
        found.map(|(_, keys)| keys)
    }

    /// The tokens of one side.
    pub fn tokens(&self, side: Side) -> &Tokens {
        if let Some(keys) = self.with_sink(side) {
            return &keys.tokens;
        }
        match (self.kind.reads(side), &self.info.target) {
            (Some(Stack::Decoder), Some(target)) => &target.tokens,
            _ => &self.info.tokens,
        }
    }

    /// Which tokens of one side are of which message of a conversation.
    pub fn turns(&self, side: Side) -> &[Turn] {
        let is_read = self.target.is_none() && self.with_sink(side).is_none();
        if is_read { &self.info.turns } else { &[] }
    }

    /// What is shown of the tokens of one side.
    pub fn labels(&self, side: Side) -> &Arc<[TokenLabel]> {
        if let Some(keys) = self.with_sink(side) {
            return &keys.labels;
        }
        match (self.kind.reads(side), &self.target) {
            (Some(Stack::Decoder), Some(target)) => &target.read,
            _ => &self.labels,
        }
    }

    /// What is said of each query: the token predicted after it, where a decoder of two stacks is looked at, or the label that a
    /// classifier gives it.
    pub fn predicted(&self) -> Option<&Arc<[TokenLabel]>> {
        if let Some((request, labels)) = &self.token_labels {
            return (*request == self.request).then_some(labels);
        }
        let is_decoder = self.kind.reads(Side::Query) == Some(Stack::Decoder);
        self.target.as_ref().filter(|_| is_decoder).map(|target| &target.predicted)
    }

    /// Lets an edit that names no stack be about the attention that is looked at.
    pub fn place(&self, edit: &mut Edit) {
        if edit.stack.is_some() {
            return;
        }
        edit.stack = self.kind.stack;
        if self.kind == AttnKind::CROSS {
            edit.attn = Some(Attn::Cross);
        }
    }

    /// What is shown of the queries and keys that an edit is about.
    pub fn labels_of(&self, edit: &Edit) -> (&[TokenLabel], &[TokenLabel]) {
        self.labels_in(AttnKind { stack: edit.stack, attn: edit.attn.unwrap_or_default() })
    }

    /// What is shown of the queries and keys of an attention.
    pub fn labels_in(&self, kind: AttnKind) -> (&[TokenLabel], &[TokenLabel]) {
        let target = self.target.as_ref().map_or(&self.labels, |target| &target.read);
        match kind {
            AttnKind::CROSS => (target, &self.labels),
            AttnKind::DECODER => (target, target),
            _ => (&self.labels, &self.labels),
        }
    }

    /// The tokens after which the model predicts: the decoder's where there are two stacks.
    pub fn predicting(&self) -> (&Tokens, &Arc<[TokenLabel]>) {
        match (&self.info.target, &self.target) {
            (Some(read), Some(labels)) => (&read.tokens, &labels.read),
            _ => (&self.info.tokens, &self.labels),
        }
    }
}

/// What is shown of some tokens.
pub fn labels(tokens: &Tokens) -> Arc<[TokenLabel]> {
    tokens.tokens.iter().map(|token| token_label(token, tokens.form)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(layer: usize, n_tokens: usize) -> LayerPatterns {
        let values = vec![0.0; n_tokens * n_tokens].into();
        LayerPatterns { layer, n_heads: 1, n_query: n_tokens, n_key: n_tokens, values, ..LayerPatterns::default() }
    }

    #[test]
    fn keeps_recent_layers_within_its_budget_and_always_the_newest() {
        let mut cache = LayerCache::default();
        // 36 MB each: two fit.
        for layer in 0..4 {
            cache.insert(patterns(layer, 3_000));
        }
        let kept: Vec<bool> = (0..4).map(|layer| cache.get(layer).is_some()).collect();
        assert_eq!(kept, [false, false, true, true]);
        cache.insert(patterns(9, 6_000));
        assert!(cache.get(9).is_some() && cache.get(3).is_none());
        cache.insert(patterns(9, 1));
        assert_eq!(cache.layers.len(), 1);
    }
}
