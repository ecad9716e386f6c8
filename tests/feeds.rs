//! Who feeds a head: estimates beside central differences and exact path patches made by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::gradients::{gradients, logits};
use crate::support::parity::decoded;
use headlight::analysis::inside::feeds::{Feed, Feeds};
use headlight::edit;
use headlight::engine::backward::{Asked, Differentiated};
use headlight::engine::jobs::{FeedsJob, complete};
use headlight::engine::{Captures, CompiledEdits, Run};
use headlight::trace::{BlockSite, Hook};

const IDS: [u32; 9] = [5, 17, 42, 8, 17, 3, 29, 42, 11];

struct Subject {
    run: Arc<Run>,
    outcome: Differentiated,
    /// What attention and MLPs wrote. [pos, d_model] each
    written: BTreeMap<Hook, Vec<f32>>,
}

impl Subject {
    fn new(name: &str) -> Self {
        let model = load_golden(name);
        let tokens = model.tokens_from_ids(&IDS).unwrap();
        let run = Arc::new(finished(&model, tokens, CompiledEdits::none(), Captures::none()));
        let sites = [BlockSite::AttnOut, BlockSite::MlpOut];
        let hooks: Vec<Hook> =
            (0..model.spec().n_layers).flat_map(|layer| sites.map(|site| Hook::Block(layer, site))).collect();
        let mut capturing = run.capturing(Captures::of(hooks.iter().copied())).unwrap();
        capturing.complete().unwrap();
        let written = hooks.into_iter().map(|hook| (hook, capturing.captures().take(hook).unwrap())).collect();
        Self { run, outcome: logits(&[7], &[3], IDS.len() - 1), written }
    }

    fn feeds(&self, place: (usize, usize), n_tried: usize) -> Feeds {
        complete(FeedsJob::new(Arc::clone(&self.run), self.outcome.clone(), place, n_tried).unwrap()).unwrap()
    }

    /// A run under edits as a reader would write them.
    fn edited(&self, edits: &str) -> Arc<Run> {
        let edits = edit::parse_list(edits).unwrap();
        let bound = CompiledEdits::bind(&edits, self.run.model().spec(), IDS.len()).unwrap();
        let mut run = self.run.again(bound, Captures::none()).unwrap();
        run.complete().unwrap();
        Arc::new(run)
    }

    fn measured(&self, run: &Arc<Run>) -> f64 {
        gradients(run, self.outcome.clone(), Asked::default()).0
    }

