//! What can be changed where something is shown: for a head, an edge, a row, a token or a neuron the edits that make sense
//! there, with plain names. The menu in the views and the panel both offer these.

use std::collections::BTreeSet;

use super::{PatternRow, edit_name};
use crate::edit::{Choice, Edit, EditKind};
use crate::state::{State, View, wording};
use crate::trace::Side;
use crate::trace::display::TokenLabel;
use crate::trace::numeral::with_minus;

/// Labels of the query tokens and of the key tokens, by position.
type Labels<'a> = (&'a [TokenLabel], &'a [TokenLabel]);

/// Factors that heads and neurons can be scaled by.
const FACTORS: [f32; 4] = [0.5, 2.0, 4.0, -1.0];
/// Factors that strengthen or weaken an edge.
const EDGE_FACTORS: [f32; 3] = [4.0, 2.0, 0.5];
/// Weights that a cell can be painted with.
const WEIGHTS: [f32; 4] = [0.0, 0.25, 0.5, 1.0];

/// The thing that edits are offered for: under the pointer, the keyboard focus or the selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The layer.
    pub layer: usize,
    /// Which heads; none where it is not about heads.
    pub heads: Vec<usize>,
    /// Positions that read.
    pub query: Option<usize>,
    /// Positions that are read.
    pub key: Option<usize>,
    /// Which neuron of the head.
    pub neuron: Option<usize>,
}

/// The edits on offer for a thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Menu {
    /// The name of the thing, as it stands after "Edit".
    pub title: String,
    /// The offers by thing, the smallest thing first.
    pub groups: Vec<Group>,
}

/// Edits of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The thing's name.
    pub name: String,
    /// The edits on offer.
    pub items: Vec<Item>,
}

/// One offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The offer's name.
    pub name: String,
    /// The edits, which are added as one change.
    pub edits: Vec<Edit>,
}

impl State {
    /// What is selected: the last query, key and neuron that are kept, and the active heads.
    pub fn selected_target(&self) -> Target {
        let selection = &self.selection;
        let is_neuron = selection.view == View::Neuron;
        let heads = if is_neuron { vec![selection.head()] } else { selection.heads.iter().copied().collect() };
        let last = |positions: &BTreeSet<usize>| positions.last().copied();
        Target {
            layer: selection.layer,
            heads,
            query: last(&selection.queries),
            key: last(&selection.keys),
            neuron: selection.neuron.filter(|_| is_neuron),
        }
    }

    /// Whether the model on screen can be changed.
    pub fn can_edit(&self) -> bool {
        self.home.is_page() && self.run_of(super::Variant::A).is_some()
    }

    /// The edits on offer for a target.
    pub fn edit_menu(&self, target: &Target) -> Menu {
        self.later().map_or_else(Menu::default, |later| (later.edit_menu)(self, target))
    }

    pub(in crate::state) fn edits_for(&self, target: &Target) -> Menu {
        let Some(a) = self.result(super::Variant::A) else { return Menu::default() };
        let labels: Labels<'_> = (a.labels(Side::Query), a.labels(Side::Key));
        let query_name = |position: usize| token_name(labels.0, position);
        let key_name = |position: usize| token_name(labels.1, position);
        let heads = heads_name(target, a.stack_spec().n_heads);
        let mut groups = Vec::new();
        let mut group = |name: String, items: Vec<Item>| {
            if !items.is_empty() {
                groups.push(Group { name, items });
            }
        };
        if let (Some(neuron), [head]) = (target.neuron, target.heads.as_slice()) {
            let name = format!("Neuron {neuron} of {}", wording::head_name(target.layer, *head));
            group(name, neuron_items(target.layer, *head, neuron));
        }
        if let (Some(query), Some(key), Some(_)) = (target.query, target.key, &heads) {
            group(format!("{} → {}", query_name(query), key_name(key)), self.edge_items(target, query, key, labels));
        }
        if let (Some(query), None, [head]) = (target.query, target.key, target.heads.as_slice()) {
            let row = self.pattern_row(target.layer, *head, query);
            let item = |row: PatternRow| Item { name: "Even weights in its row".to_owned(), edits: vec![row.evened()] };
            group(format!("Row of {}", query_name(query)), row.map(item).into_iter().collect());
        }
        // A token that reads can be read too, but not across two texts.
        let own = target.query.filter(|query| a.has_same_tokens() && target.key.is_none_or(|key| key == *query));
        let tokens = [target.key, own];
        if let Some(token) = tokens.into_iter().flatten().next() {
            group(format!("{} as a key", key_name(token)), token_items(target.layer, token, labels));
        }
        if let Some(heads) = &heads {
            group(heads.clone(), self.head_items(target, labels));
        }
        let title = groups.first().map(|group| wording::within_a_sentence(&group.name)).unwrap_or_default();
        Menu { title, groups }
    }

