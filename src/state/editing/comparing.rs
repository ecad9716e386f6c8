//! Predictions and the outcome of A and B: asked of one worker, or of two, and then told in one.

use super::super::*;
use super::{Compared, Side};
use crate::protocol::{
    ComparedOutcome, ComparedToken, EditingRequest, InputText, OutcomeAsked, RequestId, RunId, SweepAsked, ToWorker,
};
use crate::trace::display::token_label;
use crate::trace::spec::Unembed;

/// Up to so many tokens, the cosine of two texts takes no time to speak of.
const N_QUICK_TOKENS: usize = 64;

/// A comparison under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comparing {
    /// One for each worker that is asked, A's first.
    parts: Vec<Part>,
    /// Whether each was asked for what the other one finds likely.
    has_looked_up: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    request: RequestId,
    came: Option<Compared>,
}

impl Comparing {
    /// Whether a request is one of these.
    pub(super) fn has(&self, request: RequestId) -> bool {
        self.parts.iter().any(|part| part.request == request)
    }

    fn ids(&self) -> Vec<u32> {
        let mut ids = Vec::new();
        for token in self.parts.iter().filter_map(|part| part.came.as_ref()).flat_map(|came| &came.tokens) {
            if !ids.contains(&token.id) {
                ids.push(token.id);
            }
        }
        ids
    }

    /// All of it in one: probabilities and outcomes of A before those of B. Tokens that a part does not know are left out.
    fn told(self) -> Option<Compared> {
        let ids = self.ids();
        let mut parts = self.parts.into_iter().filter_map(|part| part.came);
        let mut all = parts.next()?;
        for other in parts {
            let prob = |id: u32| other.tokens.iter().find(|token| token.id == id).map(|token| token.probs.clone());
            let names = all.tokens.iter().chain(&other.tokens);
            let name = |id: u32| names.clone().find(|token| token.id == id).map(|token| token.token.clone());
            let of_first = |id: u32| all.tokens.iter().find(|token| token.id == id).map(|token| token.probs.clone());
            let token = |&id: &u32| {
                let probs = [of_first(id)?, prob(id)?].concat();
                Some(ComparedToken { id, token: name(id)?, probs })
            };
            let tokens = ids.iter().filter_map(token).collect();
            let outcome = match (all.outcome, other.outcome) {
                (Some(Ok(mut first)), Some(Ok(second))) => {
                    first.values.extend(second.values);
                    Some(Ok::<ComparedOutcome, String>(first))
                }
                (first, second) => first.filter(Result::is_err).or(second.filter(Result::is_err)),
            };
            all = Compared { tokens, outcome, ..all };
        }
        Some(all)
    }
}

impl State {
    /// Asks for predictions and the outcome of A and B.
    pub(in crate::state) fn compare(&mut self, effects: &mut Vec<Effect>) {
        self.fit_outcome();
        self.ask_to_compare(Vec::new(), false, effects);
    }

    fn ask_to_compare(&mut self, also: Vec<u32>, has_looked_up: bool, effects: &mut Vec<Effect>) {
        let runs: Vec<RunId> = [Side::A, Side::B].into_iter().filter_map(|side| self.run_of(side)).collect();
        let second = match self.result(Side::B).and_then(|shown| shown.second) {
            Some(Second::Run(run)) => Some(run),
            _ => None,
        };
        let outcome = Some(self.editing.asked.clone()).filter(|asked| asked.is_complete() && self.follows_outcome());
        let mut parts = Vec::new();
        for (runs, is_second) in [(runs, false), (second.into_iter().collect(), true)] {
            if runs.is_empty() {
                continue;
            }
            let request = self.request();
            let (outcome, also) = (outcome.clone(), also.clone());
            let asked = ToWorker::Editing(EditingRequest::Compare { request, runs, outcome, also });
            effects.push(if is_second { Effect::SendSecond(asked) } else { Effect::Send(asked) });
            parts.push(Part { request, came: None });
        }
        self.editing.comparing = (!parts.is_empty()).then_some(Comparing { parts, has_looked_up });
    }

    /// Whether the outcome is asked for by itself. A cosine takes two runs of its own: of long texts only once somebody changes
    /// the model, or says what to compare.
    fn follows_outcome(&self) -> bool {
        let n_tokens = self.result(Side::A).map_or(0, |a| a.info.tokens.len());
        let is_quick = matches!(self.editing.asked, OutcomeAsked::Tokens { .. }) || n_tokens <= N_QUICK_TOKENS;
        is_quick || self.editing.is_outcome_chosen || !self.editing.list.is_empty() || self.editing.has_b()
    }

    /// One worker has compared.
    pub(super) fn compared_came(&mut self, request: RequestId, came: Compared, effects: &mut Vec<Effect>) {
        let Some(comparing) = &mut self.editing.comparing else { return };
        let Some(part) = comparing.parts.iter_mut().find(|part| part.request == request) else { return };
        part.came = Some(came);
        if comparing.parts.iter().any(|part| part.came.is_none()) {
            return;
        }
        let ids = comparing.ids();
        let knows = |part: &Part| {
            let tokens = part.came.as_ref().map(|came| came.tokens.as_slice()).unwrap_or_default();
            ids.iter().all(|id| tokens.iter().any(|token| token.id == *id))
        };
        if !comparing.has_looked_up && !comparing.parts.iter().all(knows) {
            return self.ask_to_compare(ids, true, effects);
        }
        let Some(told) = self.editing.comparing.take().and_then(Comparing::told) else { return };
        self.choose_outcome(&told.tokens);
        let needs_outcome = told.outcome.is_none() && self.editing.asked.is_complete() && self.follows_outcome();
        self.editing.compared = Some(told);
        if needs_outcome {
            self.compare(effects);
        } else {
            self.measure_alone(effects);
        }
    }

