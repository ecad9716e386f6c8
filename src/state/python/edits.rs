//! Each kind of edit as a Python function that changes an activation in place.

use std::collections::BTreeSet;

use serde_json::json;

use super::place::{Place, numbers};
use crate::edit::{Choice, Edit, EditKind, PatchFrom, SetValue};
use crate::trace::{Axis, BlockSite, Hook, Spec};

/// The functions of a script, and which sites they need.
#[derive(Debug, Default)]
pub struct EditCode {
    functions: String,
    /// Names of sites that are changed or read, without their layers.
    pub sites: BTreeSet<String>,
    /// Whether an edit of a pattern asks which scores are finite.
    pub needs_seen: bool,
}

/// Scores of masked keys lie below this number, −∞ or the smallest number of the format.
const FLOOR: &str = "-1e30";

impl EditCode {
    /// Adds `edit_N`.
    ///
    /// # Errors
    /// One sentence: what the edit names is not there.
    pub fn add(&mut self, number: usize, edit: &Edit, spec: &Spec, n_tokens: usize) -> Result<(), String> {
        let own = |site: BlockSite, layer: &Choice| Target::of_site(site, layer, spec);
        let square = BlockSite::AttnScores.axes();
        let value_at = |place: &Place, statement: &str| place.lines(&[statement.replace("AT", &place.index)]);
        match &edit.kind {
            EditKind::ZeroHead { layer, head } => {
                let place = at(BlockSite::Z.axes(), [Some(head), None, None, None]);
                self.function(number, "zero_head", &own(BlockSite::Z, layer), &value_at(&place, "value[AT] = 0"));
            }
            EditKind::PositionMeanHead { layer, head } => {
                let place = at(BlockSite::Z.axes(), [Some(head), None, None, None]);
                let body = value_at(&place, "value[AT] = value[AT].mean(1, keepdim=True)");
                self.function(number, "position_mean_head", &own(BlockSite::Z, layer), &body);
            }
            EditKind::KnockOutEdge { layer, head, query, key } => {
                let place = at(square, [Some(head), None, Some(query), Some(key)]);
                let body = value_at(&place, "value[AT] = -torch.inf");
                self.function(number, "knock_out_edge", &own(BlockSite::AttnScores, layer), &body);
            }
            EditKind::BlockToken { layer, key } => {
                let body = format!(
                    "    for key in {}:\n        own = value[:, :, key, key].clone()\n        value[:, :, :, key] = -torch.inf\n        \
                     value[:, :, key, key] = own\n",
                    numbers(key, n_tokens)
                );
                self.function(number, "block_token", &own(BlockSite::AttnScores, layer), &body);
            }
            EditKind::KnockOutExpert { .. } => {
                return Err(
                    "In Hugging Face's models a router chooses before a script can change its scores.".to_owned()
                );
            }
            EditKind::UniformPattern { layer, head } => {
                let place = at(square, [Some(head), None, None, None]);
                let body = value_at(&place, "value[AT] = (SEEN[hook] / SEEN[hook].sum(-1, keepdim=True))[AT]");
                self.pattern_function(number, "uniform_pattern", layer, spec, &body);
            }
            EditKind::SetPatternRow { layer, head, query, weights } => {
                let place = at(square, [Some(head), None, Some(query), None]);
                let row = format!("row = torch.tensor({weights:?}) * SEEN[hook][{}]", place.index);
                let set = format!("value[{}] = row / row.sum(-1, keepdim=True)", place.index);
                self.pattern_function(number, "set_pattern_row", layer, spec, &place.lines(&[row, set]));
            }
            EditKind::ZeroValue { layer, key } => {
                let place = at(BlockSite::V.axes(), [None, None, Some(key), None]);
                self.function(number, "zero_value", &own(BlockSite::V, layer), &value_at(&place, "value[AT] = 0"));
            }
            EditKind::Scale { layer, hook, head, neuron, query, factor } => {
                let target = Target::named(hook, layer.as_ref(), spec)?;
                let place = at(target.axes, [head.as_ref(), neuron.as_ref(), query.as_ref(), None]);
                let body = numbers_body(&target, &place, &format!("value[AT] * {factor:?}"));
                self.function(number, "scale", &target, &body);
            }
            EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
                let is_changed = spec.changes_queries(0);
                if (0..spec.n_layers).any(|other| spec.changes_queries(other) != is_changed) {
                    return Err(
                        "Layers of this model enter the product in different ways, which one function cannot say."
                            .to_owned(),
                    );
                }
                let target = own(if is_changed { BlockSite::RotQ } else { BlockSite::Q }, layer);
                let place = at(target.axes, [Some(head), Some(neuron), None, None]);
                self.function(
                    number,
                    "scale_q_neuron",
                    &target,
                    &value_at(&place, &format!("value[AT] *= {factor:?}")),
                );
            }
            EditKind::Set { layer, hook, head, neuron, query, value } => {
                let target = Target::named(hook, layer.as_ref(), spec)?;
                let place = at(target.axes, [head.as_ref(), neuron.as_ref(), query.as_ref(), None]);
                let to = match value {
                    SetValue::One(one) => format!("torch.full_like(value[AT], {one:?})"),
                    SetValue::Each(each) => format!("torch.tensor({each:?}).expand_as(value[AT])"),
                };
                self.function(number, "set", &target, &numbers_body(&target, &place, &to));
            }
            EditKind::Add { layer, hook, vector, query, factor } => {
                let target = Target::named(hook, layer.as_ref(), spec)?;
                let place = at(target.axes, [None, None, query.as_ref(), None]);
                let statement = format!("value[AT] += {factor:?} * torch.tensor({vector:?})");
                self.function(number, "add", &target, &value_at(&place, &statement));
            }
            EditKind::Patch { layer, hook, query, head, neuron, from } => {
                let target = Target::named(hook, layer.as_ref(), spec)?;
                let place = at(target.axes, [head.as_ref(), neuron.as_ref(), query.as_ref(), None]);
                let body = value_at(&place, &format!("value[AT] = KEPT_{number}[hook][AT]"));
                self.function(number, "patch", &target, &body);
                self.functions.push_str(&kept(number, from));
            }
        }
        Ok(())
    }

    /// All functions, for a model of so many layers.
    pub fn text(&self, n_layers: usize) -> String {
        let mut text = String::new();
        if self.needs_seen {
            text.push_str(&format!(
                "SEEN = {{}}  # which scores are finite, by the hook of the pattern\n\n\n\
                 def seen(value, hook):\n    SEEN[hook.replace(\"attn_scores\", \"pattern\")] = value > {FLOOR}\n\n\n\
                 seen.hooks = [f\"blocks.{{layer}}.attn.hook_attn_scores\" for layer in range({n_layers})]\n\n\n"
            ));
        }
        text + &self.functions
    }

    fn function(&mut self, number: usize, kind: &str, target: &Target, body: &str) {
        self.sites.insert(target.site.to_owned());
        self.functions.push_str(&format!(
            "def edit_{number}(value, hook):  # {kind}\n{body}\n\nedit_{number}.hooks = {}\n\n\n",
            target.hooks
        ));
    }

    fn pattern_function(&mut self, number: usize, kind: &str, layer: &Choice, spec: &Spec, body: &str) {
        self.needs_seen = true;
        self.sites.insert(BlockSite::AttnScores.name().to_owned());
        self.function(number, kind, &Target::of_site(BlockSite::Pattern, layer, spec), body);
    }
}

