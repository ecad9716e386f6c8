//! The circuits of the head whose page is open.

use std::collections::BTreeMap;

use super::written::named;
use crate::protocol::{Answer, HeadPart, TokenRead};

/// What is asked about a head's weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CircuitsAsked {
    /// Texts whose first tokens are read, and read; none for the tokens of the text on screen that are selected.
    pub texts: Vec<String>,
    /// How far before the reading token the read one stands.
    pub distance: u32,
}

/// What a head's weights do with tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadNumbers {
    /// The layer.
    pub layer: usize,
    /// The head.
    pub head: usize,
    /// How far before the reading token the read one stands.
    pub distance: u32,
    /// Each token that was asked about.
    pub rows: Vec<CircuitRow>,
    /// Re Σλ / Σ|λ| of the OV circuit.
    pub copying: Option<f64>,
    /// Why what the head writes cannot be read as tokens.
    pub without_words: Option<String>,
}

/// One token through a head's circuits.
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitRow {
    /// The token.
    pub token: TokenRead,
    /// What reading it promotes most.
    pub promotes: Vec<(String, f32)>,
    /// What reading it suppresses most.
    pub suppresses: Vec<(String, f32)>,
    /// The tokens that it would read most.
    pub wants: Vec<(String, f32)>,
}

impl HeadNumbers {
    /// Takes an answer; nothing where its buffers do not fit.
    pub fn new([layer, head, distance]: [u32; 3], answer: Answer, buffers: &[Vec<f32>]) -> Option<Self> {
        let Answer::Head { tokens, n_top, names, copying, without_words } = answer else { return None };
        let (n_top, names): (usize, BTreeMap<u32, String>) = (n_top as usize, names.into_iter().collect());
        let part = |part: HeadPart| buffers.get(part as usize).map_or(&[][..], Vec::as_slice);
        if part(HeadPart::Wanted).len() != tokens.len() * n_top {
            return None;
        }
        // Without an unembedding lists of what is written are empty.
        let list = |ids: HeadPart, values: HeadPart, index: usize| {
            let span = index * n_top..(index + 1) * n_top;
            let lists = part(ids).get(span.clone()).zip(part(values).get(span));
            lists.map(|(ids, values)| named(&names, ids, values)).unwrap_or_default()
        };
        let row = |(index, token): (usize, TokenRead)| CircuitRow {
            token,
            promotes: list(HeadPart::PromotedIds, HeadPart::Promoted, index),
            suppresses: list(HeadPart::SuppressedIds, HeadPart::Suppressed, index),
            wants: list(HeadPart::WantedIds, HeadPart::Wanted, index),
        };
        let rows = tokens.into_iter().enumerate().map(row).collect();
        Some(Self { layer: layer as usize, head: head as usize, distance, rows, copying, without_words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_lists() {
        let token = |id: u32| TokenRead { id, token: id.to_string(), n_pieces: 1 };
        let answer = |n_top: u32| Answer::Head {
            tokens: vec![token(1), token(2)],
            n_top,
            names: vec![(7, "seven".to_owned())],
            copying: Some(0.5),
            without_words: None,
        };
        let two = |a: f32, b: f32| vec![a, b];
        let lists = [two(7.0, 8.0), two(0.5, 0.25), two(8.0, 7.0), two(-1.0, -2.0), two(7.0, 9.0), two(3.0, 4.0)];
        let found = HeadNumbers::new([1, 3, 2], answer(1), &lists).unwrap();
        assert_eq!((found.layer, found.head, found.distance, found.copying), (1, 3, 2, Some(0.5)));
        assert_eq!(found.rows[0].promotes, [("seven".to_owned(), 0.5)]);
        assert_eq!(found.rows[1].wants, [("9".to_owned(), 4.0)]);
        let nothing = Vec::new;
        let without = [nothing(), nothing(), nothing(), nothing(), two(7.0, 9.0), two(3.0, 4.0)];
        let found = HeadNumbers::new([1, 3, 2], answer(1), &without).unwrap();
        assert!(found.rows[0].promotes.is_empty() && !found.rows[0].wants.is_empty());
        assert_eq!(HeadNumbers::new([1, 3, 2], answer(2), &lists), None);
    }
}
