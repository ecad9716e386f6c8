//! Outcomes with only some links between tokens: the identities of F, the same by edits that a reader could make, and estimates of
//! links beside the exact effect of cutting them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::gradients::{gradients, logits};
use crate::support::parity::decoded;
use headlight::analysis::effect::restored_share;
use headlight::analysis::links::{Link, attention_at, from_outcome, place_of};
use headlight::edit;
use headlight::engine::backward::{Asked, Differentiated};
use headlight::engine::jobs::{
    EstimateJob, EstimateOf, Estimates, KeepJob, KeptLinks, Measure, SweepJob, SweepKind, complete, complete_with,
};
use headlight::engine::{Captures, CompiledEdits, Outcome, Run};
use headlight::trace::{AttnKind, BlockSite, Hook};

const IDS: [u32; 9] = [5, 17, 42, 8, 17, 3, 29, 42, 11];

struct Subject {
    run: Arc<Run>,
    outcome: Differentiated,
    estimates: Estimates,
    /// All links that can be cut, the largest estimate first.
    links: Vec<(Link, f32)>,
}

impl Subject {
    fn new(name: &str, edits: &str) -> Self {
        Self::with_answer(name, edits, 7)
    }

    fn with_answer(name: &str, edits: &str, answer: u32) -> Self {
        let model = load_golden(name);
        let edits = edit::parse_list(edits).unwrap();
        let bound = CompiledEdits::bind(&edits, model.spec(), IDS.len()).unwrap();
        let run = Arc::new(finished(&model, model.tokens_from_ids(&IDS).unwrap(), bound, Captures::none()));
        let outcome = logits(&[answer], &[3], IDS.len() - 2);
        let job = EstimateJob::new(Arc::clone(&run), outcome.clone(), &[EstimateOf::Edges], None).unwrap();
        let estimates = complete(job).unwrap();
        let n = IDS.len();
        let mut links = Vec::new();
        for estimate in &estimates.hooks {
            let layer = estimate.hook.hook.layer().unwrap();
            for (index, value) in estimate.values.iter().enumerate() {
                let link = [layer, index / (n * n), index / n % n, index % n].map(|at| at as u32);
                let pattern =
                    run.attention(layer).unwrap().pattern_rows(link[1] as usize, index / n % n..index / n % n + 1);
                if value.is_finite() && pattern.unwrap()[index % n] > 0.0 {
                    links.push((link, *value));
                }
            }
        }
        links.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        Self { run, outcome, estimates, links }
    }

    fn kept(&self, links: &[Link], counts: &[usize], is_mean: bool) -> KeptLinks {
        let (run, outcome) = (Arc::clone(&self.run), self.outcome.clone());
        complete(KeepJob::new(run, outcome, links.to_vec(), counts.to_vec(), is_mean).unwrap()).unwrap()
    }

    /// The outcome under edits as a reader would write them.
    fn edited(&self, edits: &[String]) -> f64 {
        let edits = edit::parse_list(&format!("[{}]", edits.join(","))).unwrap();
        let bound = CompiledEdits::bind(&edits, self.run.model().spec(), IDS.len()).unwrap();
        let mut run = self.run.again(bound, Captures::none()).unwrap();
        run.complete().unwrap();
        gradients(&Arc::new(run), self.outcome.clone(), Asked::default()).0
    }

    fn all(&self) -> Vec<Link> {
        self.links.iter().map(|(link, _)| *link).collect()
    }
}

/// F of all links is 1 and F of none 0; each with the other's complement; in between both move.
#[test]
fn all_links_make_the_outcome_and_none_makes_nothing_of_it() {
    let mut n_shares = 0;
    for name in ["gpt2", "llama", "gemma3_text", "bert"] {
        for is_mean in [false, true] {
            // The outcome that hangs most on attention.
            let range = |subject: &Subject| {
                let found = subject.kept(&[], &[], is_mean);
                (found.outcome - found.none).abs()
            };
            let subjects = (5..30).step_by(4).map(|answer| Subject::with_answer(name, "[]", answer));
            let subject = subjects.max_by(|a, b| range(a).total_cmp(&range(b))).unwrap();
            let all = subject.all();
            let found = subject.kept(&all, &[0, all.len() / 3, all.len()], is_mean);
            assert!((found.outcome - subject.estimates.outcome).abs() < 1e-6, "{name}");
            let [none, some, whole] = found.points[..] else { panic!("{found:?}") };
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-4, "{name} {is_mean}: {a} {b}");
            near(none[0], found.none);
            near(none[1], found.outcome);
            near(whole[0], found.outcome);
            near(whole[1], found.none);
            let range = found.outcome - found.none;
            assert!(range.abs() > 0.01, "{name}: {found:?}");
            assert!(some.iter().all(|value| (value - found.none).abs() > 1e-2 * range.abs()), "{name}: {found:?}");
            let share = |value: f64| restored_share(found.outcome as f32, found.none as f32, value as f32);
            if let (Some(of_all), Some(of_none)) = (share(whole[0]), share(none[0])) {
                assert!((of_all - 1.0).abs() < 2e-3 && of_none.abs() < 2e-3, "{name}: {of_all} {of_none}");
                n_shares += 1;
            }
        }
    }
    assert!(n_shares >= 3, "{n_shares}");
}

