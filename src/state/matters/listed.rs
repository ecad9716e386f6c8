//! The ranking as the page lists, draws and tabulates it.

use std::fmt::Write;

use super::choice::Ranked;
use super::ranking::{Part, Ranking};
use super::trial::Tried;
use crate::analysis::agreement::Agreement;
use crate::edit::{Edit, PatchSite};
use crate::protocol::{OutcomeAsked, SweepAsked, SweepNumbers};
use crate::state::editing::{Map, MapCell};
use crate::state::{Shown, State, Variant, wording};
use crate::trace::{BlockSite, Side};

/// How many parts are listed.
const N_LISTED: usize = 100;

/// The largest estimates, and what was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// What this is about: text, model, outcome and edits.
    pub about: String,
    /// The outcome of the run.
    pub outcome: f32,
    /// What is ranked.
    pub ranked: Ranked,
    /// How many parts there are.
    pub n_parts: usize,
    /// The largest, the largest first.
    pub largest: Vec<ListedPart>,
    /// Those drawn at random from the rest, once they are tried.
    pub drawn: Vec<ListedPart>,
    /// How many are tried, of all; nothing before anything is.
    pub progress: Option<(usize, usize)>,
    /// How estimates and exact effects of those drawn at random agree.
    pub agreement: Agreement,
    /// Whether estimates and exact effects part.
    pub parts_ways: bool,
}

/// One part.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPart {
    /// The part.
    pub part: Part,
    /// What it is called.
    pub name: String,
    /// M with the edit minus M, estimated.
    pub estimate: f32,
    /// The same exactly, where it was tried.
    pub exact: Option<f32>,
}

impl State {
    /// The ranking on screen; nothing before it is estimated.
    pub fn listed_matters(&self) -> Option<Listed> {
        let (ranking, trial) = (self.ranking()?, self.trial());
        let listed = |index: usize, exact: Option<f32>| self.listed_part(ranking, index, exact);
        let exact = |index: usize| trial?.exact(index);
        let n_tried = trial.map_or(0, |trial| trial.largest().len());
        let largest = ranking.largest(N_LISTED.max(n_tried)).iter().map(|index| listed(*index, exact(*index)));
        let drawn = trial.map_or(&[][..], |trial| trial.drawn());
        Some(Listed {
            about: self.matters_about(),
            outcome: ranking.outcome,
            ranked: ranking.ranked,
            n_parts: ranking.n_parts(),
            largest: largest.collect(),
            drawn: drawn.iter().map(|Tried { index, exact, .. }| listed(*index, *exact)).collect(),
            progress: trial.map(|trial| trial.progress()),
            agreement: trial.map(|trial| trial.agreement()).unwrap_or_default(),
            parts_ways: trial.is_some_and(|trial| trial.parts_ways()),
        })
    }

    /// A part by its place in a ranking.
    pub(super) fn listed_part(&self, ranking: &Ranking, index: usize, exact: Option<f32>) -> ListedPart {
        let part = ranking.part(index);
        let estimate = ranking.values.get(index).copied().unwrap_or(f32::NAN);
        ListedPart { part, name: self.part_name(&part), estimate, exact }
    }

    /// What numbers about the outcome belong to: "Mary − John · zeroing · SmolLM2 · 14 tokens · Edited (2 edits)".
    pub fn matters_about(&self) -> String {
        let Some(shown) = &self.shown else { return String::new() };
        let choice = &self.matters.choice;
        let from = choice.from.as_ref().map(|text| wording::shortened_to(text, 60).replace('\n', "” and “"));
        let from = from.map(|text| format!(" from “{text}”")).unwrap_or_default();
        format!("{} · {}{from} · {}", self.outcome_name(), choice.edit_name(), self.result_about(shown))
    }

    /// What numbers of a result belong to: "SmolLM2 · 14 tokens · Edited (2 edits) · “When Mary and John …”".
    fn result_about(&self, shown: &Shown) -> String {
        let side = match self.editing.variant {
            Variant::A => "without edits".to_owned(),
            side => {
                let n_edits = self.edits_on_screen().len();
                let edits = if n_edits > 0 { format!(" ({})", wording::count(n_edits, "edit")) } else { String::new() };
                format!("{}{edits}", self.editing.name_of(side))
            }
        };
        let tokens = wording::count(shown.info.tokens.len(), "token");
        let text = match shown.info.text.as_str() {
            "" => String::new(),
            text => format!(" · “{}”", wording::shortened_to(text, 60)),
        };
        wording::of_kind(shown.kind, &format!("{} · {tokens} · {side}{text}", shown.model_name))
    }

    /// What the saliency of tokens belongs to.
    pub fn saliency_about(&self, shown: &Shown) -> String {
        let result = match self.editing.asked {
            // The two sentences are read each on its own, whatever is on screen.
            OutcomeAsked::Cosine { .. } => shown.model_name.clone(),
            _ => self.result_about(shown),
        };
        format!("{} · {result}", self.outcome_name())
    }

    /// The query head to show for a neuron: of a key or value head the first that reads it.
    pub fn query_head(&self, part: &Part) -> usize {
        use BlockSite::*;
        let spec = self.shown.as_ref().map(Shown::stack_spec);
        let per_group = spec.map_or(1, |spec| spec.n_heads / spec.n_key_value_heads.max(1));
        if matches!(part.site, K | RotK | V | CrossK | CrossV) { part.head * per_group } else { part.head }
    }

