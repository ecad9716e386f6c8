//! Example texts of every head and score: those with the highest values, and some of each tenth of the distribution.
//!
//! The tenths are those of a sample of the texts, drawn evenly while they come (a reservoir; Vitter 1985), so they are approximate
//! where there are more texts than the sample holds. All heads share the sample.

use std::collections::BTreeMap;

use super::Link;
use crate::random::SplitMix64;

/// Texts with the highest values, and texts of each tenth.
const N_EACH: usize = 3;
/// Texts in the sample.
const N_SAMPLE: usize = 120;
/// After so many texts, the ids of those that have stopped being examples are dropped.
const PRUNE_EVERY: usize = 128;

/// A text as an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Example {
    /// Which text, counted from 0.
    pub text: usize,
    /// The score in it.
    pub value: f32,
    /// The head's strongest link in it.
    pub link: Link,
    /// Its tenth, from 0; −1 for one of the highest.
    pub decile: i8,
}

/// The examples so far.
#[derive(Clone, Debug)]
pub struct Examples {
    n_scores: usize,
    random: SplitMix64,
    /// Per place the highest, in falling order.
    highest: Vec<Vec<(f32, u32, Link)>>,
    sample: Vec<Sampled>,
    ids: BTreeMap<usize, Vec<u32>>,
}

/// A text of the sample.
#[derive(Clone, Debug)]
struct Sampled {
    text: usize,
    /// A value per place.
    values: Vec<f32>,
    /// A link per head.
    links: Vec<Link>,
}

impl Examples {
    /// Places are in the order of heads, and of scores within a head.
    pub fn new(n_places: usize, n_scores: usize, seed: u64) -> Self {
        let random = SplitMix64::new(SplitMix64::nth(seed, u64::MAX));
        Self { n_scores, random, highest: vec![Vec::new(); n_places], sample: Vec::new(), ids: BTreeMap::new() }
    }

    /// Adds a text; `text` counts them.
    pub fn add(&mut self, text: usize, ids: &[u32], values: &[f32], links: &[Link]) {
        let link = |place: usize| links.get(place / self.n_scores).copied().unwrap_or_default();
        for (place, (&value, highest)) in values.iter().zip(&mut self.highest).enumerate() {
            let is_higher = highest.len() < N_EACH || highest.last().is_some_and(|(least, ..)| value > *least);
            if !value.is_nan() && is_higher {
                let at = highest.partition_point(|(other, ..)| *other >= value);
                highest.insert(at, (value, text as u32, link(place)));
                highest.truncate(N_EACH);
            }
        }
        let sampled = || Sampled { text, values: values.to_vec(), links: links.to_vec() };
        if self.sample.len() < N_SAMPLE {
            self.sample.push(sampled());
        } else {
            let slot = self.random.below(text + 1);
            if let Some(place) = self.sample.get_mut(slot) {
                *place = sampled();
            }
        }
        self.ids.insert(text, ids.to_vec());
        if text % PRUNE_EVERY == PRUNE_EVERY - 1 {
            self.prune();
        }
    }

    /// Drops the ids of texts that are not examples.
    fn prune(&mut self) {
        let highest = self.highest.iter().flatten().map(|(_, text, _)| *text as usize);
        let kept: std::collections::BTreeSet<usize> =
            highest.chain(self.sample.iter().map(|sampled| sampled.text)).collect();
        self.ids.retain(|text, _| kept.contains(text));
    }

    /// The examples of a place.
    pub fn of_place(&self, place: usize) -> Vec<Example> {
        let example =
            |&(value, text, link): &(f32, u32, Link)| Example { text: text as usize, value, link, decile: -1 };
        let mut examples: Vec<Example> = self.highest[place].iter().map(example).collect();
        let head = place / self.n_scores;
        let mut sample: Vec<(f32, usize, Link)> = self
            .sample
            .iter()
            .map(|sampled| (sampled.values[place], sampled.text, sampled.links.get(head).copied().unwrap_or_default()))
            .filter(|(value, ..)| !value.is_nan())
            .collect();
        sample.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        for decile in 0..10 {
            let part = &sample[sample.len() * decile / 10..sample.len() * (decile + 1) / 10];
            // Evenly over the tenth.
            let n = part.len().min(N_EACH);
            let chosen = (0..n).map(|index| part[index * part.len() / n]);
            examples.extend(chosen.map(|(value, text, link)| Example { text, value, link, decile: decile as i8 }));
        }
        examples
    }

    /// The ids of a text that is an example; empty for others.
    pub fn ids(&self, text: usize) -> &[u32] {
        self.ids.get(&text).map_or(&[], Vec::as_slice)
    }

    /// The ids of all tokens whose texts are kept; some come several times.
    pub fn token_ids(&self) -> impl Iterator<Item = u32> {
        self.ids.values().flatten().copied()
    }

    /// Bytes held, about.
    pub fn byte_len(&self) -> usize {
        let sample: usize = self.sample.iter().map(|sampled| 4 * sampled.values.len() + 8 * sampled.links.len()).sum();
        let ids: usize = self.ids.values().map(|ids| 4 * ids.len() + 64).sum();
        sample + ids + self.highest.len() * (N_EACH * 16 + 24)
    }
}
