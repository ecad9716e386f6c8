//! Neurons of the MLP, what links write, and the circuits of heads: each against the same number found in another way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, golden_run, load_golden};
use crate::support::parity::decoded;
use crate::support::{Tensors, golden, golden_cases};
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::inside::direction::{DirectionAsked, DirectionOf};
use headlight::analysis::inside::head::HeadAsked;
use headlight::analysis::inside::written::{Writer, WrittenAsked};
use headlight::edit;
use headlight::engine::jobs::{DirectJob, DirectionJob, HeadJob, NeuronJob, PathJob, WrittenJob, complete};
use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::{Attn, BlockSite, Hook};

/// What a run of these ids captures at a hook, under edits.
fn captured(model: &Arc<Model>, ids: &[u32], edits: &str, hook: Hook) -> Vec<f32> {
    let edits = edit::parse_list(edits).unwrap();
    let bound = CompiledEdits::bind(&edits, model.spec(), ids.len()).unwrap();
    let run = finished(model, model.tokens_from_ids(ids).unwrap(), bound, Captures::of([hook]));
    run.captured(hook).unwrap().to_vec()
}

#[test]
fn a_neuron_does_what_its_hooks_say_and_promotes_what_its_row_says() {
    for name in ["gpt2", "llama", "bert", "gpt_neox"] {
        let run = golden_run(name);
        let (model, spec) = (run.model(), run.model().spec());
        let (layer, neuron) = (spec.n_layers - 1, 5);
        let found = complete(NeuronJob::new(&run, layer, neuron, 4).unwrap()).unwrap();
        let at = |site: BlockSite| {
            let hook = Hook::Block(layer, site);
            let mut again = run.again(CompiledEdits::none(), Captures::of([hook])).unwrap();
            again.complete().unwrap();
            let all = again.captured(hook).unwrap_or_default().to_vec();
            all.chunks(spec.d_mlp).map(|row| row[neuron]).collect::<Vec<f32>>()
        };
        assert_eq!(found.pre, at(BlockSite::MlpPre), "{name}");
        assert_eq!(found.linear, at(BlockSite::MlpPreLinear), "{name}");
        assert_eq!(found.post, at(BlockSite::MlpPost), "{name}");
        assert_eq!(found.words.promotes.is_empty(), name == "bert", "{name}");
        assert!(found.drivers.is_empty() && found.out_norm > 0.0);
        // Direct attribution of one token: σ is all that the neuron's own number lacks.
        let Some(&(id, logit)) = found.words.promotes.first() else { continue };
        let position = 3;
        let ratio = |id: u32, logit: f32| {
            let contrast = Contrast { answers: vec![id], others: Vec::new() };
            let sum = complete(DirectJob::new(&run, contrast, position).unwrap()).unwrap();
            f64::from(sum.mlps[layer].neurons[neuron]) / f64::from(found.post[position]) / f64::from(logit)
        };
        let (lowest, lowest_logit) = found.words.suppresses[0];
        let (one, other) = (ratio(id, logit), ratio(lowest, lowest_logit));
        assert!((one / other - 1.0).abs() < 1e-3 && one > 0.0, "{name}: {one} {other}");
        assert!(model.spec().n_layers > layer);
    }
}

