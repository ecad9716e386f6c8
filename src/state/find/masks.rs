//! Masks: chosen edits of heads, with what they do to the set's measure, to a control and to plain text, beside random masks.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::search::{Search, Unit};
use super::trials::Trials;
use crate::analysis::statistics::{
    Bootstrap, Clusters, Estimate, MaskEffect, difference_of_effects, mask_effect, mean,
};
use crate::edit::{Choice, Edit, EditKind};
use crate::random::SplitMix64;
use crate::sets::made::Made;
use crate::sets::{Label, Row, Version};
use crate::state::wording::{count, head_name};
use crate::state::{Effect, State};

/// Rows of a control, and texts whose tokens are predicted.
const N_CONTROL: usize = 48;
const N_TEXTS: usize = 12;
/// Heads that are named.
const N_NAMED: usize = 8;

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
    asked: MaskAsked,
    /// Rows of the set, of the control, of plain text.
    groups: [Range<usize>; 3],
    heads: Vec<(usize, usize)>,
    seed: u64,
}

/// What a mask does.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskFound {
    /// On the measure, on the control, and on the mean −ln p of the tokens of plain text; `None` where nothing could be measured.
    pub effects: [Option<MaskEffect>; 3],
    /// The effect on the measure minus that on the control.
    pub difference: Option<Estimate>,
}

/// Heads by layer, under one kind of edit.
type Masked = BTreeMap<(bool, usize), Vec<usize>>;

impl Trials {
    /// What the mask does; nothing before the first numbers under it.
    pub fn masked(&self) -> Option<MaskFound> {
        let plan = self.mask.as_ref()?;
        let bootstrap = Bootstrap::of_seed(plan.seed);
        let groups = [0, 1, 2].map(|group| self.group_numbers(plan, group));
        let effects = [0, 1, 2].map(|group| {
            let (numbers, clusters) = &groups[group];
            mask_effect(numbers, clusters, bootstrap)
        });
        let both = [0, 1].map(|group| (groups[group].0.as_slice(), &groups[group].1));
        let difference = difference_of_effects(both, bootstrap);
        effects.iter().any(Option::is_some).then_some(MaskFound { effects, difference })
    }

    /// The numbers of a group's units under each list of edits that is done, and the units' clusters.
    fn group_numbers(&self, plan: &MaskPlan, group: usize) -> (Vec<Vec<f64>>, Clusters) {
        let range = plan.groups[group].clone();
        let rows = &self.rows[range.clone()];
        let units = units(rows);
        let weights = label_weights(rows);
        let number = |variant: usize, row: usize| {
            let numbers = self.numbers.get(&(variant, range.start + row));
            let number = numbers.map_or(f64::NAN, |numbers| f64::from(numbers[if group == 2 { 3 } else { 0 }]));
            number * weights[row]
        };
        // A variant counts once all of its rows of the group are there.
        let is_done = |variant: &usize| {
            let n_done = self.numbers.range((*variant, range.start)..(*variant, range.end)).count();
            let n_refused = self.refused.iter().filter(|(row, _)| range.contains(&(*row as usize))).count();
            n_done > 0 && n_done + n_refused >= range.len()
        };
        let values = |variant: usize| {
            let unit = |unit: &Unit| number(variant, unit.row) - unit.other.map_or(0.0, |other| number(variant, other));
            units.iter().map(unit).collect::<Vec<f64>>()
        };
        let numbers = (0..self.variants.len()).take_while(is_done).map(values).collect();
        (numbers, Clusters::by_key(units.iter().map(|unit| shared(&rows[unit.row], unit.row))))
    }

