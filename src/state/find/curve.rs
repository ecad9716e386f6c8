//! The chosen head's weight over distance, and what a factor on some of its neurons makes of it.

use std::sync::Arc;

use super::FindEvent;
use super::search::Search;
use crate::analysis::decay::{self, Curve, HeadText};
use crate::edit::{Choice, Edit, EditKind};
use crate::protocol::{FindRequest, Report, RequestId, ToWorker};
use crate::random::SplitMix64;
use crate::sets::{self, Row};
use crate::state::editing::EditEvent;
use crate::state::{Effect, Event, State, wording};
use crate::trace::Spec;
use crate::trace::spec::Pairing;

/// Most rows behind a curve.
const MAX_TEXTS: usize = 16;
/// Rows shorter than this share too few distances.
const MIN_TOKENS: usize = 14;

/// A head's curve.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveState {
    /// The head, by its place among all.
    pub head: usize,
    request: RequestId,
    /// What it did on each text, once known.
    pub texts: Option<Arc<CurveTexts>>,
    /// Why there is none.
    pub problem: Option<String>,
    /// How many units are scaled.
    pub n_units: usize,
    /// By how much.
    pub factor: f64,
}

/// What a head did on some rows.
#[derive(Clone, Debug)]
pub struct CurveTexts {
    texts: Vec<HeadText>,
    scale: f64,
    d_head: usize,
    seed: u64,
    /// Whether scores are capped, or queries are multiplied with positions too, so that a factor cannot be followed from the pattern.
    pub is_capped: bool,
    /// The greatest distance.
    pub n_far: usize,
    /// How many rows.
    pub n_texts: usize,
    /// Units of neurons, the one whose part falls most first.
    pub units: Vec<NeuronUnit>,
}

/// A neuron, the two neurons that turn together, or those that do not turn.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronUnit {
    /// The neurons.
    pub neurons: Vec<usize>,
    /// The slope of its part of q·k over distance.
    pub slope: f64,
    /// In how many tokens it turns once.
    pub wavelength: Option<f64>,
}

impl PartialEq for CurveTexts {
    /// The slopes stand for the texts.
    fn eq(&self, other: &Self) -> bool {
        self.units == other.units && self.n_texts == other.n_texts
    }
}

impl CurveTexts {
    /// The curve as the model has it.
    pub fn before(&self) -> Curve {
        decay::curve(&self.texts, self.n_far, self.scale, None)
    }

    /// The curve with the first units scaled.
    pub fn after(&self, n_units: usize, factor: f64) -> Curve {
        self.scaled(self.units.iter().take(n_units), factor)
    }

    /// The curve with as many units drawn at random scaled.
    pub fn random(&self, n_units: usize, factor: f64) -> Curve {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        SplitMix64::new(self.seed).shuffle(&mut order);
        self.scaled(order.iter().take(n_units).map(|unit| &self.units[*unit]), factor)
    }

    fn scaled<'a>(&self, units: impl Iterator<Item = &'a NeuronUnit>, factor: f64) -> Curve {
        let mut factors = vec![1.0; self.d_head];
        units.flat_map(|unit| &unit.neurons).for_each(|neuron| factors[*neuron] = factor);
        decay::curve(&self.texts, self.n_far, self.scale, Some(&factors))
    }
}

/// The units of a head's neurons: pairs that turn together with their wavelengths, and one band of those that do not turn.
fn units(spec: &Spec, layer: usize, d_head: usize, n_pos: usize) -> Vec<(Vec<usize>, Option<f64>)> {
    let Some(rotary) = spec.rotary_of(layer) else {
        return (0..d_head).map(|neuron| (vec![neuron], None)).collect();
    };
    let n_pairs = rotary.n_pairs();
    let pair = |(index, frequency): (usize, f64)| {
        let both = match rotary.pairing {
            Pairing::Halves => vec![index, index + n_pairs],
            Pairing::Adjacent => vec![2 * index, 2 * index + 1],
        };
        (both, Some(std::f64::consts::TAU / frequency))
    };
    let mut units: Vec<(Vec<usize>, Option<f64>)> =
        rotary.frequencies(n_pos).into_iter().enumerate().map(pair).collect();
    let still: Vec<usize> = (2 * n_pairs..d_head).collect();
    if !still.is_empty() {
        units.push((still, None));
    }
    units
}

impl State {
    /// Asks for the chosen head on the rows of the search that are long enough.
    pub(super) fn curve_asked(&mut self, effects: &mut Vec<Effect>) {
        let (Some(search), Some(head)) = (self.find.search.clone(), self.find.head) else { return };
        let mut curve = CurveState { head, request: 0, texts: None, problem: None, n_units: 0, factor: 1.0 };
        let rows = long_rows(&search);
        if rows.is_empty() {
            curve.problem =
                Some(format!("No row has {MIN_TOKENS} tokens: the texts are too short for a curve over distance."));
        } else if self.work.model.as_ref().is_none_or(|model| model.name != search.model) {
            curve.problem = Some(format!("The curve needs {}: load it and search again.", search.model));
        } else {
            curve.request = self.request();
            let (layer, head) = search.place(head);
            effects.push(Effect::Send(ToWorker::Find(FindRequest::Texts {
                request: curve.request,
                lines: sets::to_json_lines(&rows),
                edits: search.edits.clone(),
                layer: layer as u32,
                head: head as u32,
            })));
        }
        self.find.curve = Some(curve);
    }

