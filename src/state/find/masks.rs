//! Masks: chosen edits of heads, beside random masks of as many heads, over a set, a control and plain text. [`super::mask_effects`] has
//! what they do.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::search::{Search, Unit};
use super::trials::Trials;
use crate::analysis::statistics::{Clusters, mean};
use crate::edit::{Choice, Edit, EditKind};
use crate::random::SplitMix64;
use crate::sets::Row;
use crate::sets::made::Made;
use crate::state::{Effect, State};

/// Rows of a control, and texts whose tokens are predicted.
const N_CONTROL: usize = 48;
const N_TEXTS: usize = 12;
/// Texts of which the first sentence is read, where each of its tokens takes a run.
const N_SENTENCES: usize = 6;

/// Where the edits come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaskSource {
    /// Those of the page: all zero or average whole heads.
    #[default]
    Edits,
    /// Zeroing the heads that the last search ranks first, on half of the clusters.
    Found,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskAsked {
    /// Where the edits come from.
    pub source: MaskSource,
    /// How many heads of the search.
    pub n_heads: usize,
    /// How many random masks.
    pub n_random: usize,
    /// The set that should not change.
    pub control: Made,
}

impl Default for MaskAsked {
    fn default() -> Self {
        Self { source: MaskSource::default(), n_heads: 5, n_random: 20, control: Made::PronounControl }
    }
}

/// Which rows of the trials are which, and what the mask is.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskPlan {
    pub(super) asked: MaskAsked,
    /// Rows of the set, of the control, of plain text.
    pub(super) groups: [Range<usize>; 3],
    pub(super) heads: Vec<(usize, usize)>,
    pub(super) seed: u64,
    /// Whether tokens of plain text are masked in turn, since the model fills in masks.
    pub is_pseudo: bool,
}

/// Heads by layer, under one kind of edit.
type Masked = BTreeMap<(bool, usize), Vec<usize>>;

/// The clusters of units.
pub(super) fn clusters(rows: &[Row], units: &[Unit]) -> Clusters {
    Clusters::by_key(units.iter().map(|unit| shared(&rows[unit.row], unit.row)))
}

/// What a row shares with others: its id up to a `#`, of an id without one its last name; a row without an id stands alone.
fn shared(row: &Row, index: usize) -> (String, usize) {
    match row.pair_id.as_deref() {
        None => (String::new(), index),
        Some(id) => match id.split_once('#') {
            Some((shared, _)) => (shared.to_owned(), 0),
            None => (id.rsplit('/').next().unwrap_or(id).to_owned(), 0),
        },
    }
}

impl State {
    /// Begins the trials of a mask, or says why not.
    pub(super) fn mask_asked(&mut self, asked: MaskAsked, effects: &mut Vec<Effect>) {
        match self.mask_trials(asked) {
            Ok(trials) => {
                self.find.problem = None;
                self.stop_search("a mask was asked for", effects);
                self.find.trials = Some(Arc::new(trials));
            }
            Err(problem) => self.find.problem = Some(problem),
        }
    }

    fn mask_trials(&self, mut asked: MaskAsked) -> Result<Trials, String> {
        let set = self.find.set.clone().ok_or("There is no set yet: make one, or give one.")?;
        let model = self.work.model.as_ref().ok_or("Random masks need the model’s heads: load a model first.")?;
        let (n_layers, n_heads) = (model.spec.n_layers, model.spec.n_heads);
        let seed = self.find.seed()?;
        let (masked, measured) = match asked.source {
            MaskSource::Edits => (self.masked_heads(n_layers, n_heads)?, set.rows.clone()),
            MaskSource::Found => {
                let search = self.find.search.as_ref().filter(|search| search.set.hash == set.hash);
                let search = search.filter(|search| (search.n_layers, search.n_heads) == (n_layers, n_heads));
                let search =
                    search.ok_or("Search this set with this model first: the mask takes the heads that it ranks.")?;
                best_on_half(search, asked.n_heads, seed)?
            }
        };
        let control = asked.control.rows(N_CONTROL, seed);
        let is_pseudo = !model.spec.is_causal();
        let texts: Vec<Row> = match is_pseudo {
            false => Made::Texts.rows(N_TEXTS, seed),
            true => Made::Texts.rows(N_SENTENCES, seed).iter().map(first_sentence).collect(),
        };
        let ends = [measured.len(), measured.len() + control.len(), measured.len() + control.len() + texts.len()];
        let rows: Vec<Row> = measured.into_iter().chain(control).chain(texts).collect();
        // There is no other mask of as many heads where all of a layer are masked.
        if masked.values().all(|heads| heads.len() == n_heads) {
            asked.n_random = 0;
        }
        let random =
            (0..asked.n_random).map(|index| edits(&random_mask(&masked, n_heads, SplitMix64::nth(seed, index as u64))));
        let variants = [Vec::new(), edits(&masked)].into_iter().chain(random).collect();
        let heads = masked.iter().flat_map(|((_, layer), heads)| heads.iter().map(|head| (*layer, *head))).collect();
        let plan = MaskPlan { asked, groups: [0..ends[0], ends[0]..ends[1], ends[1]..ends[2]], heads, seed, is_pseudo };
        Ok(Trials::new(set, rows, variants, Some(plan)))
    }

