//! Checks edits against a model and an input, and turns each into actions at its hooks.

use std::sync::Arc;

use super::patch::{PatchValues, unequal};
use super::{Action, Change, CompiledEdits, Part};
use crate::edit::{Choice, Edit, EditKind, InvalidEdit, PatchFrom, SetValue};
use crate::trace::{Attn, Axis, BlockSite, Hook, Lengths, Spec, Stack};

impl CompiledEdits {
    /// Binds the edits that are switched on to a model with one stack.
    ///
    /// # Errors
    /// The first edit that does not fit, by its position in the list and its field.
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
        Self::bind_strictly(edits, spec, stack, lengths, &PatchValues::default())
    }

    /// Binds edits to either kind of model, with the values that patches take: see [`super::patches`].
    ///
    /// # Errors
    /// The first edit that does not fit, by its position in the list and its field.
    pub fn bind_strictly(
        edits: &[Edit],
        spec: &Spec,
        stack: Option<Stack>,
        lengths: Lengths,
        patches: &PatchValues,
    ) -> Result<Self, InvalidEdit> {
        let Bound { edits, inactive } = Self::bind_each(edits, spec, stack, lengths, patches);
        match inactive.into_iter().next() {
            None => Ok(edits),
            Some(Inactive { index, reason }) => Err(InvalidEdit(format!("edit {}: {reason}", index + 1))),
        }
    }

    /// Binds the edits that fit and says why the others do not, for a list that outlives a change of model or input.
    pub fn bind_each(
        edits: &[Edit],
        spec: &Spec,
        stack: Option<Stack>,
        lengths: Lengths,
        patches: &PatchValues,
    ) -> Bound {
        let whole = spec;
        let spec = spec.of_stack(stack);
        let edits_of_stack = Self { n_heads: spec.n_heads, d_head: spec.d_head, ..Self::default() };
        let mut bound = Bound { edits: edits_of_stack, inactive: Vec::new() };
        for (index, edit) in edits.iter().enumerate().filter(|(_, edit)| edit.on) {
            let binder = Binder::new(whole, stack, lengths, edit);
            let actions = binder.acts_in(edit, stack).and_then(|acts| match acts {
                true => binder.bind(edit, patches),
                false => Ok(Vec::new()),
            });
            match actions {
                Ok(actions) => {
                    for (hook, action) in actions {
                        bound.edits.actions.entry(hook).or_default().push(action);
                    }
                }
                Err(InvalidEdit(reason)) => bound.inactive.push(Inactive { index, reason }),
            }
        }
        bound
    }
}

/// A list of edits, divided into those that fit and those that do not.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The edits that fit and are switched on.
    pub edits: CompiledEdits,
    /// The edits that do not fit.
    pub inactive: Vec<Inactive>,
}

/// An edit that does not fit a model or an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inactive {
    /// The edit's index in the list.
    pub index: usize,
    /// Why it does not fit, as one clause for the reader.
    pub reason: String,
}

/// Binds one edit.
pub(super) struct Binder<'a> {
    /// The structure of the stack.
    spec: &'a Spec,
    stack: Option<Stack>,
    /// Which attention the edit is about.
    attn: Attn,
    lengths: Lengths,
}

type Actions = Result<Vec<(Hook, Action)>, InvalidEdit>;

impl<'a> Binder<'a> {
    /// Prepares to bind an edit; `spec` is the whole model's.
    pub fn new(spec: &'a Spec, stack: Option<Stack>, lengths: Lengths, edit: &Edit) -> Self {
        let spec = spec.of_stack(stack);
        Self { spec, stack, attn: edit.attn.unwrap_or_default(), lengths }
    }

