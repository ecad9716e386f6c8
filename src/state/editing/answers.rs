//! The tokens of an outcome: how what is typed is cut, taking a predicted token, and the form with a space in front.

use super::writing::written_text;
use super::{EditEvent, Variant};
use crate::protocol::{Input, InputText, OutcomeAsked, OutcomeToken, TargetAsked, ToWorker};
use crate::state::requests::{Holder, Purpose, Waiting};
use crate::state::{Effect, Event, State};
use crate::trace::display::{PieceKind, TokenLabel, token_label};
use crate::trace::{TokenForm, Tokens};

/// Which token of an outcome is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The token whose logit counts.
    Answer,
    /// A token whose logit is subtracted, by its place in the list; the place after the last one is a token to add.
    Other(usize),
}

impl Part {
    /// Its name on the page.
    pub fn label(self) -> String {
        match self {
            Part::Answer => "Answer token".to_owned(),
            Part::Other(0) => "Other token".to_owned(),
            Part::Other(index) => format!("Other token {}", index + 1),
        }
    }
}

impl State {
    /// A part of the outcome; nothing where a cosine is followed.
    pub fn part_of_outcome(&self, part: Part) -> Option<&OutcomeToken> {
        match (&self.editing.asked, part) {
            (OutcomeAsked::Tokens { answer, .. }, Part::Answer) => Some(answer),
            (OutcomeAsked::Tokens { others, .. }, Part::Other(index)) => others.get(index),
            _ => None,
        }
    }

    /// How many other tokens the outcome has.
    pub fn n_others(&self) -> usize {
        match &self.editing.asked {
            OutcomeAsked::Tokens { others, .. } => others.len(),
            _ => 0,
        }
    }

    /// The event that puts a token into a part of the outcome. Another token that is empty is left out.
    pub fn with_part(&self, part: Part, token: OutcomeToken) -> Event {
        let mut asked = self.editing.asked.clone();
        if let OutcomeAsked::Tokens { answer, others, .. } = &mut asked {
            match part {
                Part::Answer => *answer = token,
                Part::Other(index) => match others.get_mut(index) {
                    Some(other) => *other = token,
                    None => others.push(token),
                },
            }
            others.retain(|other| !other.is_empty());
        }
        Event::Editing(EditEvent::OutcomePicked(asked))
    }

    /// The event that takes a token, by its id and as the tokenizer writes it, as a part of the outcome.
    pub fn with_token(&self, part: Part, id: u32, token: &str) -> Event {
        self.with_part(part, OutcomeToken { text: self.text_of_token(token), id: Some(id) })
    }

