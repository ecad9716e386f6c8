//! Checks edits against a model and an input, and turns each into actions at its hooks.

use super::{Action, Change, CompiledEdits, Part};
use crate::edit::{Choice, Edit, EditKind, InvalidEdit};
use crate::trace::{Axis, BlockSite, Hook, Spec};

impl CompiledEdits {
    /// Binds the edits that are switched on.
    ///
    /// # Errors
    /// The first edit that does not fit, by its place in the list and its field.
    pub fn bind(edits: &[Edit], spec: &Spec, n_pos: usize) -> Result<Self, InvalidEdit> {
        let mut bound = Self { d_head: spec.d_head, ..Self::default() };
        for (index, edit) in edits.iter().enumerate().filter(|(_, edit)| edit.on) {
            let binder = Binder { spec, n_pos };
            let actions = binder.bind(edit).map_err(|error| InvalidEdit(format!("edit {}: {error}", index + 1)))?;
            for (hook, action) in actions {
                bound.actions.entry(hook).or_default().push(action);
            }
        }
        Ok(bound)
    }
}

struct Binder<'a> {
    spec: &'a Spec,
    n_pos: usize,
}

type Actions = Result<Vec<(Hook, Action)>, InvalidEdit>;

impl Binder<'_> {
    fn bind(&self, edit: &Edit) -> Actions {
        if edit.stack.is_some() || edit.attn == Some(crate::edit::Attn::Cross) {
            return Err(InvalidEdit(format!("{} has one stack and no cross-attention", self.spec.architecture)));
        }
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
                let keys = self.positions("key", key)?;
                self.at(layer, BlockSite::AttnScores, &Action::KnockOut { heads, queries, keys, keep_own: false })
            }
            EditKind::BlockToken { layer, key } => {
                let (heads, queries) = (self.heads(&all)?, self.positions("query", &all)?);
                let keys = self.positions("key", key)?;
                self.at(layer, BlockSite::AttnScores, &Action::KnockOut { heads, queries, keys, keep_own: true })
            }
            EditKind::UniformPattern { layer, head } => {
                self.at(layer, BlockSite::Pattern, &Action::Uniform { heads: self.heads(head)? })
            }
            EditKind::SetPatternRow { layer, head, query, weights } => {
                if weights.len() != self.n_pos {
                    let message =
                        format!("weights: expected {} numbers, one per token, found {}", self.n_pos, weights.len());
                    return Err(InvalidEdit(message));
                }
                if let Some(wrong) = weights.iter().find(|weight| !(**weight >= 0.0 && weight.is_finite())) {
                    return Err(InvalidEdit(format!("weights: expected numbers of at least 0, found {wrong}")));
                }
                let (heads, queries) = (self.heads(head)?, self.positions("query", query)?);
                self.at(layer, BlockSite::Pattern, &Action::SetRow { heads, queries, weights: weights.clone() })
            }
            EditKind::ZeroValue { layer, key } => {
                let part = Part { positions: self.positions("key", key)?, ..Part::default() };
                self.at(layer, BlockSite::V, &Action::Numbers { part, change: Change::Set(0.0) })
            }
            EditKind::Scale { layer, hook, head, neuron, query, factor } => {
                self.numbers(layer, hook, [head, neuron, query], Change::Scale(*factor))
            }
            EditKind::Set { layer, hook, head, neuron, query, value } => {
                self.numbers(layer, hook, [head, neuron, query], Change::Set(*value))
            }
            EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
                let hook = if self.spec.rotary().is_some() { "attn.hook_rot_q" } else { "attn.hook_q" };
                let (head, neuron) = (Some(head.clone()), Some(neuron.clone()));
                self.numbers(layer, hook, [&head, &neuron, &None], Change::Scale(*factor))
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
        let layers = self.flags("layer", layer, self.spec.n_layers, "layers")?;
        let layers = (0..layers.len()).filter(|&layer| layers[layer]);
        Ok(layers.map(|layer| (Hook::Block(layer, site), action.clone())).collect())
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
                self.flags(field, choice, axis.len(self.spec, self.n_pos), &format!("{field}s"))
            }
        };
        let axis = |wanted: &[Axis]| axes.iter().copied().find(|axis| wanted.contains(axis));
        let head_axis = axis(&[Axis::Head, Axis::KeyValueHead]);
        let part = Part {
            positions: flags("query", query, axis(&[Axis::Pos, Axis::QueryPos]))?,
            // A neuron is counted within its head, so the heads are spelled out wherever there are any.
            heads: flags("head", &head_axis.map(|_| head.clone().unwrap_or(Choice::All)).or(head.clone()), head_axis)?,
            neurons: flags("neuron", neuron, axis(&[Axis::DHead, Axis::DModel, Axis::DMlp]))?,
        };
        self.at(layer, site, &Action::Numbers { part, change })
    }

    /// A site by its name below `blocks.l.`, or by its last part.
    fn site(&self, hook: &str) -> Result<BlockSite, InvalidEdit> {
        let site = BlockSite::all().find(|site| site.name() == hook || site.name().rsplit('.').next() == Some(hook));
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
        self.flags(field, choice, self.n_pos, "tokens")
    }

    fn flags(&self, field: &str, choice: &Choice, len: usize, what: &str) -> Result<Vec<bool>, InvalidEdit> {
        choice
            .flags(len)
            .map_err(|index| InvalidEdit(format!("{field} {index} is not there: {len} {what}, counted from 0")))
    }
}
