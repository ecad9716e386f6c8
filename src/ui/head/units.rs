//! The rows of the head view: tokens, or words joined from several tokens, with the weights between them.

use std::sync::Arc;

use crate::analysis::words::{Words, join};
use crate::state::{LayerPatterns, Shown, State};
use crate::trace::Side;
use crate::trace::display::{TokenLabel, joined_label};
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;

/// The rows of both sides; in self-attention both sides are the same.
#[derive(Clone, PartialEq)]
pub struct Units {
    query: SideUnits,
    key: SideUnits,
    /// Whether some row stands for several tokens.
    pub is_joined: bool,
}

/// The rows of one side.
#[derive(Clone, PartialEq)]
pub struct SideUnits {
    /// The tokens of each row.
    pub words: Same<Words>,
    /// The row of each token.
    pub of_token: Same<[usize]>,
    /// The label of each row. Two results have the same rows only if they share this list.
    pub labels: Same<[TokenLabel]>,
    /// The label of the token that a decoder predicts after each row.
    pub predicted: Option<Same<[TokenLabel]>>,
    /// Rows of tokens that the tokenizer added.
    pub special: Same<[bool]>,
    /// Where the second text starts, in a pair.
    pub second_start: Option<usize>,
    /// Of a conversation: the message that each row is of; empty for other inputs.
    pub messages: Same<[Option<RowMessage>]>,
}

/// The message of a conversation that a row is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowMessage {
    /// Whose it is.
    pub role: String,
    /// Whether it begins with this row.
    pub is_first: bool,
}

impl Units {
    /// Follows the result, what is said of its tokens, and whether words are joined.
    pub fn memo(page: Page) -> Derived<Option<Self>> {
        let wanted = page.memo(|state| {
            let shown = state.shown.as_ref();
            // A classifier's labels come after the result.
            let has_predicted = shown.is_some_and(|shown| shown.predicted().is_some());
            (shown.map(Shown::looked), has_predicted, state.options.display.joins_words)
        });
        Derived::new(move || {
            let (_, _, joins) = wanted.get();
            page.peek(|state| Self::from_state(state, joins))
        })
    }

    fn from_state(state: &State, joins: bool) -> Option<Self> {
        let shown = state.shown.as_ref()?;
        let query = SideUnits::new(shown, Side::Query, joins);
        let key = if shown.has_same_tokens() {
            SideUnits { predicted: None, ..query.clone() }
        } else {
            SideUnits::new(shown, Side::Key, joins)
        };
        let is_joined = query.is_joined() || key.is_joined();
        Some(Self { query, key, is_joined })
    }

    /// The rows of one side.
    pub fn side(&self, side: Side) -> &SideUnits {
        match side {
            Side::Query => &self.query,
            Side::Key => &self.key,
        }
    }

    /// The row of a token; the last row for a token beyond the text.
    pub fn row_of(&self, side: Side, position: usize) -> usize {
        let units = self.side(side);
        units.of_token.0.get(position).copied().unwrap_or_else(|| units.words.0.len().saturating_sub(1))
    }

    /// The tokens of a row.
    pub fn tokens(&self, side: Side, unit: usize) -> std::ops::Range<usize> {
        self.side(side).words.0.0.get(unit).cloned().unwrap_or_default()
    }
}

impl SideUnits {
    fn new(shown: &Shown, side: Side, joins: bool) -> Self {
        let tokens = shown.tokens(side);
        let words = if joins {
            Words::of(&tokens.tokens, tokens.form, &tokens.special, &tokens.segments)
        } else {
            Words::single(tokens.len())
        };
        let is_joined = words.len() < tokens.len();
        let labels = if is_joined {
            words.0.iter().map(|word| joined_label(&tokens.tokens[word.clone()], tokens.form)).collect()
        } else {
            Arc::clone(shown.labels(side))
        };
        let predicted = shown.predicted().filter(|_| side == Side::Query).map(|predicted| {
            let last = |word: &std::ops::Range<usize>| predicted.get(word.end.saturating_sub(1)).cloned();
            if is_joined { words.0.iter().filter_map(last).collect() } else { Arc::clone(predicted) }
        });
        let of_token = words.of_token();
        let special = words.0.iter().map(|word| tokens.special.get(word.start).copied().unwrap_or(false)).collect();
        let message = |word: &std::ops::Range<usize>| {
            let turn = shown.turns(side).iter().find(|turn| turn.holds(word.start))?;
            Some(RowMessage { role: turn.role.clone(), is_first: word.contains(&(turn.start as usize)) })
        };
        let messages: Arc<[Option<RowMessage>]> =
            if shown.turns(side).is_empty() { Arc::from([]) } else { words.0.iter().map(message).collect() };
        let second_start = tokens.segments.get(1).and_then(|&start| of_token.get(start).copied());
        Self {
            words: Same(Arc::new(words)),
            of_token: Same(of_token.into()),
            labels: Same(labels),
            predicted: predicted.map(Same),
            special: Same(special),
            second_start,
            messages: Same(messages),
        }
    }

    fn is_joined(&self) -> bool {
        self.words.0.len() < self.of_token.0.len()
    }
}

/// The weights of the layer shown, between rows.
pub fn drawn_memo(page: Page, units: Derived<Option<Units>>) -> Derived<Option<Same<LayerPatterns>>> {
    let drawn = page.memo(|state| state.drawn_patterns().map(Same));
    Derived::new(move || {
        let drawn = drawn.get()?;
        units.with(|units| match units {
            Some(units) if units.is_joined => {
                joined(&drawn.0, &units.query.words.0, &units.key.words.0).map(|it| Same(Arc::new(it)))
            }
            _ => Some(drawn),
        })
    })
}

fn joined(patterns: &LayerPatterns, queries: &Words, keys: &Words) -> Option<LayerPatterns> {
    if (patterns.n_query, patterns.n_key) != (queries.0.last()?.end, keys.0.last()?.end) {
        return None;
    }
    let heads = patterns.values.chunks_exact(patterns.n_query * patterns.n_key);
    let values: Vec<f32> = heads.flat_map(|head| join(head, queries, keys)).collect();
    Some(LayerPatterns { n_query: queries.len(), n_key: keys.len(), values: values.into(), ..patterns.clone() })
}