/// A text of one token whose first attention adds nothing and that has no position: what drives the neuron is there alone.
#[test]
fn drivers_are_what_embeddings_alone_give() {
    let without_position = r#",{"kind":"set","hook":"hook_pos_embed","value":0.0}"#;
    for (name, more) in [("llama", ""), ("gemma3_text", ""), ("gpt2", without_position), ("gpt_neox", "")] {
        let model = load_golden(name);
        let run = finished(&model, model.tokens_from_ids(&[5, 6]).unwrap(), CompiledEdits::none(), Captures::none());
        let found = complete(NeuronJob::new(&run, 0, 3, 5).unwrap()).unwrap();
        let edits = format!(r#"[{{"kind":"set","layer":0,"hook":"hook_attn_out","value":0.0}}{more}]"#);
        assert!(found.drivers.is_sorted_by(|a, b| a.1 >= b.1) && found.drivers.len() == 5, "{name}");
        for (id, drive) in &found.drivers {
            let pre = captured(&model, &[*id], &edits, Hook::Block(0, BlockSite::MlpPre))[3];
            assert!((pre - drive).abs() < 1e-4, "{name}, token {id}: {drive} {pre}");
        }
        // Every ninth token: none drives it more than the first of the list.
        let highest = (0..model.spec().d_vocab as u32)
            .step_by(9)
            .map(|id| captured(&model, &[id], &edits, Hook::Block(0, BlockSite::MlpPre))[3])
            .fold(f32::NEG_INFINITY, f32::max);
        assert!(highest < found.drivers[0].1 + 1e-4, "{name}: {highest}");
    }
}

/// The identity Σ_j A[i, j] f_j = o_i in the lens: what links promote adds up to what direct attribution gives by source.
#[test]
fn what_links_write_adds_up_to_the_head() {
    for name in ["gpt2", "llama"] {
        let run = golden_run(name);
        let (layer, position) = (1, 6);
        let link = |key: usize| {
            let asked = WrittenAsked { layer, position, link: Some((Attn::Own, key)), n_top: 2 };
            complete(WrittenJob::new(&run, asked).unwrap()).unwrap()
        };
        let n_heads = run.model().spec().n_heads;
        for key in [0, 3, 6] {
            let found = link(key);
            assert!(found.neurons.is_empty() && found.parts.len() == n_heads);
            for part in &found.parts {
                let Writer::Head(head) = part.writer else { panic!("{:?}", part.writer) };
                let (id, logit) = part.words.promotes[0];
                let contrast = Contrast { answers: vec![id], others: Vec::new() };
                let sum = complete(DirectJob::new(&run, contrast, position).unwrap()).unwrap();
                let n_key = run.tokens().len();
                let expected = sum.attns[layer].sources[head * n_key + key];
                assert!((logit - expected).abs() < 1e-4, "{name}, L{layer}H{head} from {key}: {logit} {expected}");
            }
        }
        let later = link(position + 1);
        assert!(later.parts.iter().all(|part| part.norm == 0.0), "{name}: a causal model does not look ahead");
    }
}

#[test]
fn links_to_the_encoder_are_written_too() {
    let model = load_golden("t5");
    let case = &golden_cases("t5")[0];
    let encoder = model.encoder().unwrap();
    let source = finished(encoder, model.encode(&case.text, None).unwrap(), CompiledEdits::none(), Captures::none());
    let n_source = source.tokens().len();
    let run = decoded(&model, Arc::new(source), model.encode_target(case.text_pair.as_deref().unwrap()).unwrap());
    let asked = |key: usize| WrittenAsked { layer: 0, position: 1, link: Some((Attn::Cross, key)), n_top: 1 };
    let found = complete(WrittenJob::new(&run, asked(n_source - 1)).unwrap()).unwrap();
    assert!(found.parts.iter().all(|part| matches!(part.writer, Writer::CrossHead(_)) && part.norm > 0.0));
    assert!(WrittenJob::new(&run, asked(n_source)).unwrap_err().to_string().contains("is not there"));
}

fn circuits(model: &Arc<Model>, tokens: &[u32], distance: usize) -> headlight::analysis::inside::head::HeadCircuits {
    let asked = HeadAsked { layer: 0, head: 1, tokens: tokens.to_vec(), distance, n_top: 6 };
    complete(HeadJob::new(model, asked).unwrap()).unwrap()
}

/// In layer 0 a score is what the circuit says: the query stands `distance` after the key, which is the first token.
#[test]
fn keys_that_a_token_wants_are_scores_of_a_text() {
    for name in ["llama", "qwen3", "gpt_neox", "gemma3_text", "phi3"] {
        let (model, distance, token) = (load_golden(name), 3, 17);
        let found = circuits(&model, &[token, 40], distance);
        assert_eq!(found.qk.len(), 2);
        for (id, score) in &found.qk[0] {
            let tokens = model.tokens_from_ids(&[*id, 5, 6, token]).unwrap();
            let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
            let expected = run.attention(0).unwrap().score_rows(1, distance..distance + 1).unwrap()[0];
            assert!((score - expected).abs() < 1e-4, "{name}, key {id}: {score} {expected}");
        }
        // Every ninth token: none is wanted more than the first of the list.
        let best = (0..model.spec().d_vocab as u32)
            .step_by(9)
            .map(|id| {
                let tokens = model.tokens_from_ids(&[id, 5, 6, token]).unwrap();
                let run = finished(&model, tokens, CompiledEdits::none(), Captures::none());
                run.attention(0).unwrap().score_rows(1, distance..distance + 1).unwrap()[0]
            })
            .fold(f32::NEG_INFINITY, f32::max);
        assert!(best < found.qk[0][0].1 + 1e-4, "{name}: {best}");
    }
}

/// A token alone is read by itself with weight 1: what the head writes then is the circuit's row, but for σ.
#[test]
fn what_a_token_makes_the_head_write_is_its_circuit() {
    let (model, token) = (load_golden("llama"), 17);
    let found = circuits(&model, &[token], 0);
    let run = finished(&model, model.tokens_from_ids(&[token]).unwrap(), CompiledEdits::none(), Captures::none());
    let asked = WrittenAsked { layer: 0, position: 0, link: None, n_top: 6 };
    let written = complete(WrittenJob::new(&run, asked).unwrap()).unwrap();
    let head = written.parts.iter().find(|part| part.writer == Writer::Head(1)).unwrap();
    let sigma = found.ov[0].promotes[0].1 / head.words.promotes[0].1;
    for (circuit, written) in
        [(&found.ov[0].promotes, &head.words.promotes), (&found.ov[0].suppresses, &head.words.suppresses)]
    {
        for ((id, logit), (written_id, written)) in circuit.iter().zip(written) {
            assert_eq!(id, written_id);
            assert!((logit - written * sigma).abs() < 1e-3 * logit.abs(), "{logit} {written}");
        }
    }
}

/// Re Σλ is the trace of the whole OV circuit, worked out from the checkpoint's own matrices.
#[test]
fn the_sum_of_eigenvalues_is_the_trace_of_the_circuit() {
    let model = load_golden("llama");
    let spec = model.spec();
    let (layer, head) = (1, 2);
    let asked = HeadAsked { layer, head, tokens: vec![3], distance: 0, n_top: 1 };
    let found = complete(HeadJob::new(&model, asked).unwrap()).unwrap();
    let file = Tensors::open(&golden("llama").join("model.safetensors"));
    let name = |part: &str| file.f32(&format!("model.layers.{layer}.{part}.weight"));
    let (embed, final_norm) = (file.f32("model.embed_tokens.weight"), file.f32("model.norm.weight"));
    let unembed =
        if file.names().any(|name| name == "lm_head.weight") { file.f32("lm_head.weight") } else { embed.clone() };
    let (v, o, first) = (name("self_attn.v_proj"), name("self_attn.o_proj"), name("input_layernorm"));
    let (d, d_head, width) = (spec.d_model, spec.d_head, spec.n_heads * spec.d_head);
    let key_head = head / spec.queries_per_key_head();
    let mut trace = 0.0f64;
    for token in 0..spec.d_vocab {
        let embed = &embed[token * d..(token + 1) * d];
        let unembed = &unembed[token * d..(token + 1) * d];
        for neuron in 0..d_head {
            let row = &v[(key_head * d_head + neuron) * d..][..d];
            let read: f64 = (0..d).map(|at| f64::from(embed[at]) * f64::from(first[at]) * f64::from(row[at])).sum();
            let column = |at: usize| f64::from(o[at * width + head * d_head + neuron]);
            let said: f64 = (0..d).map(|at| column(at) * f64::from(final_norm[at]) * f64::from(unembed[at])).sum();
            trace += read * said;
        }
    }
    let (sum, size) = found.eigenvalues.unwrap();
    assert!((sum - trace).abs() < 1e-3 * size, "{sum} {trace}, size {size}");
    assert!(found.copying().unwrap().abs() <= 1.0);
}

#[test]
fn circuits_of_every_model_are_read_or_refused() {
    for name in ["gpt2", "bert", "t5", "bart", "opt", "gpt_neo", "gptj", "bloom", "olmo2", "gemma2", "attn_only"] {
        let model = load_golden(name);
        let asked = HeadAsked { layer: 0, head: 0, tokens: vec![5], distance: 1, n_top: 3 };
        let found = complete(HeadJob::new(&model, asked).unwrap()).unwrap();
        assert!(found.qk[0].len() == 3 && found.qk[0].iter().all(|(_, score)| score.is_finite()), "{name}");
        assert_eq!(found.ov.is_empty(), found.eigenvalues.is_none(), "{name}");
        assert!(found.copying().is_none_or(|copying| copying.abs() <= 1.0 + 1e-9), "{name}");
    }
}

/// Without the layer's MLP there is no neuron.
#[test]
fn a_model_of_attention_alone_has_no_neurons() {
    let run: Run = golden_run("attn_only");
    assert!(NeuronJob::new(&run, 0, 0, 1).unwrap_err().to_string().contains("has no MLP"));
}

fn direction(run: &Run, site: BlockSite, made_of: DirectionOf) -> Result<Vec<f32>, String> {
    let asked = DirectionAsked { layer: 1, site, position: 2, made_of };
    DirectionJob::new(run, asked).and_then(complete).map_err(|error| error.to_string())
}

fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn directions_are_means_rows_of_the_unembedding_and_differences_of_texts() {
    let run = golden_run("gpt2");
    let (model, width) = (run.model(), run.model().spec().d_model);
    let stream = &run.layer(1).unwrap().resid_pre;
    let here = length(&stream[2 * width..3 * width]);
    let mean = direction(&run, BlockSite::ResidPre, DirectionOf::Mean).unwrap();
    let n_pos = run.tokens().len() as f32;
    let expected: Vec<f32> = (0..width).map(|at| stream.iter().skip(at).step_by(width).sum::<f32>() / n_pos).collect();
    assert!(mean.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));

    let token = direction(&run, BlockSite::AttnOut, DirectionOf::Token(9)).unwrap();
    let file = Tensors::open(&golden("gpt2").join("model.safetensors"));
    let name = file.names().find(|name| name.ends_with("wte.weight")).unwrap().to_owned();
    let row = file.f32(&name)[9 * width..10 * width].to_vec();
    let scale = here / length(&row);
    assert!(token.iter().zip(&row).all(|(a, b)| (f64::from(*a) - f64::from(*b) * scale).abs() < 1e-5));

    let texts = ["The doctor".to_owned(), "A question".to_owned()];
    let steering = direction(&run, BlockSite::MlpOut, DirectionOf::Texts(texts.clone())).unwrap();
    let last = |text: &String| {
        let hook = Hook::Block(1, BlockSite::MlpOut);
        let tokens = model.encode(text, None).unwrap();
        let run = finished(model, tokens, CompiledEdits::none(), Captures::of([hook]));
        let values = run.captured(hook).unwrap();
        values[values.len() - width..].to_vec()
    };
    let difference: Vec<f32> = last(&texts[0]).iter().zip(last(&texts[1])).map(|(a, b)| a - b).collect();
    let scale = here / length(&difference);
    assert!(steering.iter().zip(&difference).all(|(a, b)| (f64::from(*a) - f64::from(*b) * scale).abs() < 1e-4));

    let no_text = DirectionOf::Texts([String::new(), "a".to_owned()]);
    assert!(direction(&run, BlockSite::ResidPre, no_text).unwrap_err().contains("empty"));
    assert!(direction(&run, BlockSite::ResidPre, DirectionOf::Token(99_999)).unwrap_err().contains("vocabulary"));
    let masked = direction(&golden_run("bert"), BlockSite::ResidPre, DirectionOf::Token(9));
    assert!(masked.unwrap_err().contains("not linear"));
}