    /// The outcome where a head's query, key or value alone comes from a run with a component scaled, in which all other components up to
    /// the head write what they wrote.
    fn along(&self, Feed { through, layer, head, .. }: Feed, place: (usize, usize), factor: f64) -> f64 {
        let part = match head {
            Some(head) => format!(r#""hook":"attn.hook_z","head":{head}"#),
            None => r#""hook":"hook_mlp_out""#.to_owned(),
        };
        let spec = self.run.model().spec();
        let mut edits = vec![format!(r#"{{"kind":"scale","layer":{layer},{part},"factor":{factor}}}"#)];
        for (above, site) in
            (layer..place.0).flat_map(|above| [BlockSite::AttnOut, BlockSite::MlpOut].map(|site| (above, site)))
        {
            let is_own = above == layer && (site == BlockSite::AttnOut || head.is_none());
            if is_own && !(spec.is_parallel() && head.is_none() && site == BlockSite::AttnOut) {
                continue;
            }
            for (position, row) in self.written[&Hook::Block(above, site)].chunks_exact(spec.d_model).enumerate() {
                let hook = site.name();
                edits.push(format!(
                    r#"{{"kind":"set","layer":{above},"hook":"{hook}","query":{position},"value":{row:?}}}"#
                ));
            }
        }
        let scaled = self.edited(&format!("[{}]", edits.join(",")));
        let site = [BlockSite::Q, BlockSite::K, BlockSite::V][through];
        let (own, n_heads) = match through {
            0 => (place.1, spec.n_heads),
            _ => (place.1 / spec.queries_per_key_head(), spec.n_key_value_heads),
        };
        let values = scaled.activation(Hook::Block(place.0, site)).unwrap();
        let mut edits = Vec::new();
        for (position, row) in values.chunks_exact(n_heads * spec.d_head).enumerate() {
            let value = &row[own * spec.d_head..(own + 1) * spec.d_head];
            edits.push(format!(
                r#"{{"kind":"set","layer":{},"hook":"{}","query":{position},"head":{own},"value":{value:?}}}"#,
                place.0,
                site.name()
            ));
        }
        self.measured(&self.edited(&format!("[{}]", edits.join(","))))
    }
}

/// Scaled a little, a component moves the outcome as estimated while all others write what they wrote, and taken away as the exact path
/// says; in post-norm models through the norms in between, that of a convolution among them, and elsewhere through norms on what
/// attention writes.
#[test]
fn paths_agree_with_runs_in_which_only_one_input_changes() {
    for name in ["gpt2", "llama", "qwen3", "gpt_neox", "bert", "distilbert", "gemma3_text", "olmo2", "deberta_v2_conv"]
    {
        let subject = Subject::new(name);
        let place = (2.min(subject.run.model().spec().n_layers - 1), 1);
        let mut feeds = subject.feeds(place, 1_000);
        let outcome = subject.measured(&subject.run);
        assert!((feeds.outcome - outcome).abs() < 1e-6);
        let n_heads = feeds.n_heads;
        assert_eq!(feeds.tried.len(), 3 * place.0 * (n_heads + 1), "{name}");
        for through in 0..3 {
            let below = [(1, None), (1, Some(0)), (0, None), (0, Some(n_heads - 1))];
            for (layer, head) in below.into_iter().filter(|(layer, _)| *layer < place.0) {
                let estimate = *feeds.estimate(through, layer, head);
                let feed = Feed { through, layer, head, estimate };
                let slope = (subject.along(feed, place, 0.99) - subject.along(feed, place, 1.01)) / 0.02;
                assert!((slope - estimate).abs() < 1e-2 * estimate.abs() + 2e-4, "{name} {feed:?}: {slope}");
                let exact = subject.along(feed, place, 0.0) - outcome;
                let found = feeds
                    .tried
                    .iter()
                    .find(|(tried, _)| (tried.through, tried.layer, tried.head) == (through, layer, head));
                let found = found.unwrap().1;
                assert!((found - exact).abs() < 1e-3 * exact.abs() + 1e-4, "{name} {feed:?}: {found} {exact}");
            }
        }
    }
}

/// What components below leave of all that is read: embeddings and biases. Without a layer below, all of it.
#[test]
fn components_and_embeddings_add_up_to_all_that_is_read() {
    let subject = Subject::new("llama");
    let lowest = subject.feeds((0, 0), 5);
    assert!(lowest.estimates.is_empty() && lowest.tried.is_empty());
    let run = &subject.run;
    let embed = &run.layer(0).unwrap().resid_pre;
    for through in 0..3 {
        // Llama has no biases, so what is left is the embeddings through the same gradient.
        assert_eq!(lowest.rest(through), lowest.totals[through]);
    }
    let feeds = subject.feeds((2, 3), 0);
    let mut capturing = run
        .capturing(Captures::of(
            (0..2).flat_map(|layer| [BlockSite::AttnOut, BlockSite::MlpOut].map(|site| Hook::Block(layer, site))),
        ))
        .unwrap();
    capturing.complete().unwrap();
    let mut sum = embed.clone();
    for layer in 0..2 {
        for site in [BlockSite::AttnOut, BlockSite::MlpOut] {
            let written = capturing.captures().get(Hook::Block(layer, site)).unwrap();
            sum.iter_mut().zip(written).for_each(|(sum, value)| *sum += value);
        }
    }
    let stream = &run.layer(2).unwrap().resid_pre;
    assert!(sum.iter().zip(stream).all(|(a, b)| (a - b).abs() < 1e-4));
    assert!((0..3).all(|through| feeds.totals[through].is_finite() && feeds.rest(through).is_finite()));
    assert!(feeds.ranked().windows(2).all(|pair| pair[0].estimate.abs() >= pair[1].estimate.abs()));
}

#[test]
fn what_does_not_add_up_is_refused() {
    let refused = |name: &str, place: (usize, usize), edits: &str| {
        let subject = Subject::new(name);
        let run = subject.edited(edits);
        FeedsJob::new(run, subject.outcome.clone(), place, 1).unwrap_err().to_string()
    };
    assert!(refused("gpt2", (9, 0), "[]").contains("not there"));
    let model = load_golden("bart");
    let reader = model.encoder().unwrap();
    let read = finished(reader, reader.tokens_from_ids(&IDS).unwrap(), CompiledEdits::none(), Captures::none());
    let run = Arc::new(decoded(&model, Arc::new(read), model.tokens_from_ids(&[2, 8, 5]).unwrap()));
    let of_two_stacks = FeedsJob::new(run, logits(&[7], &[3], 2), (1, 0), 1).unwrap_err().to_string();
    assert!(of_two_stacks.contains("two streams"), "{of_two_stacks}");
    let edit = r#"[{"kind":"scale","layer":0,"hook":"hook_attn_out","factor":0.5}]"#;
    assert!(refused("gpt2", (2, 0), edit).contains("take the edit out"));
    let edit = r#"[{"kind":"scale","layer":0,"hook":"hook_normalized_resid_post","factor":0.5}]"#;
    assert!(refused("bert", (1, 0), edit).contains("take the edit out"));
    let edit = r#"[{"kind":"scale","layer":1,"hook":"hook_resid_pre","factor":0.5}]"#;
    assert!(refused("gpt2", (2, 0), edit).contains("take the edit out"));
}
