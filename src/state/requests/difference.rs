//! The difference of two answers to one question: every number of B minus that of A.
//!
//! Who holds A and B (a worker, another worker, a trace) does not matter. Two things are not subtracted here: the products of
//! neurons, which must be made before they are subtracted, and what only one of the two has.

use std::collections::BTreeSet;

use crate::protocol::{Answer, HeadNumbers, LensPart, NeuronPagePart, NeuronsAnswer, Prediction, Question, StrongLink};

/// An answer with its buffers.
pub(super) type Full = (Answer, Vec<Vec<f32>>);

/// The question to ask of both once more, where the two answers cannot be compared yet: each lists the tokens that are likely
/// there, and a token needs its probability in both.
pub(super) fn second_round(question: &Question, a: &Answer, b: &Answer) -> Option<Question> {
    let (Question::Predictions { position, n_top, also }, true) = (question, also_is_empty(question)) else {
        return None;
    };
    let (Answer::Predictions { top: a, .. }, Answer::Predictions { top: b, .. }) = (a, b) else { return None };
    let lists = |list: &[Prediction], id: u32| list.iter().any(|listed| listed.id == id);
    let only_a = a.iter().map(|listed| listed.id).filter(|id| !lists(b, *id));
    let only_b = b.iter().map(|listed| listed.id).filter(|id| !lists(a, *id));
    let mut also = also.clone();
    also.extend(only_a.chain(only_b));
    (!also.is_empty()).then_some(Question::Predictions { position: *position, n_top: *n_top, also })
}

fn also_is_empty(question: &Question) -> bool {
    matches!(question, Question::Predictions { also, .. } if also.is_empty())
}

/// B minus A. Answers of different shapes, and finite numbers whose difference is beyond f32, have no difference: their buffers are
/// empty, and whoever takes them says so.
pub(super) fn difference(question: &Question, (a, from_a): Full, (b, from_b): Full) -> Full {
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
        (Answer::Predictions { top: a, .. }, Answer::Predictions { position, top: b }) => {
            (Answer::Predictions { position, top: changes(question, &a, b) }, Vec::new())
        }
        (Answer::Similarity { cosine: a }, Answer::Similarity { cosine: b }) => {
            (Answer::Similarity { cosine: b - a }, Vec::new())
        }
        (
            Answer::Lens { n_layers, n_positions, token, .. },
            Answer::Lens { n_layers: layers_b, n_positions: positions_b, token: token_b, .. },
        ) if (n_layers, n_positions, &token) == (layers_b, positions_b, &token_b) => {
            // The most likely tokens of the two have no difference: other tokens are listed in each.
            let mut buffers = subtract_all(&without_top(&from_a), without_top(&from_b));
            buffers.resize(LensPart::TopIds as usize + 1, Vec::new());
            (Answer::Lens { n_layers, n_positions, n_top: 0, names: Vec::new(), token }, buffers)
        }
        (
            Answer::Quantity { n_parts, n_query, n_key, huge: huge_a, .. },
            Answer::Quantity { layer, n_parts: parts_b, n_query: queries_b, n_key: keys_b, huge },
        ) if (n_parts, n_query, n_key) == (parts_b, queries_b, keys_b) => {
            // What one of the two marks is marked.
            let huge: BTreeSet<u32> = huge_a.into_iter().chain(huge).collect();
            let b = Answer::Quantity { layer, n_parts, n_query, n_key, huge: huge.into_iter().collect() };
            (b, subtract_all(&from_a, from_b))
        }
        (Answer::MlpNeuron { .. }, b @ Answer::MlpNeuron { .. }) => (b, mlp_neuron(&from_a, from_b)),
        // Lists of words have no difference.
        (Answer::Written { .. } | Answer::Head { .. } | Answer::Direction | Answer::Path, b) => (b, Vec::new()),
        // Answers whose numbers are all in their buffers.
        (a, b) if a == b => (b, subtract_all(&from_a, from_b)),
        (_, b) => (b, Vec::new()),
    }
}