    pub(super) fn texts_came(&mut self, request: RequestId, lengths: &[u32], scale: f32, buffers: Vec<Vec<f32>>) {
        let (Some(search), Some(model)) = (self.find.search.clone(), &self.work.model) else { return };
        let seed = search.seed;
        let Some(curve) = self.find.curve.as_mut().filter(|curve| curve.request == request) else { return };
        let mut buffers = buffers.into_iter();
        let text = |n: &u32| {
            let (pattern, queries, keys) = (buffers.next()?, buffers.next()?, buffers.next()?);
            Some(HeadText { n: *n as usize, pattern, queries, keys })
        };
        let texts: Vec<HeadText> = lengths.iter().map_while(text).collect();
        let n_far = decay::n_far(texts.iter().map(|text| text.n));
        let d_head = texts.first().map_or(0, |text| text.queries.len() / text.n.max(1));
        let slopes = decay::slopes(&texts, n_far, f64::from(scale));
        let n_pos = texts.iter().map(|text| text.n).max().unwrap_or(0);
        let (layer, _) = search.place(curve.head);
        let each = units(&model.spec, layer, d_head, n_pos).into_iter();
        let mut units: Vec<NeuronUnit> = each
            .map(|(neurons, wavelength)| {
                let slope = neurons.iter().filter_map(|neuron| slopes.get(*neuron)).sum();
                NeuronUnit { neurons, slope, wavelength }
            })
            .collect();
        units.sort_by(|one, other| one.slope.total_cmp(&other.slope));
        curve.n_units = (units.len() / 8).max(1);
        let is_capped = model.spec.attn_softcap.is_some() || model.spec.disentangled.is_some();
        let (scale, n_texts) = (f64::from(scale), texts.len());
        curve.texts = Some(Arc::new(CurveTexts { texts, scale, d_head, seed, is_capped, n_far, n_texts, units }));
    }

    /// A request ended without an answer: says whether it is that for a curve.
    pub(super) fn curve_ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let Some(curve) = self.find.curve.as_mut().filter(|curve| curve.request == request) else { return false };
        let reason = report.map(|report| wording::sentence(&report.message));
        curve.problem = Some(reason.unwrap_or_else(|| "Stopped before the curve was measured.".to_owned()));
        true
    }

    /// Makes an edit of the scaled units, which acts in all views.
    pub(super) fn apply_curve(&mut self, effects: &mut Vec<Effect>) {
        let (Some(search), Some(curve)) = (self.find.search.clone(), self.find.curve.clone()) else { return };
        let Some(texts) = curve.texts.filter(|texts| !texts.units.is_empty()) else { return };
        let (layer, head) = search.place(curve.head);
        let mut neurons: Vec<usize> =
            texts.units.iter().take(curve.n_units).flat_map(|unit| unit.neurons.clone()).collect();
        neurons.sort_unstable();
        let edit = Edit::new(EditKind::ScaleQNeuron {
            layer: Choice::One(layer),
            head: Choice::One(head),
            neuron: Choice::List(neurons),
            factor: curve.factor as f32,
        });
        self.handle(Event::Editing(EditEvent::Added(vec![edit])), effects);
    }

    pub(super) fn curve_event(&mut self, event: FindEvent, effects: &mut Vec<Effect>) {
        match (event, &mut self.find.curve) {
            (FindEvent::CurveAsked, _) => self.curve_asked(effects),
            (FindEvent::CurveApplied, _) => self.apply_curve(effects),
            (FindEvent::FactorSet(factor), Some(curve)) => curve.factor = factor.clamp(-2.0, 4.0),
            (FindEvent::UnitsSet(n_units), Some(curve)) => {
                let n_all = curve.texts.as_ref().map_or(1, |texts| texts.units.len());
                curve.n_units = n_units.clamp(1, n_all.max(1));
            }
            _ => {}
        }
    }
}

/// The first rows that are long enough: at least half as long as the longest one.
fn long_rows(search: &Search) -> Vec<Row> {
    let longest = search.rows.iter().map(|row| row.n_tokens as usize).max().unwrap_or(0);
    let least = MIN_TOKENS.max(longest / 2);
    let long = search.rows.iter().filter(|row| row.n_tokens as usize >= least);
    long.filter_map(|row| search.set.rows.get(row.row as usize).cloned()).take(MAX_TEXTS).collect()
}