    /// The text of a token that the model predicts, from what the tokenizer writes.
    pub(super) fn text_of_token(&self, token: &str) -> String {
        let form = self.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.predicting().0.form);
        written_text(&token_label(token, form))
    }

    /// The same answer with a space in front, where the text parts its words by spaces that belong to tokens, and the answer has none:
    /// "John" is another token than " John", and hardly ever the one that follows a word.
    pub fn spaced(&self, answer: &str) -> Option<String> {
        if !answer.chars().next().is_some_and(char::is_alphanumeric) {
            return None;
        }
        let (_, labels) = self.result(Variant::A)?.predicting();
        let at = match self.editing.asked {
            OutcomeAsked::Tokens { position: Some(position), .. } => position as usize,
            _ => labels.len().checked_sub(1)?,
        };
        let is_space = |label: &TokenLabel| label.pieces.iter().all(|piece| piece.kind == PieceKind::Space);
        let begins_word = |label: &TokenLabel| {
            label.pieces.first().is_some_and(|piece| piece.kind == PieceKind::Space) && !is_space(label)
        };
        // The space stands already where the text ends with one.
        let has_space = labels.get(at).is_some_and(is_space);
        (labels.iter().any(begins_word) && !has_space).then(|| format!(" {answer}"))
    }

    /// How a text is cut into tokens, once the model has said so.
    pub fn cut_of(&self, text: &str) -> Option<&[TokenLabel]> {
        self.editing.cuts.get(text).map(Vec::as_slice)
    }

    /// Asks how a text is cut, where that is not known.
    pub(super) fn ask_for_cut(&mut self, text: String, effects: &mut Vec<Effect>) {
        let purpose = Purpose::Cut(text.clone());
        let is_known = text.is_empty() || self.editing.cuts.contains_key(&text);
        if is_known || self.work.model.is_none() || !self.editing.cut_asked.wants(&purpose) {
            return;
        }
        self.withdraw_slot(&purpose, effects);
        let request = self.request();
        let text = InputText::Single(text);
        let input = Input { text, cut: false, bos: Some(false), target: TargetAsked::Generated };
        effects.push(Effect::Send(ToWorker::Tokenize { request, input }));
        self.note_asked(purpose, vec![(request, Holder::Worker(0))]);
    }

    /// Takes the tokens of a text that was typed as an answer, without those that the tokenizer adds.
    pub(in crate::state) fn cut_came(&mut self, text: String, tokens: &Tokens) {
        let own = tokens.tokens.iter().zip(&tokens.special).filter(|(_, is_special)| !**is_special);
        let labels = own.map(|(token, _)| token_label(token, tokens.form)).collect();
        self.editing.cut_asked.settle(&Purpose::Cut(text.clone()));
        self.editing.cuts.insert(text, labels);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::Page;
    use super::*;
    use crate::protocol::{EditingRequest, FromWorker};

    fn tokens(tokens: &[&str]) -> Tokens {
        Tokens {
            tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
            ids: vec![1; tokens.len()],
            form: TokenForm::ByteLevel,
            offsets: vec![(0, 0); tokens.len()],
            special: tokens.iter().map(|token| token.starts_with('[')).collect(),
            segments: vec![0],
            type_ids: Vec::new(),
        }
    }

    /// A page whose text has these tokens.
    fn reading(text: &[&str]) -> Page {
        let mut page = Page::with_result();
        let shown = page.state.shown.as_mut().expect("a result");
        shown.info.tokens = tokens(text);
        shown.labels = crate::state::shown::labels(&shown.info.tokens);
        // A model that embeds texts would be followed by their cosine.
        shown.spec.mask = crate::trace::spec::Mask::Causal;
        page.state.editing.asked = OutcomeAsked::tokens("", "");
        page
    }

    #[test]
    fn a_word_without_its_space_is_offered_with_one() {
        let page = reading(&["When", "ĠMary", "Ġto"]);
        assert_eq!(page.state.spaced("John").as_deref(), Some(" John"));
        for fine in [" John", "", ",", "\n"] {
            assert_eq!(page.state.spaced(fine), None, "{fine:?}");
        }
        assert_eq!(reading(&["When", "ĠMary", "Ġ"]).state.spaced("John"), None, "the space is there");
        assert_eq!(reading(&["2", "+", "2", "="]).state.spaced("4"), None, "no word begins with a space");
    }

    #[test]
    fn a_predicted_token_is_taken_as_it_stands_in_the_text() {
        let mut page = reading(&["When", "ĠMary"]);
        for (part, id, token) in [(Part::Answer, 7, "ĠMary"), (Part::Other(0), 9, "John")] {
            let event = page.state.with_token(part, id, token);
            page.event(event);
        }
        let parts = [Part::Answer, Part::Other(0)].map(|part| page.state.part_of_outcome(part).cloned());
        let token = |text: &str, id| Some(OutcomeToken { text: text.to_owned(), id: Some(id) });
        assert_eq!(parts, [token(" Mary", 7), token("John", 9)]);
    }

    #[test]
    fn other_tokens_are_added_changed_and_left_out() {
        let mut page = reading(&["When", "ĠMary"]);
        let mut put = |part, text: &str| {
            let event = page.state.with_part(part, text.into());
            page.event(event);
            let OutcomeAsked::Tokens { others, .. } = page.state.editing.asked.clone() else { panic!("tokens") };
            let others: Vec<String> = others.into_iter().map(|other| other.text).collect();
            (others.join("|"), page.state.outcome_name())
        };
        put(Part::Answer, " Mary");
        assert_eq!(put(Part::Other(0), " John"), (" John".to_owned(), "Mary − John".to_owned()));
        assert_eq!(put(Part::Other(1), " Tom"), (" John| Tom".to_owned(), "Mary − mean(John, Tom)".to_owned()));
        assert_eq!(put(Part::Other(0), " Ann").0, " Ann| Tom");
        assert_eq!(put(Part::Other(2), "").0, " Ann| Tom", "nothing was typed");
        assert_eq!(put(Part::Other(0), "").0, " Tom");
        let Some(ToWorker::Editing(EditingRequest::Compare { outcome: Some(asked), .. })) = page.sent.last() else {
            panic!("{:?}", page.sent.last())
        };
        assert_eq!(asked, &page.state.editing.asked, "each is measured");
    }

    #[test]
    fn what_is_typed_is_cut_by_the_model_once() {
        let mut page = Page::with_result();
        page.event(Event::Editing(EditEvent::AnswerTyped("Johnny".to_owned())));
        let Some(ToWorker::Tokenize { request, input }) = page.sent.last().cloned() else { panic!("{:?}", page.sent) };
        assert_eq!((input.text, input.bos), (InputText::Single("Johnny".to_owned()), Some(false)));
        assert_eq!(page.state.cut_of("Johnny"), None);
        let tokens = tokens(&["[CLS]", "John", "ny", "[SEP]"]);
        page.says(FromWorker::Tokenized { request, tokens, turns: Vec::new() });
        let plain: Vec<&str> = page.state.cut_of("Johnny").unwrap().iter().map(|label| label.plain.as_str()).collect();
        assert_eq!(plain, ["John", "ny"], "without what the tokenizer adds");
        let n_sent = page.sent.len();
        page.event(Event::Editing(EditEvent::AnswerTyped("Johnny".to_owned())));
        assert_eq!(page.sent.len(), n_sent);
    }
}