/// What is kept and ablated is what knocking out and overwriting, link by link and row by row, do.
#[test]
fn keeping_links_is_cutting_the_others_one_by_one() {
    for (name, in_force) in
        [("gpt2", "[]"), ("llama", r#"[{"kind":"scale","layer":1,"hook":"attn.hook_z","head":0,"factor":2}]"#)]
    {
        let subject = Subject::new(name, in_force);
        let spec = subject.run.model().spec();
        let own: Vec<String> =
            edit::parse_list(in_force).unwrap().iter().map(|edit| edit.to_json().to_string()).collect();
        // Every other link of some heads, so that some rows keep all, some a part, some nothing.
        let all = subject.all();
        let kept: Vec<Link> =
            all.iter().copied().filter(|[layer, head, query, key]| (layer + head + query + key / 2) % 3 == 0).collect();
        let sites = (0..spec.n_layers).map(|layer| Hook::Block(layer, BlockSite::Z));
        let mut capturing = subject.run.capturing(Captures::of(sites)).unwrap();
        capturing.complete().unwrap();
        for is_mean in [false, true] {
            let found = subject.kept(&kept, &[kept.len()], is_mean).points[0];
            for (keeps, found) in [(true, found[0]), (false, found[1])] {
                let (mut edits, mut n_empty) = (Vec::new(), 0);
                for layer in 0..spec.n_layers {
                    let z = capturing.captures().get(Hook::Block(layer, BlockSite::Z)).unwrap().to_vec();
                    for head in 0..spec.n_heads {
                        for query in 1..IDS.len() {
                            let of_row = |link: &&Link| link[..3] == [layer as u32, head as u32, query as u32];
                            let cut = all.iter().filter(of_row).filter(|link| kept.contains(link) != keeps);
                            let cut: Vec<u32> = cut.map(|link| link[3]).collect();
                            let place = format!(r#""layer":{layer},"head":{head},"query":{query}"#);
                            if cut.len() <= query {
                                edits.push(format!(r#"{{"kind":"knock_out_edge",{place},"key":{cut:?}}}"#));
                                continue;
                            }
                            n_empty += 1;
                            let width = spec.n_heads * spec.d_head;
                            let mean = |neuron: usize| {
                                let column = z.iter().skip(head * spec.d_head + neuron).step_by(width);
                                // As it was before the edit in force, which acts on what is filled in too.
                                let sum = column.map(|value| f64::from(*value)).sum::<f64>() / IDS.len() as f64;
                                if is_mean { sum as f32 } else { 0.0 }
                            };
                            let mean: Vec<f32> = (0..spec.d_head).map(mean).collect();
                            edits.push(format!(r#"{{"kind":"set",{place},"hook":"attn.hook_z","value":{mean:?}}}"#));
                        }
                    }
                }
                edits.retain(|edit| !edit.contains(r#""key":[]"#));
                edits.extend(own.iter().cloned());
                let expected = subject.edited(&edits);
                assert!(n_empty > 0 && (found - expected).abs() < 1e-4, "{name} {keeps} {is_mean}: {found} {expected}");
            }
        }
    }
}

/// The effect of cutting one link, exactly: for links of little weight it is what was estimated, and the more so the less they weigh.
#[test]
fn cutting_a_link_of_little_weight_does_what_was_estimated() {
    for name in ["gpt2", "llama", "bert"] {
        let subject = Subject::new(name, "[]");
        let mut by_weight: Vec<(f32, Link, f32)> = Vec::new();
        for (link @ [layer, head, query, key], estimate) in &subject.links {
            let query = *query as usize;
            let attention = subject.run.attention(*layer as usize).unwrap();
            let weight = attention.pattern_rows(*head as usize, query..query + 1).unwrap()[*key as usize];
            if estimate.abs() > 1e-3 {
                by_weight.push((weight, *link, *estimate));
            }
        }
        by_weight.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut error, mut size) = (0.0, 0.0);
        for (_, link, estimate) in &by_weight[..12] {
            let [_, rest] = subject.kept(&[*link], &[1], false).points[0];
            error += (rest - subject.estimates.outcome - f64::from(*estimate)).abs();
            size += f64::from(estimate.abs());
        }
        assert!(error < 0.1 * size, "{name}: {error} of {size}");
    }
}

/// The graph from the outcome down holds more of the outcome than as many links from its other end, and begins where the outcome reads.
#[test]
fn the_graph_begins_at_the_outcome() {
    let subject = Subject::new("gpt2", "[]");
    assert_eq!(subject.estimates.reads, [IDS.len() - 2]);
    let graph = from_outcome(&subject.links, &subject.estimates.reads, None);
    let last = subject.run.model().spec().n_layers as u32 - 1;
    let of_last = graph.iter().filter(|link| subject.links[link.index].0[0] == last);
    assert!(of_last.clone().count() > 4);
    assert!(of_last.clone().all(|link| subject.links[link.index].0[2] == IDS.len() as u32 - 2));
    // Every link with an effect has a way to the outcome.
    assert_eq!(graph.len(), subject.links.iter().filter(|(_, estimate)| *estimate != 0.0).count());
    let ordered: Vec<Link> = graph.iter().map(|link| subject.links[link.index].0).collect();
    let found = subject.kept(&ordered, &[ordered.len()], false).points[0];
    assert!(
        (found[0] - subject.estimates.outcome).abs() < 1e-4,
        "what has no way to the outcome does nothing: {found:?}"
    );
}

#[test]
fn links_that_are_not_there_are_refused() {
    let subject = Subject::new("gpt2", "[]");
    let refused = |links: Vec<Link>, counts: Vec<usize>| {
        KeepJob::new(Arc::clone(&subject.run), subject.outcome.clone(), links, counts, false).unwrap_err().to_string()
    };
    assert!(refused(vec![[0, 0, IDS.len() as u32, 0]], vec![1]).contains("not there"));
    assert!(refused(vec![[0, 0, 1, 0]], vec![2]).contains("not there"));
}

/// Links of an encoder, its decoder and the attention between them are kept together, and one alone is ablated as an edit cuts it.
#[test]
fn links_of_two_stacks_are_kept_together() {
    for name in ["t5", "bart"] {
        let model = load_golden(name);
        let reader = model.encoder().unwrap();
        let read = finished(reader, reader.tokens_from_ids(&IDS).unwrap(), CompiledEdits::none(), Captures::none());
        let run = Arc::new(decoded(&model, Arc::new(read), model.tokens_from_ids(&IDS[..6]).unwrap()));
        let outcome = logits(&[7], &[3], 4);
        let n_encoder = Some(reader.spec().n_layers);
        let mut links = Vec::new();
        for place in 0..(reader.spec().n_layers + 2 * model.spec().n_layers) as u32 {
            let (kind, _) = attention_at(place, n_encoder);
            let n_query = if kind == AttnKind::ENCODER { IDS.len() as u32 } else { 6 };
            for (head, query) in
                (0..model.spec().n_heads as u32).flat_map(|head| (0..n_query).map(move |query| (head, query)))
            {
                let n_key = if kind == AttnKind::DECODER { query + 1 } else { IDS.len() as u32 };
                links.extend((0..n_key).map(|key| [place, head, query, key]));
            }
        }
        for is_mean in [false, true] {
            let job = KeepJob::new(Arc::clone(&run), outcome.clone(), links.clone(), vec![0, links.len()], is_mean);
            let found = complete(job.unwrap()).unwrap();
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-4, "{name} {is_mean}: {found:?}");
            near(found.points[0][0], found.none);
            near(found.points[0][1], found.outcome);
            near(found.points[1][0], found.outcome);
            near(found.points[1][1], found.none);
            assert!((found.outcome - found.none).abs() > 1e-3, "{name} {is_mean}: {found:?}");
        }
        for (kind, layer) in AttnKind::THREE.into_iter().flat_map(|kind| [(kind, 0), (kind, 1)]) {
            let link = [place_of(kind, layer, n_encoder), 1, 4, 2];
            let job = KeepJob::new(Arc::clone(&run), outcome.clone(), vec![link], vec![1], false).unwrap();
            let [_, without] = complete(job).unwrap().points[0];
            let attn = if kind == AttnKind::CROSS { r#","attn":"cross""# } else { "" };
            let stack = kind.stack.unwrap().name();
            let edit = format!(
                r#"[{{"kind":"knock_out_edge","layer":{layer},"head":1,"query":4,"key":2,"stack":"{stack}"{attn}}}]"#
            );
            let measure = Measure::Tokens(Outcome::pair(7, 3, Some(4)));
            let kind = SweepKind::Each(edit::parse_list(&edit).unwrap());
            let mut cut = f32::NAN;
            let job = SweepJob::new(Arc::clone(&run), Vec::new(), kind, measure).unwrap();
            complete_with(job, |part| cut = part.outcome.unwrap().value()).unwrap();
            assert!((without - f64::from(cut)).abs() < 1e-4, "{name} {edit}: {without} {cut}");
        }
    }
}
