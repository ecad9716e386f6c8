//! Parts of the model with their estimated effects: which are largest, which are drawn at random, and what edits each.

use super::MAX_TRIED;
use super::choice::Ranked;
use crate::analysis::agreement::tried;
use crate::analysis::links::{GraphLink, attention_at, from_outcome, place_of};
use crate::edit::{Choice, Edit, EditKind, PatchFrom};
use crate::protocol::{EstimatedPart, EstimatesAnswer, LINK_WIDTH};
use crate::trace::{Attn, AttnKind, BlockSite, Hook, StackHook};

/// What a source answered: each kind of part with its estimates.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimates(Vec<Ranking>);

/// A part of the model. What it has no use for is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What kind of part.
    pub ranked: Ranked,
    /// The activation.
    pub site: BlockSite,
    /// The attention of a link.
    pub kind: AttnKind,
    /// The layer.
    pub layer: usize,
    /// The head; of keys and values one of theirs.
    pub head: usize,
    /// The position, of a link the one that reads.
    pub position: usize,
    /// The position that a link reads.
    pub key: usize,
    /// The neuron.
    pub neuron: usize,
}

/// Parts of one kind with their estimates.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// What they are.
    pub ranked: Ranked,
    /// The outcome of the run.
    pub outcome: f32,
    /// M with the edit minus M. Of links the largest, then those drawn at random.
    pub values: Vec<f32>,
    /// Layer, activation, shape, and where its values begin.
    blocks: Vec<(usize, BlockSite, Vec<usize>, usize)>,
    links: Vec<f32>,
    /// Layers of the encoder beside the stack whose outcome is measured.
    n_encoder: Option<usize>,
    n_largest_links: usize,
    /// The largest links that lead to the outcome.
    graph: Vec<GraphLink>,
    /// The places of the largest, the largest first.
    largest: Vec<usize>,
}

/// An activation with its layer, shape and values.
type OfHook = (usize, BlockSite, Vec<usize>, Vec<f32>);

impl Estimates {
    /// Takes an answer of a model, with layers of an encoder where there are two stacks; nothing where its buffers do not fit.
    pub fn new(
        of: EstimatedPart,
        answer: EstimatesAnswer,
        buffers: Vec<Vec<f32>>,
        n_encoder: Option<usize>,
    ) -> Option<Self> {
        let EstimatesAnswer { outcome, hooks } = answer;
        if of == EstimatedPart::Links {
            let [drawn, largest, reads] = <[Vec<f32>; 3]>::try_from(buffers).ok()?;
            return Some(Self(vec![Ranking::of_links(outcome, &drawn, &largest, &reads, n_encoder)]));
        }
        if hooks.len() != buffers.len() {
            return None;
        }
        let hook = |((name, shape), values): ((String, Vec<u32>), Vec<f32>)| {
            let StackHook { hook: Hook::Block(layer, site), .. } = name.parse::<StackHook>().ok()? else {
                return None;
            };
            let shape: Vec<usize> = shape.into_iter().map(|length| length as usize).collect();
            (shape.iter().product::<usize>() == values.len()).then_some((layer, site, shape, values))
        };
        let hooks: Vec<OfHook> = hooks.into_iter().zip(buffers).map(hook).collect::<Option<_>>()?;
        let kinds = Ranked::EACH.into_iter().filter(|ranked| ranked.part() == of);
        Some(Self(kinds.map(|ranked| Ranking::of_hooks(ranked, outcome, &hooks)).collect()))
    }

    /// The parts of a kind.
    pub fn ranking(&self, ranked: Ranked) -> Option<&Ranking> {
        self.0.iter().find(|ranking| ranking.ranked == ranked)
    }
}

impl Ranking {
    fn of_hooks(ranked: Ranked, outcome: f32, hooks: &[OfHook]) -> Self {
        let (mut values, mut blocks): (Vec<f32>, Vec<_>) = (Vec::new(), Vec::new());
        for (layer, site, shape, of_hook) in hooks.iter().filter(|(_, site, ..)| ranked.has(*site)) {
            let start = values.len();
            let shape = match (ranked, &shape[..]) {
                (Ranked::Heads, &[_, n_heads]) => {
                    values.extend((0..n_heads).map(|head| of_hook.iter().skip(head).step_by(n_heads).sum::<f32>()));
                    vec![n_heads]
                }
                _ => {
                    values.extend(of_hook);
                    shape.clone()
                }
            };
            blocks.push((*layer, *site, shape, start));
        }
        let (largest, _) = tried(&values, MAX_TRIED, 0);
        let (links, graph) = (Vec::new(), Vec::new());
        Self { ranked, outcome, values, blocks, links, n_encoder: None, n_largest_links: 0, graph, largest }
    }

