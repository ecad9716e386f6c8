//! What the head view's rows are: tokens, or words joined of several; and the drawn layer's weights between them.

use std::sync::Arc;

use leptos::prelude::*;

use super::page::Page;
use super::scene::Same;
use crate::analysis::words::{Words, join};
use crate::state::{LayerPatterns, State};
use crate::trace::display::{TokenLabel, joined_label};

/// The rows of a result.
#[derive(Clone, PartialEq)]
pub struct Units {
    /// Which tokens each row stands for.
    pub words: Same<Words>,
    /// Which row each token is in.
    pub of_token: Same<[usize]>,
    /// What is shown of each row; another list means other rows.
    pub labels: Same<[TokenLabel]>,
    /// Rows of tokens that the tokenizer added.
    pub special: Same<[bool]>,
    /// Where the second text starts, in a pair.
    pub second_start: Option<usize>,
    /// Whether some row stands for several tokens.
    pub is_joined: bool,
}

impl Units {
    /// Follows the result and the wish to join words.
    pub fn memo(page: Page) -> Memo<Option<Self>> {
        let wanted =
            page.memo(|state| (state.shown.as_ref().map(|shown| shown.request), state.options.display.joins_words));
        Memo::new(move |_| {
            let (_, joins) = wanted.get();
            page.peek(|state| Self::of(state, joins))
        })
    }

    fn of(state: &State, joins: bool) -> Option<Self> {
        let shown = state.shown.as_ref()?;
        let tokens = &shown.info.tokens;
        let words = if joins {
            Words::of(&tokens.tokens, tokens.form, &tokens.special, &tokens.segments)
        } else {
            Words::single(tokens.len())
        };
        let is_joined = words.len() < tokens.len();
        let labels = if is_joined {
            words.0.iter().map(|word| joined_label(&tokens.tokens[word.clone()], tokens.form)).collect()
        } else {
            Arc::clone(&shown.labels)
        };
        let of_token = words.of_token();
        let special = words.0.iter().map(|word| tokens.special.get(word.start).copied().unwrap_or(false)).collect();
        let second_start = tokens.segments.get(1).and_then(|&start| of_token.get(start).copied());
        Some(Self {
            words: Same(Arc::new(words)),
            of_token: Same(of_token.into()),
            labels: Same(labels),
            special: Same(special),
            second_start,
            is_joined,
        })
    }

    /// The row of a token; the last one for tokens that are not there.
    pub fn row_of(&self, position: usize) -> usize {
        self.of_token.0.get(position).copied().unwrap_or_else(|| self.words.0.len().saturating_sub(1))
    }

    /// The tokens of a row.
    pub fn tokens(&self, unit: usize) -> std::ops::Range<usize> {
        self.words.0.0.get(unit).cloned().unwrap_or_default()
    }
}

/// The drawn layer's weights between the rows.
pub fn drawn_memo(page: Page, units: Memo<Option<Units>>) -> Memo<Option<Same<LayerPatterns>>> {
    let drawn = page.memo(|state| state.shown.as_ref().and_then(|shown| shown.drawn.clone()).map(Same));
    Memo::new(move |_| {
        let drawn = drawn.get()?;
        units.with(|units| match units {
            Some(units) if units.is_joined => joined(&drawn.0, &units.words.0).map(|it| Same(Arc::new(it))),
            _ => Some(drawn),
        })
    })
}

fn joined(patterns: &LayerPatterns, words: &Words) -> Option<LayerPatterns> {
    let n_tokens = words.0.last()?.end;
    if (patterns.n_query, patterns.n_key) != (n_tokens, n_tokens) {
        return None;
    }
    let heads = patterns.values.chunks_exact(n_tokens * n_tokens);
    let values: Vec<f32> = heads.flat_map(|head| join(head, words, words)).collect();
    Some(LayerPatterns { n_query: words.len(), n_key: words.len(), values: values.into(), ..patterns.clone() })
}
