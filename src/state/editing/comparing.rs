//! Predictions and the outcome of A and B, and the outcome under each edit alone.

use super::{Compared, Variant};
use crate::protocol::{
    ComparedToken, EditingRequest, InputText, OutcomeAsked, OutcomeToken, RunId, SweepAsked, ToWorker,
};
use crate::state::requests::{Holder, Purpose};
use crate::state::{Effect, ListedEdit, Second, Shown, State};
use crate::trace::spec::Unembed;

/// Up to this many tokens, the cosine of two texts is measured unasked.
const N_QUICK_TOKENS: usize = 64;

impl State {
    /// Asks for predictions and the outcome of A and B.
    pub(in crate::state) fn compare(&mut self, effects: &mut Vec<Effect>) {
        self.fit_outcome();
        self.ask_to_compare(Vec::new(), effects);
    }

    /// `also`: tokens that are listed besides the most likely ones, by id.
    pub(in crate::state) fn ask_to_compare(&mut self, also: Vec<u32>, effects: &mut Vec<Effect>) {
        let purpose = Purpose::Comparison { also: also.clone() };
        self.withdraw_slot(&purpose, effects);
        let runs: Vec<RunId> = [Variant::A, Variant::B].into_iter().filter_map(|side| self.run_of(side)).collect();
        let second = match self.result(Variant::B).and_then(|shown| shown.second) {
            Some(Second::Run(run)) => Some(run),
            _ => None,
        };
        let outcome = Some(self.editing.asked.clone()).filter(|asked| asked.is_complete() && self.follows_outcome());
        let mut parts = Vec::new();
        for (runs, is_second) in [(runs, false), (second.into_iter().collect(), true)] {
            let Some(&run) = runs.first() else { continue };
            let request = self.request();
            let (outcome, also) = (outcome.clone(), also.clone());
            let asked = ToWorker::Editing(EditingRequest::Compare { request, runs, outcome, also });
            effects.push(if is_second { Effect::SendSecond(asked) } else { Effect::Send(asked) });
            parts.push((request, if is_second { Holder::SecondWorker(run) } else { Holder::Worker(run) }));
        }
        if !parts.is_empty() {
            self.note_asked(purpose, parts);
        }
    }

    /// Whether the outcome is asked for unprompted. A cosine takes two runs of its own, so that of long texts waits until somebody edits
    /// the model or chooses what to compare.
    fn follows_outcome(&self) -> bool {
        let n_tokens = self.result(Variant::A).map_or(0, |a| a.info.tokens.len());
        let is_quick = !matches!(self.editing.asked, OutcomeAsked::Cosine { .. }) || n_tokens <= N_QUICK_TOKENS;
        is_quick || self.editing.is_outcome_chosen || !self.editing.list.is_empty() || self.editing.has_b()
    }

    /// Takes the comparison of A and B.
    pub(in crate::state) fn compared_came(
        &mut self,
        purpose: Purpose,
        mut compared: Compared,
        effects: &mut Vec<Effect>,
    ) {
        let asked = self.editing.asked.clone();
        self.choose_outcome(&compared.tokens);
        if self.editing.asked != asked {
            // The numbers are those of the outcome before.
            compared.outcome = None;
        }
        self.name_outcome(&compared);
        let needs_outcome = compared.outcome.is_none() && self.editing.asked.is_complete() && self.follows_outcome();
        self.editing.compared.fill(purpose, compared);
        if needs_outcome {
            self.compare(effects);
        } else {
            self.measure_alone(effects);
        }
    }

    /// Tokens that were given by their ids are called what the model calls them, whatever a link or a file says.
    fn name_outcome(&mut self, compared: &Compared) {
        let Some(Ok(outcome)) = &compared.outcome else { return };
        let Some((answer, others)) = &outcome.tokens else { return };
        let texts: Vec<String> = std::iter::once(answer).chain(others).map(|token| self.text_of_token(token)).collect();
        for ((token, text), id) in self.editing.asked.tokens_mut().zip(texts).zip(&outcome.ids) {
            if token.id == Some(*id) {
                token.text = text;
            }
        }
    }

    /// Fits the outcome to the model: a cosine for one that embeds texts, labels for a classifier, a logit difference for one that
    /// predicts tokens. A choice made for a model of another kind is dropped.
    fn fit_outcome(&mut self) {
        let Some(a) = self.result(Variant::A) else { return };
        if let Some(head) = a.label_head().cloned() {
            return self.fit_label_outcome(&head);
        }
        let embeds = a.spec.unembed == Unembed::None && !a.spec.is_causal();
        let texts = match &a.input.text {
            InputText::Single(text) => (text.clone(), String::new()),
            InputText::Pair(first, second) => (first.clone(), second.clone()),
            InputText::Ids(_) | InputText::RandomBlock { .. } | InputText::Chat(_) => Default::default(),
        };
        let editing = &mut self.editing;
        match (&editing.asked, embeds) {
            (OutcomeAsked::Cosine { .. }, true) if editing.is_outcome_chosen => {}
            (_, true) => {
                let (first, second) = texts;
                (editing.asked, editing.is_outcome_chosen) = (OutcomeAsked::Cosine { first, second }, false);
            }
            (OutcomeAsked::Cosine { .. } | OutcomeAsked::Label { .. }, false) => {
                (editing.asked, editing.is_outcome_chosen) = (OutcomeAsked::default(), false);
            }
            (OutcomeAsked::Tokens { .. }, false) => {}
        }
    }

