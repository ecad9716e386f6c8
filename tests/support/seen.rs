//! What a bundled model does on a text, for tests that measure what is said about it.

use std::sync::Arc;

use headlight::analysis::AttentionSource;
use headlight::analysis::scores::{Facts, HeadScores, LeaveOut, Score, measure};
use headlight::engine::{Bos, Captures, CompiledEdits, Model, Run};
use headlight::gallery::{ExampleText, MINILM};
use headlight::trace::Side;

use super::engine::{files_of, finished, load};
use super::{SMOLLM2_GGUF, model_file, read};

/// One example, run.
pub struct Seen {
    /// The run.
    pub run: Run,
    n_block: Option<usize>,
}

/// A bundled model, by its id.
pub fn model(id: &str) -> Arc<Model> {
    if id == MINILM {
        let folder = model_file("all-MiniLM-L6-v2/config.json").parent().unwrap().to_owned();
        load(&files_of(&folder, &["config.json", "tokenizer.json", "model.safetensors"])).unwrap()
    } else {
        load(&vec![("SmolLM2.gguf".to_owned(), read(&model_file(SMOLLM2_GGUF)))]).unwrap()
    }
}

/// Runs a model on an example's text.
pub fn seen(model: &Arc<Model>, text: ExampleText) -> Seen {
    let (tokens, n_block) = match text {
        ExampleText::One(text) => (model.encode(text, None).unwrap(), None),
        ExampleText::Two(text, pair) => (model.encode(text, Some(pair)).unwrap(), None),
        ExampleText::Block { n_tokens, seed } => {
            let tokens = model.random_block(n_tokens as usize, u64::from(seed), Bos::AsTokenizer).unwrap();
            (tokens, Some(n_tokens as usize))
        }
    };
    Seen { run: finished(model, tokens, CompiledEdits::none(), Captures::none()), n_block }
}

impl Seen {
    /// How many tokens.
    pub fn n(&self) -> usize {
        self.run.sizes().n_key
    }

    /// The pattern of a head, [query_pos, key_pos].
    pub fn pattern(&self, layer: usize, head: usize) -> Vec<f32> {
        let n = self.n();
        self.run.layer_source(layer).unwrap().pattern(head, 0..n).unwrap()
    }

    /// One weight of a head.
    pub fn weight(&self, (layer, head): (usize, usize), query: usize, key: usize) -> f32 {
        self.run.layer_source(layer).unwrap().pattern(head, query..query + 1).unwrap()[key]
    }

    /// What a head does, as numbers.
    pub fn scores(&self, layer: usize, head: usize) -> HeadScores {
        let allowed = (0..self.n()).map(|query| self.run.allowed_keys(layer, query)).collect();
        let facts = Facts::of(AttentionSource::tokens(&self.run, Side::Key), allowed, self.n_block);
        measure(&self.pattern(layer, head), self.n(), &facts, LeaveOut::default())
    }

    /// Heads by a number about them, largest first.
    pub fn ranked(&self, number: impl Fn(usize, usize) -> Option<f64>) -> Vec<(f64, usize, usize)> {
        let sizes = self.run.sizes();
        let heads = (0..sizes.n_layers).flat_map(|layer| (0..sizes.n_heads).map(move |head| (layer, head)));
        let mut ranked: Vec<_> = heads.filter_map(|(layer, head)| Some((number(layer, head)?, layer, head))).collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0));
        ranked
    }

    /// Heads by a score, largest first.
    pub fn ranked_by(&self, score: Score) -> Vec<(f64, usize, usize)> {
        self.ranked(|layer, head| self.scores(layer, head).get(score))
    }

    /// Heads by one weight, largest first.
    pub fn ranked_by_weight(&self, query: usize, key: usize) -> Vec<(f64, usize, usize)> {
        self.ranked(|layer, head| Some(f64::from(self.weight((layer, head), query, key))))
    }
}

/// Position of a token.
pub fn at(seen: &Seen, token: &str) -> usize {
    seen.run.tokens().tokens.iter().position(|found| found == token).expect("a token of the text")
}