/// The buffers of B with those of A behind them: products must be made before they are subtracted. What one of the two does
/// not hold has no difference.
fn neurons(a: NeuronsAnswer, mut from_a: Vec<Vec<f32>>, b: NeuronsAnswer, mut from_b: Vec<Vec<f32>>) -> Full {
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

/// Changes of the probabilities that both list, the largest first, as many as were asked for.
fn changes(question: &Question, a: &[Prediction], b: Vec<Prediction>) -> Vec<Prediction> {
    let before = |id: u32| a.iter().find(|listed| listed.id == id).map(|listed| listed.prob);
    let change = |b: Prediction| Some(Prediction { prob: b.prob - before(b.id)?, ..b });
    let mut changes: Vec<Prediction> = b.into_iter().filter_map(change).collect();
    changes.sort_by(|one, other| other.prob.abs().total_cmp(&one.prob.abs()));
    if let Question::Predictions { n_top, .. } = question {
        changes.truncate(*n_top as usize);
    }
    changes
}

/// What a neuron does differs between the results; its weights are those of the second one's model.
fn mlp_neuron(a: &[Vec<f32>], mut b: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let n_on_text = NeuronPagePart::Post as usize + 1;
    let Some((a, rest)) = a.get(..n_on_text).zip((b.len() >= n_on_text).then(|| b.split_off(n_on_text))) else {
        return Vec::new();
    };
    let mut changes = subtract_all(a, b);
    if !changes.is_empty() {
        changes.extend(rest);
    }
    changes
}

/// The buffers of a lens but those of the most likely tokens.
fn without_top(buffers: &[Vec<f32>]) -> Vec<Vec<f32>> {
    buffers.iter().take(LensPart::TopProbs as usize).cloned().collect()
}

fn subtract_all(a: &[Vec<f32>], b: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    if a.iter().map(Vec::len).ne(b.iter().map(Vec::len)) {
        return Vec::new();
    }
    let subtract = |(a, mut b): (&Vec<f32>, Vec<f32>)| {
        for (b, a) in b.iter_mut().zip(a) {
            let is_finite = a.is_finite() && b.is_finite();
            *b -= a;
            if is_finite && !b.is_finite() {
                return None;
            }
        }
        Some(b)
    };
    a.iter().zip(b).map(subtract).collect::<Option<_>>().unwrap_or_default()
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
    fn every_number_of_a_is_taken_from_that_of_b() {
        let question = Question::Patterns { layer: 0, heads: vec![0] };
        let found = difference(&question, (patterns(2), vec![vec![0.5, 0.5]]), (patterns(2), vec![vec![0.25, 0.75]]));
        assert_eq!(found, (patterns(2), vec![vec![-0.25, 0.25]]));
        let losses = |losses: &[f32]| (Answer::Losses, vec![losses.to_vec()]);
        assert_eq!(difference(&Question::Losses, losses(&[1.0, 2.0]), losses(&[1.5, 1.0])), losses(&[0.5, -1.0]));
    }

    #[test]
    fn predictions_change_where_both_list_a_token_and_both_are_asked_for_the_others() {
        let question = |also: &[u32]| Question::Predictions { position: 3, n_top: 2, also: also.to_vec() };
        let answer = |top: &[(u32, f32)]| {
            let listed = |&(id, prob): &(u32, f32)| Prediction { token: id.to_string(), id, prob };
            Answer::Predictions { position: 3, top: top.iter().map(listed).collect() }
        };
        let (a, b) = (answer(&[(1, 0.5), (2, 0.25)]), answer(&[(3, 0.75), (1, 0.25)]));
        assert_eq!(second_round(&question(&[]), &a, &b), Some(question(&[2, 3])));
        assert_eq!(second_round(&question(&[2, 3]), &a, &b), None, "once");
        assert_eq!(second_round(&question(&[]), &a, &a), None, "both list the same tokens");
        let (a, b) = (answer(&[(1, 0.5), (2, 0.25), (3, 0.125)]), answer(&[(3, 0.75), (1, 0.25), (2, 0.25)]));
        let (found, _) = difference(&question(&[2, 3]), (a, Vec::new()), (b, Vec::new()));
        assert_eq!(found, answer(&[(3, 0.625), (1, -0.25)]));
    }

    #[test]
    fn a_lens_changes_in_its_numbers_and_lists_no_tokens() {
        let question = Question::Lens { layers: vec![0], positions: vec![0], n_top: 1, token: None };
        let answer = |id: u32, entropy: f32, kl: f32| {
            let names = vec![(id, id.to_string())];
            let answer = Answer::Lens { n_layers: 1, n_positions: 1, n_top: 1, names, token: None };
            let none = Vec::new;
            (answer, vec![vec![entropy], vec![kl], none(), none(), none(), vec![0.5], vec![id as f32]])
        };
        let (found, buffers) = difference(&question, answer(3, 1.0, 0.5), answer(4, 1.5, 0.25));
        let nothing: Vec<f32> = Vec::new();
        assert_eq!(buffers[..2], [vec![0.5], vec![-0.25]]);
        assert!(buffers.len() == 7 && buffers[2..].iter().all(|buffer| *buffer == nothing), "{buffers:?}");
        assert_eq!(found, Answer::Lens { n_layers: 1, n_positions: 1, n_top: 0, names: Vec::new(), token: None });
    }

    #[test]
    fn a_neuron_changes_in_what_it_does_and_lists_of_words_have_no_difference() {
        let question = Question::MlpNeuron { layer: 0, neuron: 1, n_top: 1 };
        let answer = || Answer::MlpNeuron { n_top: 1, names: Vec::new(), without_words: None };
        let buffers = |post: f32| {
            let numbers = [post, post, post, 2.0, 7.0, 0.5, 8.0, -0.5, 9.0, 1.5];
            numbers.iter().map(|number| vec![*number]).collect::<Vec<_>>()
        };
        let (_, found) = difference(&question, (answer(), buffers(1.0)), (answer(), buffers(1.25)));
        let numbers: Vec<f32> = found.concat();
        assert_eq!(numbers, [0.25, 0.25, 0.25, 2.0, 7.0, 0.5, 8.0, -0.5, 9.0, 1.5], "ids stay as they are");
        let written = || Answer::Written {
            writers: Vec::new(),
            neurons: Vec::new(),
            n_top: 0,
            names: Vec::new(),
            without_words: None,
        };
        let question = Question::Written { layer: 0, position: 0, n_top: 1 };
        let (_, found) = difference(&question, (written(), vec![vec![7.0]]), (written(), vec![vec![7.0]]));
        assert!(found.is_empty(), "ids are not subtracted");
    }

    #[test]
    fn other_shapes_have_no_difference() {
        let question = Question::Patterns { layer: 0, heads: vec![0] };
        let (_, buffers) = difference(&question, (patterns(2), vec![vec![1.0, 0.0]]), (patterns(1), vec![vec![1.0]]));
        assert!(buffers.is_empty());
    }

    #[test]
    fn numbers_whose_difference_is_beyond_f32_have_none() {
        let question = Question::Patterns { layer: 0, heads: vec![0] };
        let both = |a: f32, b: f32| difference(&question, (patterns(2), vec![vec![a]]), (patterns(2), vec![vec![b]])).1;
        assert_eq!(both(f32::MAX, f32::MIN), Vec::<Vec<f32>>::new());
        assert_eq!(both(f32::MAX, 1.0), [[-f32::MAX]]);
        // What one of the two does not measure stays as it is.
        assert!(both(f32::NAN, 1.0)[0][0].is_nan());
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
        let part = |value: f32| vec![vec![value]; NeuronPart::EACH.len()];
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
