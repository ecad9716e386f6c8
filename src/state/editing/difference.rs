//! Questions about the difference: each is asked of A and of B, and the two answers become one.
//!
//! Who holds A and B (a worker, another worker, a trace) does not matter: the numbers are subtracted here, one by one. What
//! cannot be subtracted is told apart: products of neurons, and a score that only one of the two has.

use super::super::*;
use super::Side;
use crate::protocol::{Answer, HeadNumbers, NeuronsAnswer, Question, StrongLink, ToWorker};

/// An answer with its buffers.
type Came = (Answer, Vec<Vec<f32>>);

/// A question under way, asked twice.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    /// Asked of A; it is also the question's name.
    a: RequestId,
    b: RequestId,
    question: Question,
    from_a: Option<Came>,
    from_b: Option<Came>,
}

/// The questions under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::state) struct Pairs(Vec<Pair>);

impl Pairs {
    /// An answer: passed on where it is none of these, kept until the other one is there, or made one with it.
    fn came(&mut self, request: RequestId, came: Came) -> Option<(RequestId, Came)> {
        let Some(at) = self.0.iter().position(|pair| request == pair.a || request == pair.b) else {
            return Some((request, came));
        };
        let pair = &mut self.0[at];
        *(if request == pair.a { &mut pair.from_a } else { &mut pair.from_b }) = Some(came);
        let (Some(_), Some(_)) = (&pair.from_a, &pair.from_b) else { return None };
        let pair = self.0.swap_remove(at);
        let (from_a, from_b) = (pair.from_a?, pair.from_b?);
        Some((pair.a, difference(&pair.question, from_a, from_b)))
    }

    /// One of two questions ended without an answer: so has the pair. Its name.
    fn ended(&mut self, request: RequestId) -> RequestId {
        match self.0.iter().position(|pair| request == pair.a || request == pair.b) {
            Some(at) => self.0.swap_remove(at).a,
            None => request,
        }
    }
}

impl State {
    /// Asks a question about the result on screen, if whoever made it is still there; of A and B where it is the difference.
    pub(in crate::state) fn ask(&mut self, question: Question, effects: &mut Vec<Effect>) -> Option<RequestId> {
        if self.editing.side != Side::Difference {
            return self.ask_of(self.editing.side, question, effects);
        }
        if !self.can_answer() {
            return None;
        }
        let a = self.ask_of(Side::A, question.clone(), effects)?;
        let b = self.ask_of(Side::B, question.clone(), effects)?;
        self.editing.pairs.0.push(Pair { a, b, question, from_a: None, from_b: None });
        Some(a)
    }

    fn ask_of(&mut self, side: Side, question: Question, effects: &mut Vec<Effect>) -> Option<RequestId> {
        let shown = self.result(side)?;
        let (second, is_trace, run) = (shown.second, shown.is_trace, shown.live_run);
        // The one that is looked at, also of a result that is not on screen.
        let kind = self.shown.as_ref()?.kind;
        let request = self.request();
        effects.push(match (second, is_trace, run) {
            (Some(Second::Run(run)), ..) => Effect::SendSecond(ToWorker::Ask { request, run, kind, question }),
            (Some(Second::Trace), ..) => Effect::AskSecondTrace { request, kind, question },
            (None, true, _) => Effect::AskTrace { request, kind, question },
            (None, false, Some(run)) => Effect::Send(ToWorker::Ask { request, run, kind, question }),
            (None, false, None) => return None,
        });
        Some(request)
    }

    /// An answer on its way to the views: of two, the difference.
    pub(in crate::state) fn paired(
        &mut self,
        request: RequestId,
        answer: Answer,
        buffers: Vec<Vec<f32>>,
    ) -> Option<(RequestId, Answer, Vec<Vec<f32>>)> {
        let (request, (answer, buffers)) = self.editing.pairs.came(request, (answer, buffers))?;
        Some((request, answer, buffers))
    }