    /// Another result takes the place of `before`: an outcome belongs to the text that it was chosen for, ids of tokens to their
    /// vocabulary.
    pub(in crate::state) fn settle_outcome(&mut self, before: Option<&Shown>) {
        let is_same_text = before.zip(self.shown.as_ref()).is_some_and(|(before, now)| before.asked == now.asked);
        if !is_same_text {
            (self.editing.asked, self.editing.is_outcome_chosen) = (OutcomeAsked::default(), false);
            self.matters.choice.from = None;
        }
        let is_same_vocabulary = before.zip(self.shown.as_ref()).is_some_and(|(before, now)| {
            let (one, other) = (&before.info.tokens, &now.info.tokens);
            before.origin.model == now.origin.model || (&one.ids, &one.tokens) == (&other.ids, &other.tokens)
        });
        if !is_same_vocabulary {
            self.editing.asked.tokens_mut().for_each(|token| token.id = None);
        }
    }

    /// Follows an outcome that somebody has chosen, here or in what was opened.
    pub(in crate::state) fn take_outcome(&mut self, outcome: OutcomeAsked) {
        (self.editing.asked, self.editing.is_outcome_chosen) = (outcome, true);
    }

    /// The outcome that was chosen, for links and traces; nothing where the page has chosen it.
    pub(in crate::state) fn chosen_outcome(&self) -> Option<&OutcomeAsked> {
        Some(&self.editing.asked).filter(|asked| self.editing.is_outcome_chosen && asked.is_complete())
    }

    /// The outcome that was chosen, with the ids of its tokens where the model has said them: a trace outlives the page, and another
    /// reader of its file has no tokenizer.
    pub(in crate::state) fn chosen_outcome_by_ids(&self) -> Option<OutcomeAsked> {
        let mut asked = self.chosen_outcome()?.clone();
        let compared = Some(&self.editing.compared).filter(|compared| !compared.is_pending());
        if let Some(Ok(outcome)) = compared.and_then(|slot| slot.value()?.outcome.as_ref()) {
            asked.tokens_mut().zip(&outcome.ids).for_each(|(token, id)| token.id = Some(*id));
        }
        Some(asked)
    }

    /// Holds the outcome where it is before tokens are generated: what follows is not what it was chosen for.
    pub(super) fn pin_outcome(&mut self) {
        let last = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len()).saturating_sub(1);
        if let OutcomeAsked::Tokens { answer, position: position @ None, .. } = &mut self.editing.asked
            && !answer.is_empty()
            && self.editing.written.is_empty()
        {
            *position = Some(last as u32);
        }
    }

    /// The two most likely tokens or labels, where nobody has chosen an outcome and the model predicts any.
    fn choose_outcome(&mut self, tokens: &[ComparedToken]) {
        if matches!(self.editing.asked, OutcomeAsked::Label { .. }) {
            return self.choose_label_outcome(tokens);
        }
        let is_empty = matches!(&self.editing.asked, OutcomeAsked::Tokens { answer, .. } if answer.is_empty());
        if self.editing.is_outcome_chosen || !is_empty {
            return;
        }
        let token = |token: &ComparedToken| OutcomeToken { text: self.text_of_token(&token.token), id: Some(token.id) };
        if let [first, second, ..] = tokens {
            let (answer, others) = (token(first), vec![token(second)]);
            self.editing.asked = OutcomeAsked::Tokens { answer, others, position: None };
        }
    }

    /// Asks for the outcome of each edit alone, those that are switched off too.
    pub(super) fn measure_alone(&mut self, effects: &mut Vec<Effect>) {
        self.editing.alone.clear();
        self.withdraw_slot(&Purpose::EachAlone(Vec::new()), effects);
        let (Some(base), Some(_)) = (self.run_of(Variant::A), self.editing.outcome_a()) else { return };
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
        let purpose = Purpose::EachAlone(measured.iter().map(|listed| listed.id).collect());
        let request = self.request();
        self.note_asked(purpose, vec![(request, Holder::Worker(base))]);
        let what = SweepAsked::Each(measured.into_iter().map(|listed| listed.edit).collect());
        let (outcome, edits) = (self.editing.asked.clone(), Vec::new());
        let asked = EditingRequest::Sweep { request, base, edits, what, outcome };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }
}