    /// The heads that the edits of the page zero or average.
    fn masked_heads(&self, n_layers: usize, n_heads: usize) -> Result<Masked, String> {
        let mut masked = Masked::new();
        for edit in self.editing.switched_on() {
            let (is_mean, layer, head) = match edit.kind {
                EditKind::ZeroHead { layer, head } => (false, layer, head),
                EditKind::PositionMeanHead { layer, head } => (true, layer, head),
                _ => {
                    return Err("Random masks are drawn for edits that zero or average whole heads: switch the other edits off."
                        .to_owned());
                }
            };
            let outside =
                || format!("An edit names a head that the model does not have: {n_layers} layers of {n_heads} heads.");
            let layers = layer.flags(n_layers).map_err(|_| outside())?;
            let heads = head.flags(n_heads).map_err(|_| outside())?;
            for layer in (0..n_layers).filter(|layer| layers[*layer]) {
                let of_layer = masked.entry((is_mean, layer)).or_default();
                of_layer.extend((0..n_heads).filter(|head| heads[*head]));
                of_layer.sort_unstable();
                of_layer.dedup();
            }
        }
        match masked.is_empty() {
            true => Err("There are no edits: zero some heads on the page, or take those of a search.".to_owned()),
            false => Ok(masked),
        }
    }
}

/// A row with the first sentence of its text.
fn first_sentence(row: &Row) -> Row {
    let end = row.text.find(['.', '!', '?']).map_or(row.text.len(), |at| at + 1);
    Row { text: row.text[..end].to_owned(), ..row.clone() }
}

/// The heads that are farthest from the middle on one half of the clusters, and the rows of the other half.
fn best_on_half(search: &Search, n_wanted: usize, seed: u64) -> Result<(Masked, Vec<Row>), String> {
    if search.form.is_area {
        return Err("The search tells labels apart: a mask takes heads by a mean, so search without AUC.".to_owned());
    }
    let rows = &search.set.rows;
    let units = search.units();
    let [first, second] = clusters(rows, &units).halves(seed);
    if first.len() < 2 || second.len() < 2 {
        return Err("The rows share too few clusters for two halves.".to_owned());
    }
    let size = |head: usize| {
        let values: Vec<f64> = first.iter().map(|unit| search.value(units[*unit], head)).collect();
        mean(&values).map_or(0.0, f64::abs)
    };
    let sizes: Vec<f64> = (0..search.n_layers * search.n_heads).map(size).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|one, other| sizes[*other].total_cmp(&sizes[*one]));
    let mut masked = Masked::new();
    for head in order.into_iter().take(n_wanted.max(1)) {
        let (layer, head) = search.place(head);
        masked.entry((false, layer)).or_default().push(head);
    }
    let of_unit = |unit: &usize| std::iter::once(units[*unit].row).chain(units[*unit].other);
    Ok((masked, second.iter().flat_map(of_unit).map(|row| rows[row].clone()).collect()))
}

/// As many heads of each layer, drawn at random.
fn random_mask(masked: &Masked, n_heads: usize, seed: u64) -> Masked {
    let mut random = SplitMix64::new(seed);
    let draw = |(place, heads): (&(bool, usize), &Vec<usize>)| {
        let mut all: Vec<usize> = (0..n_heads).collect();
        random.draw(&mut all, heads.len());
        all.truncate(heads.len());
        (*place, all)
    };
    masked.iter().map(draw).collect()
}

fn edits(masked: &Masked) -> Vec<Edit> {
    let edit = |((is_mean, layer), heads): (&(bool, usize), &Vec<usize>)| {
        let (layer, head) = (Choice::One(*layer), Choice::List(heads.clone()));
        let kind =
            if *is_mean { EditKind::PositionMeanHead { layer, head } } else { EditKind::ZeroHead { layer, head } };
        Edit::new(kind)
    };
    masked.iter().map(edit).collect()
}
