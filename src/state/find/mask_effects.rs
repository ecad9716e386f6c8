//! What a mask does: the numbers of its trials beside those of random masks, and of what they are.

use super::masks::{MaskPlan, MaskSource, clusters};
use super::search::Unit;
use super::trials::Trials;
use crate::analysis::statistics::{
    Bootstrap, Clusters, Estimate, MaskEffect, difference_of_effects, mask_effect, standardised,
};
use crate::sets::{Label, Row};
use crate::state::wording::{count, head_name};

/// Heads that are named.
const N_NAMED: usize = 8;

/// What a mask does.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskFound {
    /// On the measure, on the control, and on the mean −ln p of the tokens of plain text; `None` where nothing could be measured.
    pub effects: [Option<MaskEffect>; 3],
    /// The effect on the measure minus that on the control.
    pub difference: Option<Estimate>,
}

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
        let units = Unit::of_rows(rows.iter().enumerate());
        let labels = standard_labels(rows);
        let number = |variant: usize, row: usize| {
            let numbers = self.numbers.get(&(variant, range.start + row));
            let number = numbers.map_or(f64::NAN, |numbers| f64::from(numbers[if group == 2 { 3 } else { 0 }]));
            number * labels.as_ref().map_or(1.0, |labels| labels[row])
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
        (numbers, clusters(rows, &units))
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
                let (row, names) = (*row as usize, ["the measure", "the control", "plain text"]);
                let group = plan.groups.iter().rposition(|group| group.start <= row).unwrap_or(0);
                let at = format!("row {} of {}", row + 1 - plan.groups[group].start, names[group]);
                format!(" {} left out ({at}: {reason}).", count(self.refused.len(), "row"))
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
                "Measure: the outcome of {} of {}{}; control: the same of {control} rows of {}; plain text: {}.{refused}",
                count(measure, "row"),
                self.set.name,
                match standard_labels(&self.rows[plan.groups[0].clone()]) {
                    Some(_) => ", times the standardised label",
                    None => "",
                },
                plan.asked.control.name(),
                match plan.is_pseudo {
                    false => format!("mean −ln p over {plain} texts"),
                    true => format!(
                        "mean −ln p of the tokens of the first sentences of {plain} texts, each masked in turn with the others in sight, \
                         whose exponential is the pseudo-perplexity"
                    ),
                },
            ),
            format!(
                "Changes in standard deviations of rows or pairs without edits; intervals: 95 %, whole clusters; {}",
                match plan.asked.n_random {
                    0 => "no p: the mask takes every head of its layers, so no other mask has as many.".to_owned(),
                    n => format!(
                        "p: among {} that zero or average as many heads of each layer, drawn at random.",
                        count(n, "random mask")
                    ),
                },
            ),
        ]
    }
}

/// The standardised labels of rows whose labels are numbers that differ.
fn standard_labels(rows: &[Row]) -> Option<Vec<f64>> {
    let label = |row: &Row| match row.label {
        Some(Label::Number(number)) => number,
        _ => f64::NAN,
    };
    standardised(&rows.iter().map(label).collect::<Vec<f64>>())
}