    /// A model that embeds texts is followed by a cosine, one that predicts tokens by two of them. What somebody has chosen for
    /// the other kind is left behind.
    fn fit_outcome(&mut self) {
        let Some(a) = self.result(Side::A) else { return };
        let embeds = a.spec.unembed == Unembed::None && !a.spec.is_causal();
        let texts = match &a.input.text {
            InputText::Single(text) => (text.clone(), String::new()),
            InputText::Pair(first, second) => (first.clone(), second.clone()),
            InputText::Ids(_) | InputText::RandomBlock { .. } => Default::default(),
        };
        let editing = &mut self.editing;
        match (&editing.asked, embeds) {
            (OutcomeAsked::Cosine { .. }, true) if editing.is_outcome_chosen => {}
            (_, true) => {
                let (first, second) = texts;
                (editing.asked, editing.is_outcome_chosen) = (OutcomeAsked::Cosine { first, second }, false);
            }
            (OutcomeAsked::Cosine { .. }, false) => {
                (editing.asked, editing.is_outcome_chosen) = (OutcomeAsked::default(), false);
            }
            (OutcomeAsked::Tokens { .. }, false) => {}
        }
    }

    /// The two most likely tokens, where nobody has chosen an outcome and the model predicts tokens.
    fn choose_outcome(&mut self, tokens: &[ComparedToken]) {
        let is_empty = matches!(&self.editing.asked, OutcomeAsked::Tokens { answer, .. } if answer.is_empty());
        if self.editing.is_outcome_chosen || !is_empty {
            return;
        }
        let Some(form) = self.shown.as_ref().map(|shown| shown.info.tokens.form) else { return };
        let text = |token: &ComparedToken| super::replies::written_text(&token_label(&token.token, form));
        if let [first, second, ..] = tokens {
            self.editing.asked = OutcomeAsked::tokens(&text(first), &text(second));
        }
    }

    /// Asks for the outcome of each edit alone, those that are switched off too.
    pub(super) fn measure_alone(&mut self, effects: &mut Vec<Effect>) {
        self.editing.alone.clear();
        let (Some(base), Some(_)) = (self.run_of(Side::A), self.editing.outcome_a()) else { return };
        let fits = |listed: &&ListedEdit| self.editing.reason(listed.id).is_none();
        let mut measured: Vec<ListedEdit> = self.editing.list.iter().filter(fits).cloned().collect();
        if let (Some(value), [only], super::Against::Edits) =
            (self.editing.outcome_b(), measured.as_slice(), &self.editing.against)
            && only.edit.on
            && self.editing.list.len() == 1
        {
            self.editing.alone.push((only.id, value));
            return;
        }
        if measured.is_empty() {
            return;
        }
        measured.iter_mut().for_each(|listed| listed.edit.on = true);
        let request = self.request();
        let json = |listed: &ListedEdit| serde_json::to_string(&listed.edit).unwrap_or_default();
        let what = SweepAsked::Each(measured.iter().map(json).collect());
        self.editing.measuring = Some((request, measured.iter().map(|listed| listed.id).collect()));
        let (outcome, edits_json) = (self.editing.asked.clone(), "[]".to_owned());
        let asked = EditingRequest::Sweep { request, base, edits_json, what, outcome };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::OutcomeNumbers;

    fn compared(tokens: &[(u32, f32)], value: f32) -> Compared {
        let token = |&(id, prob): &(u32, f32)| ComparedToken { id, token: id.to_string(), probs: vec![prob] };
        let outcome = ComparedOutcome { tokens: None, values: vec![OutcomeNumbers { value, probs: None }] };
        Compared { position: 3, tokens: tokens.iter().map(token).collect(), outcome: Some(Ok(outcome)) }
    }

    #[test]
    fn two_workers_are_told_in_one() {
        let part = |request, came| Part { request, came: Some(came) };
        let (a, b) = (compared(&[(7, 0.5), (8, 0.25)], 1.0), compared(&[(8, 0.75), (7, 0.125)], -1.0));
        let comparing = Comparing { parts: vec![part(1, a), part(2, b)], has_looked_up: true };
        assert!(comparing.has(2) && !comparing.has(3));
        let told = comparing.told().unwrap();
        let probs: Vec<(u32, Vec<f32>)> = told.tokens.into_iter().map(|token| (token.id, token.probs)).collect();
        assert_eq!(probs, [(7, vec![0.5, 0.125]), (8, vec![0.25, 0.75])]);
        let values: Vec<f32> = told.outcome.unwrap().unwrap().values.iter().map(|value| value.value).collect();
        assert_eq!(values, [1.0, -1.0]);
    }
}