    fn head_items(&self, target: &Target, labels: Labels<'_>) -> Vec<Item> {
        let (layer, head) = (Choice::One(target.layer), self.head_choice(target));
        let plain = [
            EditKind::ZeroHead { layer: layer.clone(), head: head.clone() },
            EditKind::PositionMeanHead { layer: layer.clone(), head: head.clone() },
            EditKind::UniformPattern { layer, head },
        ];
        let scaled = FACTORS.iter().map(|&factor| scaled_head(target.layer, self.head_choice(target), factor));
        plain.into_iter().map(Edit::new).chain(scaled).map(|edit| item(edit, labels)).collect()
    }

    pub(super) fn head_choice(&self, target: &Target) -> Choice {
        let n_heads = self.shown.as_ref().map_or(0, |shown| shown.stack_spec().n_heads);
        match target.heads.as_slice() {
            [head] => Choice::One(*head),
            all if all.len() == n_heads => Choice::All,
            several => Choice::List(several.to_vec()),
        }
    }

    fn edge_items(&self, target: &Target, query: usize, key: usize, labels: Labels<'_>) -> Vec<Item> {
        let rows: Vec<PatternRow> =
            target.heads.iter().filter_map(|&head| self.pattern_row(target.layer, head, query)).collect();
        // What the mask hides cannot be cut, and has no weight to change.
        if rows.first().is_some_and(|row| key >= row.n_seen) {
            return Vec::new();
        }
        let cut = EditKind::KnockOutEdge {
            layer: Choice::One(target.layer),
            head: self.head_choice(target),
            query: Choice::One(query),
            key: Choice::One(key),
        };
        let mut items = vec![item(Edit::new(cut), labels)];
        let all = |make: &dyn Fn(&PatternRow) -> Option<Edit>| rows.iter().map(make).collect::<Option<Vec<Edit>>>();
        let mut offer = |name: String, edits: Option<Vec<Edit>>| {
            items.extend(edits.filter(|edits| !edits.is_empty()).map(|edits| Item { name, edits }));
        };
        for factor in EDGE_FACTORS {
            let word = if factor > 1.0 { "Strengthen" } else { "Weaken" };
            offer(format!("{word} × {factor}"), all(&|row| row.strengthened(key, factor)));
        }
        for weight in WEIGHTS {
            offer(format!("Set weight to {weight}"), all(&|row| row.with_weight(key, weight)));
        }
        items
    }

    /// The edit that multiplies what is selected: a neuron of the query, or the output of the heads.
    pub fn scaling(&self, target: &Target, factor: f32) -> Option<Edit> {
        match (target.neuron, target.heads.as_slice()) {
            (_, []) => None,
            (Some(neuron), [head]) => Some(scaled_neuron(target.layer, *head, neuron, factor)),
            _ => Some(scaled_head(target.layer, self.head_choice(target), factor)),
        }
    }
}

fn scaled_head(layer: usize, head: Choice, factor: f32) -> Edit {
    Edit::new(EditKind::Scale {
        layer: Some(Choice::One(layer)),
        hook: "attn.hook_z".to_owned(),
        head: Some(head),
        neuron: None,
        query: None,
        factor,
    })
}

fn scaled_neuron(layer: usize, head: usize, neuron: usize, factor: f32) -> Edit {
    let (layer, head, neuron) = (Choice::One(layer), Choice::One(head), Choice::One(neuron));
    Edit::new(EditKind::ScaleQNeuron { layer, head, neuron, factor })
}

fn neuron_items(layer: usize, head: usize, neuron: usize) -> Vec<Item> {
    let zero =
        Item { name: format!("Zero query neuron {neuron}"), edits: vec![scaled_neuron(layer, head, neuron, 0.0)] };
    let scaled = FACTORS.iter().map(|&factor| Item {
        name: format!("Scale query neuron {neuron} × {}", with_minus(&factor.to_string())),
        edits: vec![scaled_neuron(layer, head, neuron, factor)],
    });
    std::iter::once(zero).chain(scaled).collect()
}

fn token_items(layer: usize, token: usize, labels: Labels<'_>) -> Vec<Item> {
    let (at, key) = (Choice::One(layer), Choice::One(token));
    let kinds = [
        EditKind::BlockToken { layer: at.clone(), key: key.clone() },
        EditKind::BlockToken { layer: Choice::All, key: key.clone() },
        EditKind::ZeroValue { layer: at, key: key.clone() },
        EditKind::ZeroValue { layer: Choice::All, key },
    ];
    kinds.into_iter().map(|kind| item(Edit::new(kind), labels)).collect()
}

fn item(edit: Edit, labels: Labels<'_>) -> Item {
    Item { name: edit_name(&edit, labels), edits: vec![edit] }
}

fn token_name(labels: &[TokenLabel], position: usize) -> String {
    labels.get(position).map_or_else(|| format!("token {position}"), |label| format!("“{}”", label.plain.trim()))
}

fn heads_name(target: &Target, n_heads: usize) -> Option<String> {
    match target.heads.as_slice() {
        [] => None,
        [head] => Some(wording::head_name(target.layer, *head)),
        all if all.len() == n_heads => Some(format!("Every head of layer {}", target.layer)),
        several => Some(format!("{} heads of layer {}", several.len(), target.layer)),
    }
}