    /// Of what the numbers of a mask are, a sentence each.
    pub fn mask_statement(&self) -> Vec<String> {
        let Some(plan) = &self.mask else { return Vec::new() };
        let named: Vec<String> =
            plan.heads.iter().take(N_NAMED).map(|(layer, head)| head_name(*layer, *head)).collect();
        let more = if plan.heads.len() > N_NAMED { ", …" } else { "" };
        let chosen = match plan.asked.source {
            MaskSource::Edits => {
                "the edits of the page (where they were chosen after a look at this set, its numbers look larger than they are)"
            }
            MaskSource::Found => {
                "the heads that the search ranks first on one half of the clusters, set to 0; measured on the other half"
            }
        };
        let refused = match self.refused.first() {
            None => String::new(),
            Some((row, reason)) => {
                format!(" {} left out (row {}: {reason}).", count(self.refused.len(), "row"), row + 1)
            }
        };
        let [measure, control, plain] = plan.groups.clone().map(|group| group.len());
        vec![
            format!(
                "Mask: {}: {}{more}; {chosen}. Model: {}.",
                count(plan.heads.len(), "head"),
                named.join(", "),
                self.model
            ),
            format!(
                "Measure: the outcome of {} of {}{}; control: the same of {control} rows of {}; plain text: mean −ln p over {plain} texts.{refused}",
                count(measure, "row"),
                self.set.name,
                if has_numeric_labels(&self.rows[plan.groups[0].clone()]) {
                    ", times the standardised label"
                } else {
                    ""
                },
                plan.asked.control.name(),
            ),
            format!(
                "Changes in standard deviations of rows or pairs without edits; intervals: 95 %, whole clusters; p: among {} that zero or \
                 average as many heads of each layer, drawn at random.",
                count(plan.asked.n_random, "random mask")
            ),
        ]
    }
}

/// Rows, or version a with version b of a pair.
fn units(rows: &[Row]) -> Vec<Unit> {
    if rows.iter().all(|row| row.version.is_none()) {
        return (0..rows.len()).map(|row| Unit { row, other: None }).collect();
    }
    let of_version = |wanted: Version| (0..rows.len()).filter(move |row| rows[*row].version == Some(wanted));
    let second: BTreeMap<Option<&str>, usize> =
        of_version(Version::B).map(|row| (rows[row].pair_id.as_deref(), row)).collect();
    let unit = |row: usize| Some(Unit { row, other: Some(*second.get(&rows[row].pair_id.as_deref())?) });
    of_version(Version::A).filter_map(unit).collect()
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

fn has_numeric_labels(rows: &[Row]) -> bool {
    let weights = label_weights(rows);
    weights.iter().any(|weight| *weight != 1.0)
}

/// The standardised labels of rows whose labels are numbers that differ; else 1.
fn label_weights(rows: &[Row]) -> Vec<f64> {
    let label = |row: &Row| match row.label {
        Some(Label::Number(number)) => number,
        _ => f64::NAN,
    };
    let labels: Vec<f64> = rows.iter().map(label).collect();
    let centre = mean(&labels).unwrap_or(f64::NAN);
    let deviation =
        mean(&labels.iter().map(|label| (label - centre).powi(2)).collect::<Vec<f64>>()).unwrap_or(0.0).sqrt();
    let is_standard = deviation > 0.0 && labels.iter().all(|label| label.is_finite());
    labels.iter().map(|label| if is_standard { (label - centre) / deviation } else { 1.0 }).collect()
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

    fn mask_trials(&self, asked: MaskAsked) -> Result<Trials, String> {
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
        let texts: Vec<Row> = Made::Texts.rows(N_TEXTS, seed);
        let ends = [measured.len(), measured.len() + control.len(), measured.len() + control.len() + texts.len()];
        let rows: Vec<Row> = measured.into_iter().chain(control).chain(texts).collect();
        let random =
            (0..asked.n_random).map(|index| edits(&random_mask(&masked, n_heads, SplitMix64::nth(seed, index as u64))));
        let variants = [Vec::new(), edits(&masked)].into_iter().chain(random).collect();
        let heads = masked.iter().flat_map(|((_, layer), heads)| heads.iter().map(|head| (*layer, *head))).collect();
        let plan = MaskPlan { asked, groups: [0..ends[0], ends[0]..ends[1], ends[1]..ends[2]], heads, seed };
        Ok(Trials::new(set, rows, variants, Some(plan)))
    }

    /// The heads that the edits of the page zero or average.
    fn masked_heads(&self, n_layers: usize, n_heads: usize) -> Result<Masked, String> {
        let mut masked = Masked::new();
        for edit in self.editing.edits().into_iter().filter(|edit| edit.on) {
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

/// The heads that are farthest from the middle on one half of the clusters, and the rows of the other half.
fn best_on_half(search: &Search, n_wanted: usize, seed: u64) -> Result<(Masked, Vec<Row>), String> {
    if search.form.is_area {
        return Err("The search tells labels apart: a mask takes heads by a mean, so search without AUC.".to_owned());
    }
    let rows = &search.set.rows;
    let units = search.units();
    let clusters = Clusters::by_key(units.iter().map(|unit| shared(&rows[unit.row], unit.row)));
    let [first, second] = clusters.halves(seed);
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
