//! A row's text as it is listed: its beginning, or what stands around the two words of a search.

use leptos::prelude::*;

use crate::state::find::Search;
use crate::state::wording::shortened_to;
use crate::ui::erased::view;

/// Letters of a text that are listed.
const N_LETTERS: usize = 160;
/// Bytes that are listed on either side of the words of a search.
const N_AROUND: usize = 50;

/// Pieces of a text, and whether each is a word of the search.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt(Vec<(String, bool)>);

impl Excerpt {
    /// The row of a search.
    pub fn of_row(search: &Search, index: usize) -> Self {
        let Some(row) = search.set.rows.get(index) else { return Self(Vec::new()) };
        let label = row.label.as_ref().map(|label| format!(" [{label}]")).unwrap_or_default();
        let mut pieces = match search.sent.places(&row.text) {
            Some(places) => around(&row.text, places),
            None => {
                let pair = row.text_pair.as_deref().map(|pair| format!(" | {pair}")).unwrap_or_default();
                vec![(shortened_to(&format!("{}{pair}", row.text), N_LETTERS), false)]
            }
        };
        pieces.push((label, false));
        Self(pieces)
    }

    /// The pieces, words of the search set off.
    pub fn view(self) -> AnyView {
        let piece = |(text, is_word): (String, bool)| match is_word {
            true => view! { <strong>{text}</strong> },
            false => view! { {text} },
        };
        self.0.into_iter().map(piece).collect_view().into_any()
    }
}

/// Two words with what stands around them; a long middle is cut.
fn around(text: &str, places: [(usize, usize); 2]) -> Vec<(String, bool)> {
    let [first, second] = if places[0] <= places[1] { places } else { [places[1], places[0]] };
    let (before, after) = (&text[..first.0], &text[second.1..]);
    let start = text.floor_char_boundary(first.0.saturating_sub(N_AROUND));
    let end = text.ceil_char_boundary((second.1 + N_AROUND).min(text.len()));
    let middle = &text[first.1..second.0];
    let middle = match middle.len() > 2 * N_AROUND {
        false => middle.to_owned(),
        true => {
            let tail = middle.ceil_char_boundary(middle.len() - N_AROUND);
            format!("{} … {}", &middle[..middle.floor_char_boundary(N_AROUND)], &middle[tail..])
        }
    };
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    vec![
        (format!("{}{}", cut(start > 0), &before[start..]), false),
        (text[first.0..first.1].to_owned(), true),
        (middle, false),
        (text[second.0..second.1].to_owned(), true),
        (format!("{}{}", &after[..end - second.1], cut(end < text.len())), false),
    ]
}
