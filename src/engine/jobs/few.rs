//! Of very many estimates a few: the largest, and some drawn at random, which show what the estimate misses.

use super::estimate::HookEstimate;
use crate::random::SplitMix64;

/// Some of a hook's parts: those drawn at random, in the order in which they were drawn, then the largest, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few {
    /// Where each stands in the hook's shape.
    pub indices: Vec<u32>,
    /// How many of them are drawn.
    pub n_drawn: usize,
    /// Of how many parts with an effect.
    pub n_all: usize,
}

impl HookEstimate {
    /// The parts with their places in the hook's shape; of a few the largest.
    pub fn parts(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        let first = self.few.as_ref().map_or(0, |few| few.n_drawn);
        let place = move |at: usize| self.few.as_ref().map_or(at, |few| few.indices[at] as usize);
        self.values.iter().enumerate().skip(first).map(move |(at, value)| (place(at), *value))
    }

    /// The parts that were drawn at random, where only a few are kept.
    fn drawn(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        let few = self.few.iter().flat_map(|few| few.indices.iter().take(few.n_drawn));
        few.zip(&self.values).map(|(index, value)| (*index as usize, *value))
    }

    /// Keeps the `n` largest and as many drawn at random. Parts without an effect, and those that cannot be edited, are neither.
    pub(super) fn keep(&mut self, n: usize, seed: u64) {
        let has_effect = |index: &u32| {
            let value = self.values[*index as usize];
            value.is_finite() && value != 0.0
        };
        let mut all: Vec<u32> = (0..self.values.len() as u32).filter(has_effect).collect();
        let (n_all, n_drawn) = (all.len(), n.min(all.len()));
        SplitMix64::new(seed).draw(&mut all, n);
        let mut indices = all[..n_drawn].to_vec();
        if n < all.len() {
            let size = |index: &u32| self.values[*index as usize].abs();
            all.select_nth_unstable_by(n, |a, b| size(b).total_cmp(&size(a)));
            all.truncate(n);
        }
        indices.append(&mut all);
        self.values = indices.iter().map(|index| self.values[*index as usize]).collect();
        self.few = Some(Few { indices, n_drawn, n_all });
    }
}

/// Draws up to `n` parts from those of all hooks, each with the same chance: the place of its hook, and the part.
pub fn drawn_from_all(hooks: &[&HookEstimate], n: usize) -> Vec<(usize, (usize, f32))> {
    let mut random = SplitMix64::new(0);
    let n_all = |hook: &&HookEstimate| hook.few.as_ref().map_or(0, |few| few.n_all as u64);
    let mut left: Vec<u64> = hooks.iter().map(n_all).collect();
    let mut parts: Vec<_> = hooks.iter().map(|hook| hook.drawn()).collect();
    let mut drawn = Vec::new();
    while drawn.len() < n && left.iter().any(|left| *left > 0) {
        let mut place = random.next() % left.iter().sum::<u64>();
        let mut at = 0;
        while place >= left[at] {
            (place, at) = (place - left[at], at + 1);
        }
        left[at] -= 1;
        // As many are drawn of each hook as of all.
        let Some(part) = parts[at].next() else { break };
        drawn.push((at, part));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{BlockSite, Hook, StackHook};

    fn hook(layer: usize, values: Vec<f32>) -> HookEstimate {
        let hook = StackHook { stack: None, hook: Hook::Block(layer, BlockSite::Pattern) };
        HookEstimate { hook, shape: vec![1, 1, values.len()], values, few: None }
    }

    #[test]
    fn the_largest_are_kept_and_every_part_has_the_same_chance() {
        let values: Vec<f32> = (0..40).map(|index| if index % 4 == 3 { 0.0 } else { index as f32 - 20.0 }).collect();
        let mut kept = hook(0, values.clone());
        kept.values[0] = f32::NAN;
        kept.keep(3, 1);
        let mut largest: Vec<(usize, f32)> = kept.parts().collect();
        largest.sort_by_key(|(index, _)| *index);
        assert_eq!(largest, [(1, -19.0), (2, -18.0), (38, 18.0)]);
        assert_eq!(kept.few.as_ref().map(|few| (few.n_drawn, few.n_all)), Some((3, 28)));
        assert!(kept.drawn().all(|(index, value)| value == values[index] && value != 0.0));

        // Three times as many parts of one hook as of the other: three times as many are drawn.
        let (mut one, mut other) = (hook(0, vec![1.0; 3_000]), hook(1, vec![1.0; 1_000]));
        one.keep(800, 2);
        other.keep(800, 3);
        let drawn = drawn_from_all(&[&one, &other], 800);
        let n_of_one = drawn.iter().filter(|(at, _)| *at == 0).count();
        assert!(drawn.len() == 800 && (560..640).contains(&n_of_one), "{n_of_one}");
        let mut of_one: Vec<usize> = drawn.iter().filter(|(at, _)| *at == 0).map(|(_, (index, _))| *index).collect();
        of_one.sort_unstable();
        of_one.dedup();
        assert_eq!(of_one.len(), n_of_one, "none twice");
    }
}