    /// What a part is called: "L24H4", "L24 ·to (13)", "L3 key head 1 neuron 20".
    pub fn part_name(&self, part: &Part) -> String {
        let Part { ranked, site, kind, layer, head, position, key, neuron } = *part;
        let token = |side: Side, position: usize| {
            let labels = self.shown.as_ref().map_or(&[][..], |shown| &**shown.labels(side));
            wording::token_name(labels, position, position)
        };
        let head_name = wording::head_name(layer, head);
        match ranked {
            Ranked::Heads => head_name,
            Ranked::HeadPositions => format!("{head_name} {}", token(Side::Query, position)),
            Ranked::Stream | Ranked::AttnOutputs | Ranked::MlpOutputs => {
                format!("L{layer} {}", token(Side::Query, position))
            }
            Ranked::MlpNeurons => format!("L{layer} neuron {neuron}"),
            Ranked::HeadNeurons => {
                use BlockSite::*;
                let what = match site {
                    Q | RotQ | CrossQ => "query",
                    K | RotK | CrossK => "key",
                    _ => "value",
                };
                format!("L{layer} {what} head {head} neuron {neuron}")
            }
            Ranked::Links => {
                let (queries, keys) = self.shown.as_ref().map_or((&[][..], &[][..]), |shown| shown.labels_in(kind));
                let [query, key] =
                    [(queries, position), (keys, key)].map(|(labels, at)| wording::token_name(labels, at, at));
                let stack = kind.stack.map(|_| format!("{} ", kind.label().to_lowercase())).unwrap_or_default();
                format!("{stack}{head_name} {query} → {key}")
            }
        }
    }

    /// The estimates as a map of layers by heads or positions, where they have one.
    pub fn matters_map(&self) -> Option<Map> {
        let ranking = self.ranking()?;
        let is_by_position = ranking.ranked.map_by_position()?;
        let (shown, from) = (self.shown.as_ref()?, self.matters.choice.from.as_deref());
        let n_rows = shown.stack_spec().n_layers;
        let n_columns = ranking.n_parts() / n_rows.max(1);
        let mut largest = 0.0f32;
        let cell = |index: usize| {
            let effect = ranking.values.get(index).copied();
            largest = largest.max(effect.map_or(0.0, f32::abs));
            let mut edit: Edit = ranking.part(index).edit(from)?;
            shown.place(&mut edit);
            Some(MapCell { effect, outcome: None, edit })
        };
        let cells = (0..n_rows * n_columns).map(cell).collect();
        Some(Map { n_rows, n_columns, cells, largest, is_by_position })
    }

    /// Estimates beside the exact effects of a sweep over the heads that is on the stage, where both are of the same edit and outcome:
    /// each head's name, estimate and exact effect, M with the edit minus M.
    pub fn swept_beside_estimates(&self) -> Option<Vec<(String, f32, f32)>> {
        let (sweep, ranking) = (self.editing.sweep.as_ref()?, self.estimated_heads()?);
        let from = match &sweep.asked {
            SweepAsked::ZeroHeads => None,
            SweepAsked::Patch { site: PatchSite::Heads, text, is_denoising: false } => Some(text),
            _ => return None,
        };
        let base = sweep.base?.value;
        let is_same = self.matters.choice.from.as_ref() == from && (base - ranking.outcome).abs() < 1e-3;
        if !is_same || self.matters.is_on_stage {
            return None;
        }
        let point = |(&(layer, head), cell): (&(usize, usize), &SweepNumbers)| {
            let exact = cell.outcome?.value - base;
            Some((wording::head_name(layer, head), ranking.at(layer, head)?, exact))
        };
        let points: Vec<_> = sweep.cells.iter().filter_map(point).collect();
        (!points.is_empty()).then_some(points)
    }

    /// The title of the ranking: "Heads: estimated effect of zeroing".
    pub fn matters_title(&self) -> String {
        let choice = &self.matters.choice;
        format!("{}: estimated effect of {}", choice.ranked.label(), choice.edit_name())
    }

    /// Every part with its estimate, and the exact effect where it was tried, as CSV.
    pub fn matters_csv(&self) -> Option<String> {
        let (ranking, trial) = (self.ranking()?, self.trial());
        let mut csv = "hook,layer,head,neuron,position,key,estimate,exact,tried\r\n".to_owned();
        let order = |ranking: &Ranking| match ranking.ranked {
            // Some of those drawn at random are among the largest.
            Ranked::Links => {
                let mut all: Vec<usize> = (0..ranking.n_parts()).collect();
                all.extend(trial.iter().flat_map(|trial| trial.drawn()).map(|tried| tried.index));
                all
            }
            _ => (0..ranking.values.len()).collect(),
        };
        let drawn = trial.map_or(&[][..], |trial| trial.drawn());
        for index in order(ranking) {
            let Part { ranked, site, kind, layer, head, position, key, neuron } = ranking.part(index);
            let cell = |is_there: bool, number: usize| if is_there { number.to_string() } else { String::new() };
            let head = cell(ranked.has_head(), head);
            let neuron = cell(ranked.has_neuron(), neuron);
            let position = cell(ranked.has_position(), position);
            let key = cell(ranked == Ranked::Links, key);
            let exact = trial.and_then(|trial| trial.exact(index));
            let tried = match exact {
                None => "",
                Some(_) if drawn.iter().any(|tried| tried.index == index) => "drawn",
                Some(_) => "largest",
            };
            let stack = kind.stack.map(|stack| format!("{}.", stack.name())).unwrap_or_default();
            let (hook, estimate) = (format!("{stack}{}", site.name()), ranking.values[index]);
            let exact = exact.map(|exact| exact.to_string()).unwrap_or_default();
            // Writing into a String cannot fail.
            let _ = write!(csv, "{hook},{layer},{head},{neuron},{position},{key},{estimate},{exact},{tried}\r\n");
        }
        Some(csv)
    }
}
