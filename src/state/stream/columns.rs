//! The logit lens as it comes: a column of the table for each position, a few positions per answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::options::StreamNumber;
use crate::protocol::{Answer, LensPart, TokenAsked, TokenRead};

/// How many of the most likely tokens a cell lists.
pub const N_TOP: usize = 10;

/// Rows of logits that the worker makes at a time: positions are asked for in numbers that fill them.
const ROWS: usize = 128;

/// The lens at one position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LensColumn {
    /// Entropy and KL of each row.
    numbers: Vec<[f32; 2]>,
    /// Probability, rank and logit of a token in each row, with what was asked for.
    token: Option<(TokenAsked, Vec<[f32; 3]>)>,
    /// The most likely tokens of each row with their probabilities, most likely first.
    top: Vec<Vec<(u32, f32)>>,
}

impl LensColumn {
    /// The most likely tokens of a row.
    pub fn top(&self, row: usize) -> &[(u32, f32)] {
        self.top.get(row).map_or(&[], Vec::as_slice)
    }

    /// A number of a row; that of a token only if it is `token`'s.
    pub fn number(&self, number: StreamNumber, row: usize, token: Option<&TokenAsked>) -> Option<f32> {
        let of_token = |at: usize| {
            let (asked, numbers) = self.token.as_ref()?;
            Some(numbers.get(row)?[at]).filter(|_| Some(asked) == token)
        };
        match number {
            StreamNumber::TopToken => self.top(row).first().map(|(_, prob)| *prob),
            StreamNumber::TokenProb => of_token(0),
            StreamNumber::TokenRank => of_token(1),
            StreamNumber::TokenLogit => of_token(2),
            StreamNumber::Entropy => self.numbers.get(row).map(|numbers| numbers[0]),
            StreamNumber::Kl => self.numbers.get(row).map(|numbers| numbers[1]),
            _ => None,
        }
    }

    /// Whether everything is here that is shown of the position.
    fn has(&self, token: Option<&TokenAsked>) -> bool {
        token.is_none() || self.token.as_ref().map(|(asked, _)| asked) == token
    }
}

/// The columns that are here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LensColumns {
    columns: BTreeMap<usize, Arc<LensColumn>>,
    names: BTreeMap<u32, Arc<str>>,
    /// Counts the answers that came: drawings follow it.
    pub n_answers: u32,
    /// The token that was asked for, as the source read it.
    pub token: Option<TokenRead>,
}

impl LensColumns {
    /// The column of a position.
    pub fn get(&self, position: usize) -> Option<&Arc<LensColumn>> {
        self.columns.get(&position)
    }

    /// What a token is called.
    pub fn name(&self, id: u32) -> Option<&str> {
        self.names.get(&id).map(|name| &**name)
    }

    /// How many positions are here.
    pub fn n_done(&self, token: Option<&TokenAsked>) -> usize {
        self.columns.values().filter(|column| column.has(token)).count()
    }

    /// The positions to ask for next, of `n_positions` in a table of `n_rows`: those in view first.
    pub fn missing(
        &self,
        n_rows: usize,
        n_positions: usize,
        seen: (usize, usize),
        token: Option<&TokenAsked>,
    ) -> Vec<u32> {
        let n_at_once = (ROWS / (n_rows + 1)).max(1);
        let in_view = seen.0..(seen.1 + 1).min(n_positions);
        let outside = (0..n_positions).filter(|position| !in_view.contains(position));
        let is_missing = |position: &usize| self.columns.get(position).is_none_or(|column| !column.has(token));
        let next = in_view.clone().chain(outside).filter(is_missing).take(n_at_once);
        next.map(|position| position as u32).collect()
    }

