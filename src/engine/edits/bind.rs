//! Checks edits against a model and an input, and turns each into actions at its hooks.

use super::{Action, Change, CompiledEdits, Part};
use crate::edit::{Choice, Edit, EditKind, InvalidEdit};
use crate::trace::{Attn, Axis, BlockSite, Hook, Lengths, Spec, Stack};

impl CompiledEdits {
    /// Binds the edits that are switched on to a model with one stack.
    ///
    /// # Errors
    /// The first edit that does not fit, by its place in the list and its field.
    pub fn bind(edits: &[Edit], spec: &Spec, n_pos: usize) -> Result<Self, InvalidEdit> {
        Self::bind_to(edits, spec, None, n_pos.into())
    }

    /// Binds the edits that are switched on and act in one stack of an encoder-decoder model, whose Spec is `spec`.
    ///
    /// # Errors
    /// The first edit that does not fit, or names no stack.
    pub fn bind_stack(edits: &[Edit], spec: &Spec, stack: Stack, lengths: Lengths) -> Result<Self, InvalidEdit> {
        Self::bind_to(edits, spec, Some(stack), lengths)
    }

    fn bind_to(edits: &[Edit], spec: &Spec, stack: Option<Stack>, lengths: Lengths) -> Result<Self, InvalidEdit> {
        let spec = stack.map_or(spec, |stack| spec.stack(stack));
        let mut bound = Self { d_head: spec.d_head, ..Self::default() };
        for (index, edit) in edits.iter().enumerate().filter(|(_, edit)| edit.on) {
            let attn = if edit.attn == Some(crate::edit::Attn::Cross) { Attn::Cross } else { Attn::Own };
            let binder = Binder { spec, attn, lengths };
            let at_place = |error| InvalidEdit(format!("edit {}: {error}", index + 1));
            if binder.acts_in(edit, stack).map_err(at_place)? {
                for (hook, action) in binder.bind(edit).map_err(at_place)? {
                    bound.actions.entry(hook).or_default().push(action);
                }
            }
        }
        Ok(bound)
    }
}

struct Binder<'a> {
    /// Of the stack.
    spec: &'a Spec,
    /// Which attention the edit is about.
    attn: Attn,
    lengths: Lengths,
}

type Actions = Result<Vec<(Hook, Action)>, InvalidEdit>;