    /// The name under which a question that ended is known to the views.
    pub(in crate::state) fn pair_ended(&mut self, request: RequestId) -> RequestId {
        self.editing.pairs.ended(request)
    }
}

/// B minus A. Answers of different shapes have no difference: their buffers are empty, and whoever takes them says so.
fn difference(question: &Question, (a, from_a): Came, (b, from_b): Came) -> Came {
    match (a, b) {
        (
            Answer::Thumbnails { n_rows, n_columns, heads: heads_a, .. },
            Answer::Thumbnails { layer, n_rows: rows_b, n_columns: columns_b, heads: heads_b },
        ) if (n_rows, n_columns, heads_a.len()) == (rows_b, columns_b, heads_b.len()) => {
            let buffers = subtract_all(&from_a, from_b);
            let cells = buffers.first().map(Vec::as_slice).unwrap_or_default();
            let n_cells = (n_rows * n_columns) as usize;
            let head = |(index, (a, b)): (usize, (HeadNumbers, HeadNumbers))| HeadNumbers {
                entropy: a.entropy.zip(b.entropy).map(|(a, b)| b - a),
                strongest: largest_change(question, cells.get(index * n_cells..(index + 1) * n_cells), n_columns),
            };
            let heads = heads_a.into_iter().zip(heads_b).enumerate().map(head).collect();
            (Answer::Thumbnails { layer, n_rows, n_columns, heads }, buffers)
        }
        (Answer::Neurons(a), Answer::Neurons(b)) => neurons(a, from_a, b, from_b),
        (Answer::Patterns { n_query, n_key, .. }, Answer::Patterns { layer, heads, n_query: rows, n_key: columns })
            if (n_query, n_key) == (rows, columns) =>
        {
            (Answer::Patterns { layer, heads, n_query, n_key }, subtract_all(&from_a, from_b))
        }
        (Answer::Scores { .. }, b @ Answer::Scores { .. })
        | (Answer::HeadWeights { .. }, b @ Answer::HeadWeights { .. }) => (b, subtract_all(&from_a, from_b)),
        (_, b) => (b, Vec::new()),
    }
}

/// The buffers of B with those of A behind them: products must be made before they are subtracted. What one of the two does
/// not hold has no difference.
fn neurons(a: NeuronsAnswer, mut from_a: Vec<Vec<f32>>, b: NeuronsAnswer, mut from_b: Vec<Vec<f32>>) -> Came {
    if (a.d_head, a.n_query, a.n_key) != (b.d_head, b.n_query, b.n_key) {
        return (Answer::Neurons(b), Vec::new());
    }
    let mut missing = b.missing.clone();
    missing.extend(a.missing.into_iter().filter(|(part, _)| b.missing.iter().all(|(other, _)| other != part)));
    for (part, _) in &missing {
        for buffers in [&mut from_a, &mut from_b] {
            buffers.get_mut(*part as usize).into_iter().for_each(Vec::clear);
        }
    }
    from_b.append(&mut from_a);
    (Answer::Neurons(NeuronsAnswer { missing, ..b }), from_b)
}

fn subtract_all(a: &[Vec<f32>], b: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    if a.iter().map(Vec::len).ne(b.iter().map(Vec::len)) {
        return Vec::new();
    }
    let subtract = |(a, mut b): (&Vec<f32>, Vec<f32>)| {
        b.iter_mut().zip(a).for_each(|(b, a)| *b -= a);
        b
    };
    a.iter().zip(b).map(subtract).collect()
}