    /// Takes an answer about some positions.
    pub fn take(&mut self, positions: &[u32], asked: Option<TokenAsked>, answer: Answer, buffers: &[Vec<f32>]) {
        let Answer::Lens { n_layers, n_positions, n_top, names, token } = answer else { return };
        let (n_layers, n_positions, n_top) = (n_layers as usize, n_positions as usize, n_top as usize);
        let part = |part: LensPart| buffers.get(part as usize).map_or(&[][..], Vec::as_slice);
        let has_all = |part: &[f32], n_each: usize| part.len() == n_layers * n_positions * n_each;
        let (entropy, kl) = (part(LensPart::Entropy), part(LensPart::Kl));
        let (probs, ids) = (part(LensPart::TopProbs), part(LensPart::TopIds));
        if positions.len() != n_positions || !has_all(entropy, 1) || !has_all(kl, 1) {
            return;
        }
        let of_token = [LensPart::TokenProb, LensPart::TokenRank, LensPart::TokenLogit].map(part);
        for (index, &position) in positions.iter().enumerate() {
            let cells = || (0..n_layers).map(|row| row * n_positions + index);
            let top = |cell: usize| {
                let span = cell * n_top..(cell + 1) * n_top;
                let pairs = ids.get(span.clone()).into_iter().flatten().zip(probs.get(span).into_iter().flatten());
                pairs.map(|(id, prob)| (*id as u32, *prob)).collect::<Vec<_>>()
            };
            let token = asked.clone().filter(|_| of_token.iter().all(|part| has_all(part, 1)));
            let token = token.map(|asked| (asked, cells().map(|cell| of_token.map(|part| part[cell])).collect()));
            let numbers = cells().map(|cell| [entropy[cell], kl[cell]]).collect();
            let column = LensColumn { numbers, token, top: cells().map(top).collect() };
            self.columns.insert(position as usize, Arc::new(column));
        }
        self.n_answers += 1;
        self.names.extend(names.into_iter().map(|(id, name)| (id, name.into())));
        if token.is_some() {
            self.token = token;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(n_positions: u32, token: Option<TokenRead>) -> Answer {
        Answer::Lens { n_layers: 2, n_positions, n_top: 1, names: vec![(7, "seven".to_owned())], token }
    }

    #[test]
    fn columns_in_view_are_asked_for_first_and_each_once() {
        let mut columns = LensColumns::default();
        assert_eq!(columns.missing(62, 5, (3, 4), None), [3, 4]);
        let cells = vec![0.5; 4];
        let none = Vec::new;
        let buffers = [cells.clone(), cells, none(), none(), none(), vec![0.25; 4], vec![7.0; 4]];
        columns.take(&[3, 4], None, answer(2, None), &buffers);
        assert_eq!(columns.missing(62, 5, (3, 4), None), [0, 1]);
        assert_eq!(columns.missing(2, 5, (0, 9), None), [0, 1, 2], "as many as fit");
        let column = columns.get(3).unwrap();
        assert_eq!(column.top(1), [(7, 0.25)]);
        assert_eq!((column.number(StreamNumber::Entropy, 1, None), columns.name(7)), (Some(0.5), Some("seven")));
        assert_eq!(column.number(StreamNumber::TokenProb, 0, None), None);
        // Another token is asked for everywhere again.
        let token = TokenAsked::Text(" Mary".to_owned());
        assert_eq!(columns.missing(62, 5, (3, 4), Some(&token)), [3, 4]);
        assert_eq!(columns.n_done(Some(&token)), 0);
    }

    #[test]
    fn numbers_of_a_token_belong_to_it() {
        let mut columns = LensColumns::default();
        let (mary, john) = (TokenAsked::Text(" Mary".to_owned()), TokenAsked::Id(3));
        let read = TokenRead { id: 9, token: "ĠMary".to_owned(), n_pieces: 1 };
        let two = |a: f32| vec![a, a + 1.0];
        let buffers = [two(0.0), two(0.0), two(0.5), two(4.0), two(8.0), vec![0.25; 2], vec![7.0; 2]];
        columns.take(&[2], Some(mary.clone()), answer(1, Some(read.clone())), &buffers);
        let column = columns.get(2).unwrap();
        let number = |number: StreamNumber, row: usize, token: &TokenAsked| column.number(number, row, Some(token));
        assert_eq!(number(StreamNumber::TokenProb, 1, &mary), Some(1.5));
        assert_eq!(number(StreamNumber::TokenRank, 0, &mary), Some(4.0));
        assert_eq!(number(StreamNumber::TokenLogit, 1, &mary), Some(9.0));
        assert_eq!(number(StreamNumber::TokenLogit, 1, &john), None);
        assert_eq!(columns.token, Some(read));
    }

    #[test]
    fn an_answer_of_another_size_changes_nothing() {
        let mut columns = LensColumns::default();
        columns.take(&[0, 1], None, answer(1, None), &[vec![0.0; 2], vec![0.0; 2]]);
        columns.take(&[0], None, answer(1, None), &[vec![0.0; 3], vec![0.0; 2]]);
        assert_eq!(columns, LensColumns::default());
    }
}