    /// Whether an edit is about this stack.
    pub fn acts_in(&self, edit: &Edit, stack: Option<Stack>) -> Result<bool, InvalidEdit> {
        let architecture = &self.spec.architecture;
        match (stack, edit.stack) {
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

    fn bind(&self, edit: &Edit, patches: &PatchValues) -> Actions {
        let all = Choice::All;
        match &edit.kind {
            EditKind::ZeroHead { layer, head } => {
                let part = Part { heads: self.heads(head)?, ..Part::default() };
                self.at(layer, BlockSite::Z, &Action::Numbers { part, change: Change::Set(0.0) })
            }
            EditKind::PositionMeanHead { layer, head } => self.at(
                layer,
                BlockSite::Z,
                &Action::PositionMean { heads: self.heads(head)?, n_pos: self.lengths.n_pos },
            ),
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
            EditKind::KnockOutExpert { layer, expert, query } => {
                let neurons = self.flags("expert", expert, Axis::Expert.len(self.spec, self.lengths), "experts")?;
                let part = Part { positions: self.positions("query", query)?, neurons, ..Part::default() };
                self.at(
                    layer,
                    BlockSite::RouterScores,
                    &Action::Numbers { part, change: Change::Set(f32::NEG_INFINITY) },
                )
            }
            EditKind::Scale { layer, hook, head, neuron, query, factor } => {
                self.numbers(layer.as_ref(), hook, [head, neuron, query], Change::Scale(finite("factor", *factor)?))
            }
            EditKind::Set { layer, hook, head, neuron, query, value } => {
                let change = match value {
                    SetValue::One(value) => Change::Set(finite("value", *value)?),
                    SetValue::Each(values) => {
                        values.iter().try_for_each(|value| finite("value", *value).map(drop))?;
                        Change::SetEach(Arc::from(values.as_slice()))
                    }
                };
                self.numbers(layer.as_ref(), hook, [head, neuron, query], change)
            }
            EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
                let (head, neuron) = (Some(head.clone()), Some(neuron.clone()));
                let mut actions = Vec::new();
                for layer in self.layers(layer)? {
                    let is_changed = self.attn == Attn::Own && self.spec.changes_queries(layer);
                    let hook = if is_changed { "attn.hook_rot_q" } else { "attn.hook_q" };
                    let parts = [&head, &neuron, &None];
                    let change = Change::Scale(finite("factor", *factor)?);
                    actions.extend(self.numbers(Some(&Choice::One(layer)), hook, parts, change)?);
                }
                Ok(actions)
            }
            EditKind::Add { layer, hook, vector, query, factor } => {
                let hooks = self.hooks(layer.as_ref(), hook)?;
                let width = match hooks[0].axes() {
                    [Axis::Pos, axis @ (Axis::DModel | Axis::DEmbed)] => axis.len(self.spec, self.lengths),
                    _ => return Err(InvalidEdit(format!("add: {} is no activation of the stream", hooks[0]))),
                };
                if vector.len() != width {
                    return Err(InvalidEdit(format!("vector: expected {width} numbers, found {}", vector.len())));
                }
                let factor = finite("factor", *factor)?;
                let added = vector.iter().map(|value| finite("vector", value * factor));
                let vector = added.collect::<Result<Vec<f32>, InvalidEdit>>()?;
                let positions = self.positions("query", query.as_ref().unwrap_or(&all))?;
                let action = Action::Add { positions, vector };
                Ok(hooks.into_iter().map(|hook| (hook, action.clone())).collect())
            }
            EditKind::Patch { layer, hook, query, head, neuron, from } => {
                let hooks = self.hooks(layer.as_ref(), hook)?;
                let part = self.part(hooks[0], [head, neuron, query])?;
                let patch = |hook: Hook| Ok((hook, self.patch(hook, part.clone(), from, patches)?));
                hooks.into_iter().map(patch).collect()
            }
        }
    }

    fn patch(&self, hook: Hook, part: Part, from: &PatchFrom, patches: &PatchValues) -> Result<Action, InvalidEdit> {
        let missing = || {
            InvalidEdit(match (self.stack, from) {
                (Some(Stack::Decoder), PatchFrom::Text(..) | PatchFrom::Ids(_)) => {
                    format!("patch: {from} says nothing about what a decoder reads: name a trace file instead")
                }
                _ => format!("patch: {hook} of {from} is not here"),
            })
        };
        let values = patches.get(from, hook).ok_or_else(missing)?;
        let shape = hook.shape(self.spec, self.lengths);
        if values.len() != shape.iter().product::<usize>() {
            return Err(unequal(hook, &shape, values.len()));
        }
        let is_of_source = hook.axes()[0] == Axis::SourcePos;
        let n_pos = if is_of_source { self.lengths.n_source } else { self.lengths.n_pos };
        Ok(Action::Patch { part, values, n_pos })
    }

    fn at(&self, layer: &Choice, site: BlockSite, action: &Action) -> Actions {
        let hooks = self.hooks(Some(layer), site.name())?;
        Ok(hooks.into_iter().map(|hook| (hook, action.clone())).collect())
    }

    fn layers(&self, layer: &Choice) -> Result<Vec<usize>, InvalidEdit> {
        let layers = self.flags("layer", layer, self.spec.n_layers, "layers")?;
        Ok((0..layers.len()).filter(|&layer| layers[layer]).collect())
    }

    fn numbers(&self, layer: Option<&Choice>, hook: &str, parts: [&Option<Choice>; 3], change: Change) -> Actions {
        let hooks = self.hooks(layer, hook)?;
        let part = self.part(hooks[0], parts)?;
        if let Change::SetEach(values) = &change {
            let neurons = hooks[0].axes().iter().copied().find(|axis| is_neuron(*axis));
            let n_neurons = neurons.map_or(0, |axis| axis.len(self.spec, self.lengths));
            if values.len() != n_neurons || !part.neurons.is_empty() {
                let message =
                    format!("value: expected a number, or {n_neurons} for all neurons, found {}", values.len());
                return Err(InvalidEdit(message));
            }
        }
        let action = Action::Numbers { part, change };
        Ok(hooks.into_iter().map(|hook| (hook, action.clone())).collect())
    }

    /// The part that head, neuron and query choose of a hook.
    fn part(&self, hook: Hook, [head, neuron, query]: [&Option<Choice>; 3]) -> Result<Part, InvalidEdit> {
        let axes = hook.axes();
        let refuse = |field: &str| InvalidEdit(format!("{field}: {hook} has no such axis"));
        let flags = |field: &str, choice: &Option<Choice>, axis: Option<Axis>| match (choice, axis) {
            (None, _) => Ok(Vec::new()),
            (Some(_), None) => Err(refuse(field)),
            (Some(choice), Some(Axis::KeyValueHead)) => self.key_value_heads(choice, hook),
            (Some(choice), Some(axis)) => {
                self.flags(field, choice, axis.len(self.spec, self.lengths), &format!("{field}s"))
            }
        };
        let axis = |wanted: &[Axis]| axes.iter().copied().find(|axis| wanted.contains(axis));
        let head_axis = axis(&[Axis::Head, Axis::KeyValueHead]);
        let query = query.clone().filter(|query| *query != Choice::All || axis(POSITIONS).is_none());
        Ok(Part {
            positions: flags("query", &query, axis(POSITIONS))?,
            // A neuron is counted within its head, so the heads are spelled out wherever there are any.
            heads: flags("head", &head_axis.map(|_| head.clone().unwrap_or(Choice::All)).or(head.clone()), head_axis)?,
            neurons: flags("neuron", neuron, axes.iter().copied().find(|axis| is_neuron(*axis)))?,
        })
    }

    /// The hooks that an edit names: below `blocks.l.` with its layers, by its whole name, or outside the blocks, where a
    /// layer says nothing.
    pub fn hooks(&self, layer: Option<&Choice>, hook: &str) -> Result<Vec<Hook>, InvalidEdit> {
        let whole = hook.parse::<Hook>().ok();
        let layer = match whole {
            Some(Hook::Block(at, _)) => match layer {
                Some(layer) if *layer != Choice::One(at) => {
                    return Err(InvalidEdit(format!("layer: the hook \"{hook}\" names layer {at}")));
                }
                _ => Some(Choice::One(at)),
            },
            Some(outer) if Hook::all(self.spec).contains(&outer) => return Ok(vec![outer]),
            Some(outer) => return Err(InvalidEdit(format!("hook: {} has no {outer}", self.spec.architecture))),
            None => layer.cloned(),
        };
        let site = match whole {
            Some(Hook::Block(_, site)) => self.site(site.name())?,
            _ => self.site(hook)?,
        };
        let layer = layer.ok_or_else(|| InvalidEdit("missing field `layer`".to_owned()))?;
        let site = site.in_attn(if site.is_cross() { Attn::Cross } else { self.attn });
        let layers = self.layers(&layer)?;
        if let Some(layer) = layers.iter().find(|layer| !site.exists_at(self.spec, **layer)) {
            return Err(InvalidEdit(format!("hook: layer {layer} has no {}", site.name())));
        }
        Ok(layers.into_iter().map(|layer| Hook::Block(layer, site)).collect())
    }

    /// A site by its name below `blocks.l.`, or by its last part.
    fn site(&self, hook: &str) -> Result<BlockSite, InvalidEdit> {
        let site = BlockSite::all().find(|site| site.name() == hook || site.name().rsplit('.').next() == Some(hook));
        let site = site.map(|site| if self.attn == Attn::Cross { site.in_attn(Attn::Cross) } else { site });
        match site {
            Some(site) if site.exists_in(self.spec) => Ok(site),
            Some(site) => Err(InvalidEdit(format!("hook: {} has no {}", self.spec.architecture, site.name()))),
            None => Err(InvalidEdit(format!("hook: unknown hook \"{hook}\""))),
        }
    }

    fn heads(&self, head: &Choice) -> Result<Vec<bool>, InvalidEdit> {
        self.flags("head", head, self.spec.n_heads, "heads")
    }

    /// The key-value heads of a hook, of which there may be fewer than query heads.
    fn key_value_heads(&self, head: &Choice, hook: Hook) -> Result<Vec<bool>, InvalidEdit> {
        let (n_heads, n_key_value_heads) = (self.spec.n_heads, self.spec.n_key_value_heads);
        head.flags(n_key_value_heads).map_err(|index| match index < n_heads && n_key_value_heads > 0 {
            true => InvalidEdit(format!(
                "head {index} is a query head, which reads key-value head {}: {hook} has {n_key_value_heads} key-value heads, counted \
                 from 0",
                index / self.spec.queries_per_key_head()
            )),
            false => {
                InvalidEdit(format!("head {index} is not there: {n_key_value_heads} key-value heads, counted from 0"))
            }
        })
    }

    /// The chosen positions; empty for all, tokens that are added later included.
    fn positions(&self, field: &str, choice: &Choice) -> Result<Vec<bool>, InvalidEdit> {
        match choice {
            Choice::All => Ok(Vec::new()),
            _ => self.flags(field, choice, self.lengths.n_pos, "tokens"),
        }
    }

    fn keys(&self, key: &Choice) -> Result<Vec<bool>, InvalidEdit> {
        match key {
            Choice::All => Ok(Vec::new()),
            _ => self.flags("key", key, self.n_key(), "tokens"),
        }
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

/// The axes that `query` chooses from.
const POSITIONS: &[Axis] = &[Axis::Pos, Axis::QueryPos, Axis::SourcePos];

/// Whether `neuron` chooses from an axis.
fn is_neuron(axis: Axis) -> bool {
    matches!(axis, Axis::DHead | Axis::DModel | Axis::DEmbed | Axis::DMlp | Axis::Expert | Axis::Chosen)
}

fn finite(field: &str, number: f32) -> Result<f32, InvalidEdit> {
    let refused = || InvalidEdit(format!("{field}: expected a finite number, found {number}"));
    if number.is_finite() { Ok(number) } else { Err(refused()) }
}