/// Where one head's pattern differs most, if its cells are single weights.
fn largest_change(question: &Question, cells: Option<&[f32]>, n_columns: u32) -> Option<StrongLink> {
    let (Question::Thumbnails { grid, .. }, Some(cells)) = (question, cells) else { return None };
    if cells.len() != grid.queries.len() * grid.keys.len() || grid.keys.len() != n_columns as usize {
        return None;
    }
    let (at, weight) = cells.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))?;
    let (row, column) = (at / n_columns as usize, at % n_columns as usize);
    Some(StrongLink { query: *grid.queries.get(row)?, key: *grid.keys.get(column)?, weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Grid, NeuronPart, Reduce};

    fn patterns(n_key: u32) -> Answer {
        Answer::Patterns { layer: 0, heads: vec![0], n_query: 1, n_key }
    }

    #[test]
    fn two_answers_become_one() {
        let question = Question::Patterns { layer: 0, heads: vec![0] };
        let pair = Pair { a: 4, b: 5, question, from_a: None, from_b: None };
        let mut pairs = Pairs(vec![pair.clone()]);
        let passed = pairs.came(9, (patterns(2), vec![vec![1.0]]));
        assert_eq!(passed, Some((9, (patterns(2), vec![vec![1.0]]))), "none of ours");
        assert_eq!(pairs.came(5, (patterns(2), vec![vec![0.25, 0.75]])), None);
        let found = pairs.came(4, (patterns(2), vec![vec![0.5, 0.5]]));
        assert_eq!(found, Some((4, (patterns(2), vec![vec![-0.25, 0.25]]))));
        assert!(pairs.0.is_empty());
        let mut pairs = Pairs(vec![pair]);
        assert_eq!((pairs.ended(5), pairs.ended(7)), (4, 7));
    }

    #[test]
    fn other_shapes_have_no_difference() {
        let question = Question::Patterns { layer: 0, heads: vec![0] };
        let (_, buffers) = difference(&question, (patterns(2), vec![vec![1.0, 0.0]]), (patterns(1), vec![vec![1.0]]));
        assert!(buffers.is_empty());
    }

    #[test]
    fn thumbnails_say_where_they_differ_most() {
        let grid = Grid { queries: vec![3, 4], keys: vec![3, 4], max_cells: 64, reduce: Reduce::Mean };
        let question = Question::Thumbnails { layer: 1, heads: vec![0], grid };
        let answer = |entropy| Answer::Thumbnails {
            layer: 1,
            n_rows: 2,
            n_columns: 2,
            heads: vec![HeadNumbers { entropy: Some(entropy), strongest: None }],
        };
        let a = (answer(0.5), vec![vec![1.0, 0.0, 0.5, 0.5]]);
        let b = (answer(0.25), vec![vec![1.0, 0.0, 0.0, 1.0]]);
        let (found, buffers) = difference(&question, a, b);
        assert_eq!(buffers, [[0.0, 0.0, -0.5, 0.5]]);
        let Answer::Thumbnails { heads, .. } = found else { panic!("{found:?}") };
        assert_eq!(heads[0].entropy, Some(-0.25));
        let link = heads[0].strongest.unwrap();
        assert_eq!((link.query, link.weight.abs()), (4, 0.5));
    }

    #[test]
    fn neurons_of_both_and_what_one_lacks() {
        let numbers = |missing: Vec<(NeuronPart, String)>| NeuronsAnswer {
            layer: 0,
            head: 0,
            d_head: 1,
            n_query: 1,
            n_key: 1,
            attn_scale: None,
            sharing_heads: (0, 1),
            missing,
        };
        let part = |value: f32| vec![vec![value]; 7];
        let mut of_a = part(1.0);
        of_a[NeuronPart::ValueNorms as usize].clear();
        let missing = vec![(NeuronPart::ValueNorms, "values were not saved".to_owned())];
        let (answer, buffers) = neurons(numbers(missing), of_a, numbers(Vec::new()), part(2.0));
        let Answer::Neurons(answer) = answer else { panic!("{answer:?}") };
        let head = crate::state::scales::neurons::HeadNeurons::new(answer, buffers).unwrap();
        assert!(head.is_difference() && head.reason(NeuronPart::ValueNorms).is_some());
        assert_eq!((head.part(NeuronPart::Keys), head.part_against(NeuronPart::Keys)), (&[2.0f32][..], &[1.0f32][..]));
        assert!(head.part(NeuronPart::ValueNorms).is_empty());
    }
}