impl Binder<'_> {
    /// Whether an edit is about this stack.
    fn acts_in(&self, edit: &Edit, stack: Option<Stack>) -> Result<bool, InvalidEdit> {
        let named = edit.stack.map(|stack| match stack {
            crate::edit::Stack::Encoder => Stack::Encoder,
            crate::edit::Stack::Decoder => Stack::Decoder,
        });
        let architecture = &self.spec.architecture;
        match (stack, named) {
            (None, None) if self.attn == Attn::Own => Ok(true),
            (None, _) => Err(InvalidEdit(format!("{architecture} has one stack and no cross-attention"))),
            (Some(_), None) => {
                let message =
                    format!("{architecture} has two stacks: say \"stack\":\"encoder\" or \"stack\":\"decoder\"");
                Err(InvalidEdit(message))
            }
            (_, Some(Stack::Encoder)) if self.attn == Attn::Cross => {
                Err(InvalidEdit("attn: the encoder has no cross-attention".to_owned()))
            }
            (Some(stack), Some(named)) => Ok(stack == named),
        }
    }

    fn bind(&self, edit: &Edit) -> Actions {
        let all = Choice::All;
        match &edit.kind {
            EditKind::ZeroHead { layer, head } => {
                let part = Part { heads: self.heads(head)?, ..Part::default() };
                self.at(layer, BlockSite::Z, &Action::Numbers { part, change: Change::Set(0.0) })
            }
            EditKind::PositionMeanHead { layer, head } => {
                self.at(layer, BlockSite::Z, &Action::PositionMean { heads: self.heads(head)? })
            }
            EditKind::KnockOutEdge { layer, head, query, key } => {
                let (heads, queries) = (self.heads(head)?, self.positions("query", query)?);
                let keys = self.keys(key)?;
                self.at(layer, BlockSite::AttnScores, &Action::KnockOut { heads, queries, keys, keep_own: false })
            }
            EditKind::BlockToken { layer, key } => {
                let (heads, queries) = (self.heads(&all)?, self.positions("query", &all)?);
                let keys = self.keys(key)?;
                // In cross-attention no token has a key of its own.
                let keep_own = self.attn == Attn::Own;
                self.at(layer, BlockSite::AttnScores, &Action::KnockOut { heads, queries, keys, keep_own })
            }
            EditKind::UniformPattern { layer, head } => {
                self.at(layer, BlockSite::Pattern, &Action::Uniform { heads: self.heads(head)? })
            }
            EditKind::SetPatternRow { layer, head, query, weights } => {
                let n_key = self.n_key();
                if weights.len() != n_key {
                    let message = format!("weights: expected {n_key} numbers, one per token, found {}", weights.len());
                    return Err(InvalidEdit(message));
                }
                if let Some(wrong) = weights.iter().find(|weight| !(**weight >= 0.0 && weight.is_finite())) {
                    return Err(InvalidEdit(format!("weights: expected numbers of at least 0, found {wrong}")));
                }
                let (heads, queries) = (self.heads(head)?, self.positions("query", query)?);
                self.at(layer, BlockSite::Pattern, &Action::SetRow { heads, queries, weights: weights.clone() })
            }
            EditKind::ZeroValue { layer, key } => {
                let part = Part { positions: self.keys(key)?, ..Part::default() };
                self.at(layer, BlockSite::V, &Action::Numbers { part, change: Change::Set(0.0) })
            }
            EditKind::Scale { layer, hook, head, neuron, query, factor } => {
                self.numbers(layer, hook, [head, neuron, query], Change::Scale(*factor))
            }
            EditKind::Set { layer, hook, head, neuron, query, value } => {
                self.numbers(layer, hook, [head, neuron, query], Change::Set(*value))
            }
            EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
                let (head, neuron) = (Some(head.clone()), Some(neuron.clone()));
                let mut actions = Vec::new();
                for layer in self.layers(layer)? {
                    let is_changed = self.attn == Attn::Own && self.spec.changes_queries(layer);
                    let hook = if is_changed { "attn.hook_rot_q" } else { "attn.hook_q" };
                    let parts = [&head, &neuron, &None];
                    actions.extend(self.numbers(&Choice::One(layer), hook, parts, Change::Scale(*factor))?);
                }
                Ok(actions)
            }
            EditKind::Add { layer, hook, vector, query, factor } => {
                let site = self.site(hook)?;
                if site.axes() != BlockSite::ResidPre.axes() {
                    return Err(InvalidEdit(format!("add: {} is no activation of the stream", site.name())));
                }
                let d_model = self.spec.d_model;
                if vector.len() != d_model {
                    return Err(InvalidEdit(format!("vector: expected {d_model} numbers, found {}", vector.len())));
                }
                let vector = vector.iter().map(|value| value * factor).collect();
                let positions = self.positions("query", query.as_ref().unwrap_or(&all))?;
                self.at(layer, site, &Action::Add { positions, vector })
            }
            EditKind::Patch { .. } => Err(InvalidEdit("patch is not supported yet".to_owned())),
        }
    }

    fn at(&self, layer: &Choice, site: BlockSite, action: &Action) -> Actions {
        let site = site.of(if site.is_cross() { Attn::Cross } else { self.attn });
        let layers = self.layers(layer)?;
        if let Some(layer) = layers.iter().find(|layer| !site.exists_at(self.spec, **layer)) {
            return Err(InvalidEdit(format!("hook: layer {layer} has no {}", site.name())));
        }
        Ok(layers.into_iter().map(|layer| (Hook::Block(layer, site), action.clone())).collect())
    }

    fn layers(&self, layer: &Choice) -> Result<Vec<usize>, InvalidEdit> {
        let layers = self.flags("layer", layer, self.spec.n_layers, "layers")?;
        Ok((0..layers.len()).filter(|&layer| layers[layer]).collect())
    }

    fn numbers(&self, layer: &Choice, hook: &str, parts: [&Option<Choice>; 3], change: Change) -> Actions {
        let (Change::Scale(number) | Change::Set(number)) = change;
        if !number.is_finite() {
            return Err(InvalidEdit(format!("expected a finite number, found {number}")));
        }
        let [head, neuron, query] = parts;
        let site = self.site(hook)?;
        let axes = site.axes();
        let refuse = |field: &str| InvalidEdit(format!("{field}: {} has no such axis", site.name()));
        let flags = |field: &str, choice: &Option<Choice>, axis: Option<Axis>| match (choice, axis) {
            (None, _) => Ok(Vec::new()),
            (Some(_), None) => Err(refuse(field)),
            (Some(choice), Some(axis)) => {
                self.flags(field, choice, axis.len(self.spec, self.lengths), &format!("{field}s"))
            }
        };
        let axis = |wanted: &[Axis]| axes.iter().copied().find(|axis| wanted.contains(axis));
        let head_axis = axis(&[Axis::Head, Axis::KeyValueHead]);
        let part = Part {
            positions: flags("query", query, axis(&[Axis::Pos, Axis::QueryPos, Axis::SourcePos]))?,
            // A neuron is counted within its head, so the heads are spelled out wherever there are any.
            heads: flags("head", &head_axis.map(|_| head.clone().unwrap_or(Choice::All)).or(head.clone()), head_axis)?,
            neurons: flags("neuron", neuron, axis(&[Axis::DHead, Axis::DModel, Axis::DMlp]))?,
        };
        self.at(layer, site, &Action::Numbers { part, change })
    }

    /// A site by its name below `blocks.l.`, or by its last part.
    fn site(&self, hook: &str) -> Result<BlockSite, InvalidEdit> {
        let site = BlockSite::all().find(|site| site.name() == hook || site.name().rsplit('.').next() == Some(hook));
        let site = site.map(|site| if self.attn == Attn::Cross { site.of(Attn::Cross) } else { site });
        match site {
            Some(site) if site.exists_in(self.spec) => Ok(site),
            Some(site) => Err(InvalidEdit(format!("hook: {} has no {}", self.spec.architecture, site.name()))),
            None => Err(InvalidEdit(format!("hook: unknown hook \"{hook}\""))),
        }
    }

    fn heads(&self, head: &Choice) -> Result<Vec<bool>, InvalidEdit> {
        self.flags("head", head, self.spec.n_heads, "heads")
    }

    fn positions(&self, field: &str, choice: &Choice) -> Result<Vec<bool>, InvalidEdit> {
        self.flags(field, choice, self.lengths.n_pos, "tokens")
    }

    fn keys(&self, key: &Choice) -> Result<Vec<bool>, InvalidEdit> {
        self.flags("key", key, self.n_key(), "tokens")
    }

    fn n_key(&self) -> usize {
        if self.attn == Attn::Cross { self.lengths.n_source } else { self.lengths.n_pos }
    }

    fn flags(&self, field: &str, choice: &Choice, len: usize, what: &str) -> Result<Vec<bool>, InvalidEdit> {
        choice
            .flags(len)
            .map_err(|index| InvalidEdit(format!("{field} {index} is not there: {len} {what}, counted from 0")))
    }
}