    fn of_links(outcome: f32, drawn: &[f32], largest: &[f32], reads: &[f32], n_encoder: Option<usize>) -> Self {
        let links = [largest, drawn].concat();
        let values = links.chunks_exact(LINK_WIDTH).map(|link| link[LINK_WIDTH - 1]).collect();
        let n_largest_links = largest.len() / LINK_WIDTH;
        let (ranked, largest) = (Ranked::Links, (0..n_largest_links).collect());
        let reads: Vec<usize> = reads.iter().map(|position| *position as usize).collect();
        let rows = links.chunks_exact(LINK_WIDTH).take(n_largest_links);
        let link = |row: &[f32]| ([0, 1, 2, 3].map(|at| row[at] as u32), row[LINK_WIDTH - 1]);
        let graph = from_outcome(&rows.map(link).collect::<Vec<_>>(), &reads, n_encoder);
        let blocks = Vec::new();
        Self { ranked, outcome, values, blocks, links, n_encoder, n_largest_links, graph, largest }
    }

    /// The parts of the largest size, the largest first, at most [`MAX_TRIED`] of them.
    pub fn largest(&self, n: usize) -> &[usize] {
        &self.largest[..n.min(self.largest.len())]
    }

    /// The largest links that lead to the outcome, by their places; nothing where other parts are ranked.
    pub(super) fn graph(&self) -> Option<&[GraphLink]> {
        (self.ranked == Ranked::Links).then_some(&*self.graph)
    }

    /// A link as messages and graphs have it.
    pub(super) fn link(&self, part: &Part) -> [u32; 4] {
        let place = place_of(part.kind, part.layer, self.n_encoder);
        [place, part.head as u32, part.position as u32, part.key as u32]
    }

    /// The parts to be tried: the `n` largest, and `n` drawn at random from the rest.
    pub fn tried(&self, n: usize) -> [Vec<usize>; 2] {
        if self.ranked != Ranked::Links {
            let (largest, drawn) = tried(&self.values, n, 0);
            return [largest, drawn];
        }
        let largest = self.largest(n).to_vec();
        let is_tried = |index: &usize| largest.iter().any(|other| self.part(*other) == self.part(*index));
        let drawn = (self.n_largest_links..self.values.len()).filter(|index| !is_tried(index)).take(n);
        let drawn = drawn.collect();
        [largest, drawn]
    }

    /// How many parts there are; of links how many of the largest are known.
    pub fn n_parts(&self) -> usize {
        if self.ranked == Ranked::Links { self.n_largest_links } else { self.values.len() }
    }

    /// A part by its place.
    pub fn part(&self, index: usize) -> Part {
        let (site, kind) = (BlockSite::Pattern, AttnKind::ONLY);
        let none = Part { ranked: self.ranked, site, kind, layer: 0, head: 0, position: 0, key: 0, neuron: 0 };
        if self.ranked == Ranked::Links {
            let Some(link) = self.links.get(index * LINK_WIDTH..(index + 1) * LINK_WIDTH) else { return none };
            let (kind, layer) = attention_at(link[0] as u32, self.n_encoder);
            let [head, position, key] = [1, 2, 3].map(|at| link[at] as usize);
            return Part { site: site.in_attn(kind.attn), kind, layer, head, position, key, ..none };
        }
        let at = self.blocks.partition_point(|(.., start)| *start <= index).saturating_sub(1);
        let Some((layer, site, shape, start)) = self.blocks.get(at) else { return none };
        let (layer, site, index) = (*layer, *site, index - start);
        let last = shape.last().copied().unwrap_or(1).max(1);
        let none = Part { layer, site, ..none };
        match self.ranked {
            Ranked::Heads => Part { head: index, ..none },
            Ranked::HeadPositions => Part { position: index / last, head: index % last, ..none },
            Ranked::Stream | Ranked::AttnOutputs | Ranked::MlpOutputs => Part { position: index, ..none },
            Ranked::MlpNeurons => Part { neuron: index, ..none },
            Ranked::HeadNeurons | Ranked::Links => Part { head: index / last, neuron: index % last, ..none },
        }
    }