/// The hooks that an edit changes.
struct Target {
    site: &'static str,
    axes: &'static [Axis],
    /// A list in Python.
    hooks: String,
    /// Whether masked scores stay masked.
    is_scores: bool,
}

impl Target {
    fn of_site(site: BlockSite, layer: &Choice, spec: &Spec) -> Self {
        let hooks = match layer {
            Choice::One(layer) => format!("[\"blocks.{layer}.{}\"]", site.name()),
            layers => {
                format!("[f\"blocks.{{layer}}.{}\" for layer in {}]", site.name(), numbers(layers, spec.n_layers))
            }
        };
        Self { site: site.name(), axes: site.axes(), hooks, is_scores: site == BlockSite::AttnScores }
    }

    /// What an edit names: a whole name, or one below `blocks.l.` with its layers.
    fn named(hook: &str, layer: Option<&Choice>, spec: &Spec) -> Result<Self, String> {
        let missing = || format!("The model has no {hook}.");
        match (hook.parse::<Hook>(), layer) {
            (Ok(Hook::Block(layer, site)), _) => Ok(Self::of_site(site, &Choice::One(layer), spec)),
            (Ok(outer), _) => Hook::all(spec)
                .contains(&outer)
                .then(|| Self {
                    site: outer_name(outer),
                    axes: outer.axes(),
                    hooks: format!("[\"{outer}\"]"),
                    is_scores: false,
                })
                .ok_or_else(missing),
            (Err(_), Some(layer)) => BlockSite::all()
                .find(|site| site.name() == hook || site.name().rsplit('.').next() == Some(hook))
                .map(|site| Self::of_site(site, layer, spec))
                .ok_or_else(missing),
            (Err(_), None) => Err(missing()),
        }
    }
}

fn outer_name(hook: Hook) -> &'static str {
    match hook {
        Hook::Embed => "hook_embed",
        Hook::PosEmbed => "hook_pos_embed",
        Hook::TokenTypeEmbed => "hook_token_type_embed",
        Hook::FullEmbed => "hook_full_embed",
        Hook::LnFinal | Hook::Block(..) => "ln_final.hook_out",
    }
}

/// The place that head, neuron, query and key choose.
fn at(axes: &[Axis], [head, neuron, query, key]: [Option<&Choice>; 4]) -> Place {
    Place::new(axes, |axis| match axis {
        Axis::Head | Axis::KeyValueHead => head,
        Axis::Pos | Axis::QueryPos => query,
        Axis::KeyPos | Axis::SourcePos => key,
        Axis::DHead | Axis::DModel | Axis::DEmbed | Axis::DMlp | Axis::Expert | Axis::Chosen => neuron,
    })
}

/// Numbers that become others.
fn numbers_body(target: &Target, place: &Place, to: &str) -> String {
    let statement = if target.is_scores {
        format!("value[AT] = torch.where(value[AT] > {FLOOR}, {to}, value[AT])")
    } else {
        format!("value[AT] = {to}")
    };
    place.lines(&[statement.replace("AT", &place.index)])
}

/// The values that a patch takes.
fn kept(number: usize, from: &PatchFrom) -> String {
    let ids = match from {
        PatchFrom::Trace(file) => {
            return format!(
                "KEPT_{number} = {{hook: load_file({})[hook][None] for hook in edit_{number}.hooks}}\n\n\n",
                json!(file)
            );
        }
        PatchFrom::Text(text, None) => format!("tokenizer({})[\"input_ids\"]", json!(text)),
        PatchFrom::Text(text, Some(pair)) => format!("tokenizer({}, {})[\"input_ids\"]", json!(text), json!(pair)),
        PatchFrom::Ids(ids) => format!("{ids:?}"),
    };
    format!(
        "KEPT_{number} = {{}}\n\
         run({ids}, {{hook: [lambda value, hook: KEPT_{number}.update({{hook: value.clone()}})] for hook in edit_{number}.hooks}})\n\n\n"
    )
}