/// Added to the last stream, a token's direction raises the token's logit.
#[test]
fn a_tokens_direction_raises_its_logit() {
    let run = golden_run("llama");
    let (layer, position) = (run.model().spec().n_layers - 1, run.tokens().len() - 1);
    let asked = DirectionAsked { layer, site: BlockSite::MlpOut, position, made_of: DirectionOf::Token(17) };
    let vector = complete(DirectionJob::new(&run, asked).unwrap()).unwrap();
    let list = edit::parse_list(&format!(
        r#"[{{"kind":"add","layer":{layer},"hook":"hook_mlp_out","query":{position},"factor":4.0,"vector":{vector:?}}}]"#
    ));
    let bound = CompiledEdits::bind(&list.unwrap(), run.model().spec(), run.tokens().len()).unwrap();
    let mut edited = run.again(bound, Captures::none()).unwrap();
    edited.complete().unwrap();
    let logit = |run: &Run| run.logits(position..position + 1).unwrap()[17];
    assert!(logit(&edited) > logit(&run), "{} {}", logit(&edited), logit(&run));
}

/// Without biases the contents of all cells of a layer are the whole of every later stream: their shares sum to 1.
#[test]
fn the_paths_of_all_cells_of_a_layer_make_the_stream() {
    for name in ["llama", "bloom", "gpt_neox", "gpt2"] {
        let run = golden_run(name);
        let (n_layers, n_pos) = (run.model().spec().n_layers, run.tokens().len());
        let mut sums = vec![0.0f32; (n_layers + 1) * n_pos];
        for position in 0..n_pos {
            let path = complete(PathJob::new(&run, 1, position).unwrap()).unwrap();
            assert_eq!(path.shares.len(), sums.len(), "{name}");
            assert!(path.steps.is_sorted_by(|a, b| a.amount.abs() >= b.amount.abs()), "{name}");
            let is_causal = path.steps.iter().all(|step| step.from <= step.to && step.from >= position);
            assert!(is_causal, "{name}: content moves to later positions alone");
            sums.iter_mut().zip(&path.shares).for_each(|(sum, share)| *sum += share);
        }
        assert!(sums[..n_pos].iter().all(|sum| *sum == 0.0), "{name}: nothing before the layer");
        let has_biases = name != "llama";
        for (at, sum) in sums.iter().enumerate().skip(n_pos) {
            // A bias is nobody's content, and takes a share of its own.
            assert!(has_biases || (sum - 1.0).abs() < 1e-4, "{name}, {at}: {sum}");
            assert!(sum.is_finite() && (!has_biases || at >= 2 * n_pos || (sum - 1.0).abs() < 1e-6), "{name}: {sum}");
        }
    }
    assert!(PathJob::new(&golden_run("gemma3_text"), 0, 0).unwrap_err().to_string().contains("normalises"));
    assert!(PathJob::new(&golden_run("llama"), 0, 999).unwrap_err().to_string().contains("not there"));
}