    /// The place of a head, or of a layer at a position, where these are ranked.
    pub fn at(&self, layer: usize, column: usize) -> Option<f32> {
        let (.., shape, start) = self.blocks.iter().find(|block| block.0 == layer)?;
        (column < *shape.last()?).then(|| self.values.get(start + column).copied()).flatten()
    }

    /// A head's estimates by position, where heads at positions are ranked; a cosine has none by position.
    pub fn head_at_positions(&self, layer: usize, head: usize) -> Option<Vec<f32>> {
        let (.., shape, start) = self.blocks.iter().find(|block| block.0 == layer)?;
        let &[n_pos, n_heads] = &shape[..] else { return None };
        let at = |position: usize| self.values.get(start + position * n_heads + head).copied();
        (n_pos > 1 && head < n_heads).then(|| (0..n_pos).map_while(at).collect())
    }

    /// The estimates of a head's query or key neurons, where these are ranked; keys have heads of their own.
    pub fn neurons_of(&self, layer: usize, head: usize, is_key: bool) -> Option<&[f32]> {
        use BlockSite::*;
        let is_of = |site: BlockSite| matches!((is_key, site), (false, Q | RotQ | CrossQ) | (true, K | RotK | CrossK));
        let (.., shape, start) = self.blocks.iter().find(|block| block.0 == layer && is_of(block.1))?;
        let width = *shape.last()?;
        (head < *shape.first()?).then(|| self.values.get(start + head * width..start + (head + 1) * width)).flatten()
    }
}

impl Part {
    /// The edit whose effect is estimated; none where there is no such edit.
    pub fn edit(&self, from: Option<&str>) -> Option<Edit> {
        let Part { ranked, site, kind: own, layer, head, position, key, neuron } = *self;
        let [one_layer, head, position, key, neuron] = [layer, head, position, key, neuron].map(Choice::One);
        let hook = site.name().to_owned();
        if ranked == Ranked::Links {
            let kind = EditKind::KnockOutEdge { layer: one_layer, head, query: position, key };
            let attn = (own.attn == Attn::Cross).then_some(Attn::Cross);
            return from.is_none().then(|| Edit { stack: own.stack, attn, ..Edit::new(kind) });
        }
        let head = ranked.has_head().then_some(head);
        let query = ranked.has_position().then_some(position);
        let neuron = ranked.has_neuron().then_some(neuron);
        let layer = Some(one_layer);
        Some(Edit::new(match (from, head) {
            (Some(from), head) => EditKind::Patch { layer, hook, query, head, neuron, from: patch_from(from) },
            (None, Some(head)) if ranked == Ranked::Heads => {
                EditKind::ZeroHead { layer: Choice::One(self.layer), head }
            }
            (None, head) => EditKind::Scale { layer, hook, head, neuron, query, factor: 0.0 },
        }))
    }
}

