//! What a classifier says of the result on screen: the labels of the text, or of each token, and the outcome that follows them.

use std::sync::Arc;

use super::editing::Variant;
use super::requests::{Purpose, Waiting};
use super::{Shown, State};
use crate::protocol::{ComparedToken, OutcomeAsked};
use crate::trace::display::token_label;
use crate::trace::spec::{LabelHead, Unembed};
use crate::trace::{TokenForm, shorten};

/// The numbers of an answer; of B − A each is a change.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelNumbers {
    /// Labels per row.
    pub n_labels: usize,
    /// [row, label]; a row for each token, or one for the text.
    pub logits: Vec<f32>,
    /// [row, label]; empty where a logit is the answer itself.
    pub probs: Vec<f32>,
}

/// One label as the page lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelRow {
    /// Its name.
    pub name: String,
    /// Its logit, or the change of it.
    pub logit: f32,
    /// Its probability, or the change of it; `None` where the logit is the answer itself.
    pub prob: Option<f32>,
}

impl LabelNumbers {
    /// The numbers, where the buffers have the shape that they should have.
    fn new((n_rows, n_labels): (usize, usize), buffers: Vec<Vec<f32>>) -> Option<Self> {
        let mut buffers = buffers.into_iter();
        let (logits, probs) = (buffers.next()?, buffers.next()?);
        let fits = logits.len() == n_rows * n_labels && (probs.is_empty() || probs.len() == logits.len());
        (fits && n_labels > 0).then_some(Self { n_labels, logits, probs })
    }

    /// How many rows there are.
    fn n_rows(&self) -> usize {
        self.logits.len() / self.n_labels
    }

    /// The index of the likeliest label of a row.
    fn likeliest(&self, row: usize) -> Option<usize> {
        let logits = self.logits.get(row * self.n_labels..(row + 1) * self.n_labels)?;
        let largest = logits.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
        Some(largest.0)
    }
}

impl Shown {
    /// The head that gives labels to this text or its tokens; none where the model predicts tokens.
    pub fn label_head(&self) -> Option<&LabelHead> {
        self.spec.labels.as_ref().filter(|_| self.spec.unembed == Unembed::None)
    }
}

impl State {
    /// The head whose labels are shown.
    pub fn label_head(&self) -> Option<&LabelHead> {
        self.shown.as_ref()?.label_head()
    }

    /// Whether the result on screen is a classifier's.
    pub fn gives_labels(&self) -> bool {
        self.label_head().is_some()
    }

    /// The token whose labels are shown, where each has its own: the chosen one, else the first of the text.
    pub fn label_position(&self) -> Option<usize> {
        let head = self.label_head().filter(|head| head.is_of_tokens());
        let shown = self.shown.as_ref().filter(|_| head.is_some())?;
        let first = || shown.info.tokens.special.iter().position(|is_special| !is_special).unwrap_or(0);
        Some(self.readings.position.unwrap_or_else(first))
    }

    /// The labels of the text or of the chosen token: the likeliest first, of B − A the largest changes first, of numbers without
    /// probabilities in the order of their names.
    pub fn label_rows(&self) -> Vec<LabelRow> {
        let (Some(head), Some(numbers)) = (self.label_head(), self.readings.labels.value()) else { return Vec::new() };
        let row = self.label_position().unwrap_or(0);
        let named = |(label, name): (usize, &String)| {
            let at = row * numbers.n_labels + label;
            Some(LabelRow { name: name.clone(), logit: *numbers.logits.get(at)?, prob: numbers.probs.get(at).copied() })
        };
        let mut rows: Vec<LabelRow> = head.names.iter().enumerate().filter_map(named).collect();
        let is_change = self.editing.variant == Variant::Difference;
        let size = |row: &LabelRow| row.prob.map_or(0.0, |prob| if is_change { prob.abs() } else { prob });
        rows.sort_by(|one, other| size(other).total_cmp(&size(one)));
        rows
    }