/// The input that a text names, its second text on a line of its own.
fn patch_from(text: &str) -> PatchFrom {
    match text.split_once('\n') {
        Some((text, pair)) => PatchFrom::Text(text.to_owned(), Some(pair.to_owned())),
        None => PatchFrom::Text(text.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(ranked: Ranked) -> Ranking {
        let hooks = [
            ("blocks.0.attn.hook_z", vec![2, 3]),
            ("blocks.1.attn.hook_z", vec![2, 3]),
            ("blocks.1.attn.hook_rot_k", vec![2, 2]),
            ("blocks.1.mlp.hook_post", vec![4]),
            ("blocks.1.hook_resid_pre", vec![2]),
        ];
        let answer =
            EstimatesAnswer { outcome: 3.0, hooks: hooks.map(|(name, shape)| (name.to_owned(), shape)).to_vec() };
        let buffers = vec![
            vec![1.0, -4.0, 0.0, 1.0, 0.5, 0.25],
            vec![0.0, 0.0, 0.125, 0.0, 0.0, 8.0],
            vec![0.0, 1.0, -2.0, 0.0],
            vec![0.0, 0.0, 0.0, -1.0],
            vec![0.5, -0.5],
        ];
        let found = Estimates::new(ranked.part(), answer, buffers, None).expect("they fit");
        found.ranking(ranked).expect("of this kind").clone()
    }

    fn json(ranked: Ranked, index: usize, from: Option<&str>) -> String {
        let edit = ranking(ranked).part(index).edit(from);
        edit.map_or("none".to_owned(), |edit| edit.to_json().to_string())
    }

    #[test]
    fn the_largest_come_first_whatever_their_sign() {
        let heads = ranking(Ranked::Heads);
        assert_eq!((heads.n_parts(), heads.outcome, &heads.values[..3]), (6, 3.0, &[2.0, -3.5, 0.25][..]));
        let largest: Vec<(usize, usize)> =
            heads.largest(3).iter().map(|at| (heads.part(*at).layer, heads.part(*at).head)).collect();
        assert_eq!(largest, [(1, 2), (0, 1), (0, 0)]);
        let [best, drawn] = heads.tried(2);
        assert!(drawn.len() == 2 && drawn.iter().all(|index| !best.contains(index)));
        assert_eq!((heads.at(1, 2), heads.at(1, 3), heads.at(2, 0)), (Some(8.125), None, None));
    }

    #[test]
    fn views_take_a_heads_positions_and_neurons_for_their_colours() {
        let heads = ranking(Ranked::HeadPositions);
        assert_eq!(heads.head_at_positions(1, 2), Some(vec![0.125, 8.0]));
        assert_eq!((heads.head_at_positions(1, 3), heads.head_at_positions(4, 0)), (None, None));
        let neurons = ranking(Ranked::HeadNeurons);
        assert_eq!(neurons.neurons_of(1, 1, true), Some(&[-2.0, 0.0][..]));
        assert_eq!((neurons.neurons_of(1, 1, false), neurons.neurons_of(1, 2, true)), (None, None));
    }

    #[test]
    fn each_part_has_the_edit_whose_effect_is_estimated() {
        assert_eq!(json(Ranked::Heads, 5, None), r#"{"head":2,"kind":"zero_head","layer":1}"#);
        let patch =
            r#"{"from":{"text":"a","text_pair":"b"},"head":2,"hook":"attn.hook_z","kind":"patch","layer":1,"query":1}"#;
        assert_eq!(json(Ranked::HeadPositions, 11, Some("a\nb")), patch);
        let neuron = r#"{"factor":0.0,"head":1,"hook":"attn.hook_rot_k","kind":"scale","layer":1,"neuron":0}"#;
        assert_eq!(json(Ranked::HeadNeurons, 2, None), neuron);
        let neuron = r#"{"factor":0.0,"hook":"mlp.hook_post","kind":"scale","layer":1,"neuron":3}"#;
        assert_eq!(json(Ranked::MlpNeurons, 3, None), neuron);
        let patch = r#"{"from":{"text":"a"},"hook":"mlp.hook_post","kind":"patch","layer":1,"neuron":3}"#;
        assert_eq!(json(Ranked::MlpNeurons, 3, Some("a")), patch);
        let cell = r#"{"factor":0.0,"hook":"hook_resid_pre","kind":"scale","layer":1,"query":1}"#;
        assert_eq!(json(Ranked::Stream, 1, None), cell);
    }

    #[test]
    fn links_are_drawn_beside_the_largest_and_none_is_tried_twice() {
        let link = |key: f32, value: f32| [2.0, 1.0, 5.0, key, value];
        let largest = [link(0.0, -9.0), link(1.0, 3.0)].concat();
        let drawn = [link(1.0, 3.0), link(4.0, 0.5), link(0.0, -9.0)].concat();
        let answer = EstimatesAnswer { outcome: 1.0, hooks: Vec::new() };
        let found =
            Estimates::new(EstimatedPart::Links, answer, vec![drawn, largest, vec![5.0]], None).expect("they fit");
        let links = found.ranking(Ranked::Links).expect("of links");
        assert_eq!((links.n_parts(), links.largest(5)), (2, &[0, 1][..]));
        assert_eq!(links.tried(1), [vec![0], vec![2]], "the second is not among the one that is tried");
        let edit = links.part(3).edit(None).map(|edit| edit.to_json().to_string());
        assert_eq!(edit.as_deref(), Some(r#"{"head":1,"key":4,"kind":"knock_out_edge","layer":2,"query":5}"#));
    }

    #[test]
    fn buffers_of_another_shape_are_refused() {
        let answer = |shape: u32| EstimatesAnswer {
            outcome: 0.0,
            hooks: vec![("blocks.0.attn.hook_z".to_owned(), vec![shape])],
        };
        assert_eq!(Estimates::new(EstimatedPart::Heads, answer(2), vec![vec![1.0]], None), None);
        assert_eq!(Estimates::new(EstimatedPart::Heads, answer(2), Vec::new(), None), None);
        assert!(Estimates::new(EstimatedPart::Heads, answer(1), vec![vec![1.0]], None).is_some());
    }
}