    /// Takes an answer about labels.
    pub(super) fn labels_came(&mut self, purpose: Purpose, shape: (usize, usize), buffers: Vec<Vec<f32>>) {
        let is_change = self.editing.variant == Variant::Difference;
        let names = |side: Variant| self.result(side)?.label_head().map(|head| head.names.clone());
        if is_change && names(Variant::A) != names(Variant::B) {
            let reason = "The two results have different labels, so there is no change to show.".to_owned();
            return self.readings.labels.give_up(&purpose, Some(reason));
        }
        let Some(numbers) = LabelNumbers::new(shape, buffers) else {
            let reason =
                "The labels of the two results have different shapes, so there is no change to show.".to_owned();
            return self.readings.labels.give_up(&purpose, Some(reason));
        };
        if !is_change {
            self.mark_tokens(&numbers);
        }
        self.readings.labels.fill(purpose, Arc::new(numbers));
    }

    /// Puts each token's likeliest label beside it.
    fn mark_tokens(&mut self, numbers: &LabelNumbers) {
        let Some(shown) = &mut self.shown else { return };
        let Some(head) = shown.label_head().filter(|head| head.is_of_tokens()) else { return };
        let name =
            |row: usize| numbers.likeliest(row).and_then(|label| head.names.get(label)).map_or("", String::as_str);
        let labels = (0..numbers.n_rows()).map(|row| token_label(name(row), TokenForm::Plain)).collect();
        shown.token_labels = Some((shown.request, labels));
    }

    /// Lets the outcome be about labels of this head, where it is about something else or about labels that there are not.
    pub(super) fn fit_label_outcome(&mut self, head: &LabelHead) {
        let n_labels = head.names.len() as u32;
        let fits = match &self.editing.asked {
            OutcomeAsked::Label { label, against, .. } => {
                [label, against].into_iter().flatten().all(|label| *label < n_labels)
            }
            _ => false,
        };
        if !fits {
            self.editing.asked = OutcomeAsked::Label { label: None, against: None, position: None };
            self.editing.is_outcome_chosen = false;
        }
    }

    /// The two likeliest labels of A, unless somebody has chosen others; of numbers without probabilities the first.
    pub(super) fn choose_label_outcome(&mut self, labels: &[ComparedToken]) {
        if self.editing.is_outcome_chosen {
            return;
        }
        let mut ids = labels.iter().map(|label| label.id);
        let label = ids.next().or(Some(0));
        self.editing.asked = OutcomeAsked::Label { label, against: ids.next(), position: None };
    }

    /// What kind of number the outcome is.
    pub fn outcome_kind(&self) -> &'static str {
        match self.editing.asked {
            OutcomeAsked::Tokens { .. } | OutcomeAsked::Label { against: Some(_), .. } => "Logit difference",
            OutcomeAsked::Label { against: None, .. } => "Logit",
            OutcomeAsked::Cosine { .. } => "Cosine",
        }
    }

    /// The outcome's name on the page: "POSITIVE − NEGATIVE", "Mary − John", "cosine".
    pub fn outcome_name(&self) -> String {
        self.name_of_outcome(&self.editing.asked)
    }

    pub(super) fn name_of_outcome(&self, asked: &OutcomeAsked) -> String {
        match asked {
            OutcomeAsked::Tokens { answer, others, .. } => {
                let answer = shorten::name(&answer.name());
                let others: Vec<String> = others.iter().map(|other| shorten::name(&other.name())).collect();
                match others.as_slice() {
                    [] => answer,
                    [other] => format!("{answer} − {other}"),
                    others => format!("{answer} − mean({})", others.join(", ")),
                }
            }
            OutcomeAsked::Cosine { .. } => "cosine".to_owned(),
            OutcomeAsked::Label { label, against, .. } => {
                let head = self.result(Variant::A).and_then(Shown::label_head);
                let name =
                    |label: &u32| head.and_then(|head| head.names.get(*label as usize)).cloned().unwrap_or_default();
                let label = label.as_ref().map(name).unwrap_or_default();
                against.as_ref().map(name).map_or_else(|| label.clone(), |against| format!("{label} − {against}"))
            }
        }
    }
}
