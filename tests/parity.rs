//! Agreement with Hugging Face transformers at every value that `tests/fixtures/golden` holds, and the names of hooks.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::parity::{compare_cases, compare_edits, decoded};
use crate::support::{Tensors, golden, golden_cases, read};
use headlight::analysis::source::{AttentionSource, Rotation};
use headlight::engine::{Captures, CompiledEdits, CrossSource, Generation, Model, Run, Sampling, Written};
use headlight::trace::{BlockSite, Hook, Side, Tokens};

fn run(model: &Arc<Model>, tokens: Tokens) -> Run {
    finished(model, tokens, CompiledEdits::none(), Captures::none())
}

#[track_caller]
fn agrees(architecture: &str) {
    let expected = Tensors::open(&golden(architecture).join("expected.safetensors"));
    compare_cases(&load_golden(architecture), &golden_cases(architecture), &expected);
}

/// One test per folder of `tests/fixtures/golden`.
macro_rules! agree {
    ($($architecture:ident),*) => {
        $(#[test]
        fn $architecture() {
            agrees(stringify!($architecture));
        })*
    };
}

agree!(
    albert,
    bart,
    bert,
    distilbert,
    electra,
    gemma3_text,
    gpt2,
    gpt_neo,
    gpt_neox,
    llama,
    marian,
    mistral,
    modernbert,
    mpnet,
    opt,
    phi3,
    qwen2,
    qwen3,
    roberta,
    t5
);

// Options and further architectures, made by `tests/fixtures/make_golden.py`.
agree!(
    bart_scaled,
    bert_causal,
    bert_untied,
    bloom,
    codegen,
    codegen_wide,
    cohere,
    cohere2,
    cohere2_types,
    cohere_norms,
    deberta_v2,
    deberta_v2_conv,
    deberta_v2_p2c,
    electra_wide,
    esm,
    esm_learned,
    eurobert,
    eurobert_biases,
    exaone4,
    exaone4_global,
    falcon,
    falcon_alibi,
    falcon_new,
    falcon_one_norm,
    gemma,
    gemma2,
    gemma3_scaled,
    gemma_biases,
    glm,
    glm4,
    glm4_plain,
    glm_whole,
    gpt2_inverse_layer,
    gpt2_unscaled,
    gpt_bigcode,
    gpt_bigcode_heads,
    gpt_neox_sequential,
    gpt_oss,
    gpt_oss_limited,
    gptj,
    granite,
    granite_factors,
    llama_biases,
    llama_dynamic,
    llama_linear,
    llama_llama3,
    llama_yarn,
    llama_yarn_exact,
    m2m_100,
    m2m_100_plain,
    marian_scaled,
    mbart,
    mbart_scaled,
    mistral_whole,
    mixtral,
    mixtral_fused,
    modernbert_biases,
    mpt,
    mpt_clipped,
    nomic_bert,
    nomic_bert_untied,
    olmo,
    olmo2,
    olmo3,
    olmo3_yarn,
    olmo_clipped,
    olmoe,
    olmoe_fused,
    opt_post_norm,
    pegasus,
    phi,
    phi3_longrope,
    phi_norms,
    plbart,
    qwen2_moe,
    qwen2_moe_fused,
    qwen2_window,
    qwen3_moe,
    qwen3_moe_fused,
    smollm3,
    stablelm,
    stablelm_parallel,
    starcoder2,
    starcoder2_window,
    t5_gated,
    xlm_roberta
);

// In TransformerLens's own form, made by `tests/fixtures/make_hooked.py`.
agree!(attn_only, hooked_bare, hooked_plain);

/// What Hugging Face's `generate` writes without sampling.
#[test]
fn decoders_write_the_targets_of_hugging_face() {
    for architecture in ["bart_scaled", "marian_scaled", "t5_gated"] {
        let model = load_golden(architecture);
        for case in golden_cases(architecture) {
            let source = run(model.encoder().unwrap(), model.encode(&case.text, None).unwrap());
            let (start, edits) = (model.start().unwrap(), CompiledEdits::none());
            let mut run = Run::decode(Arc::clone(&model), Arc::new(source), start, edits, Captures::none()).unwrap();
            run.complete().unwrap();
            let mut generation = Generation::new(Sampling::GREEDY, 10).unwrap();
            while generation.step(&mut run).unwrap() != Written::End {}
            let is_end = |id: &&u32| !model.generation_config().eos_ids.contains(id);
            let expected: Vec<u32> =
                case.greedy_ids[..1].iter().chain(case.greedy_ids[1..].iter().take_while(is_end)).copied().collect();
            assert!(expected.len() > 3, "{architecture}: {expected:?}");
            assert_eq!(run.tokens().ids, expected, "{architecture}");
        }
    }
}

#[track_caller]
fn edits_agree(architecture: &str) {
    let folder = golden(architecture);
    let expected = Tensors::open(&folder.join("interventions.safetensors"));
    compare_edits(&load_golden(architecture), &read(&folder.join("interventions.json")), &expected);
}

#[test]
fn edited_runs_agree_with_pytorch() {
    for architecture in ["bert", "gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "roberta"] {
        edits_agree(architecture);
    }
}

/// The exact ordered list of hooks of each architecture, with what stands in a block written once.
#[test]
fn hooks_have_their_names_and_order() {
    let common = "hook_resid_pre attn.hook_q attn.hook_k attn.hook_v";
    let middle = "attn.hook_attn_scores attn.hook_pattern attn.hook_z attn.hook_result hook_attn_out hook_resid_mid mlp.hook_pre";
    let cases = [
        (
            "bert",
            "hook_embed hook_pos_embed hook_token_type_embed hook_full_embed",
            format!("{common} {middle} mlp.hook_post hook_mlp_out hook_resid_post hook_normalized_resid_post"),
            "",
        ),
        (
            "gpt2",
            "hook_embed hook_pos_embed",
            format!("{common} {middle} mlp.hook_post hook_mlp_out hook_resid_post"),
            "ln_final.hook_out",
        ),
        (
            "llama",
            "hook_embed",
            format!(
                "{common} attn.hook_rot_q attn.hook_rot_k {middle} mlp.hook_pre_linear mlp.hook_post hook_mlp_out hook_resid_post"
            ),
            "ln_final.hook_out",
        ),
    ];
    let more = [
        (
            "gpt_neox",
            "hook_embed",
            format!("{common} attn.hook_rot_q attn.hook_rot_k {middle} mlp.hook_post hook_mlp_out hook_resid_post")
                .replace(" hook_resid_mid", ""),
            "ln_final.hook_out",
        ),
        (
            "t5",
            "hook_embed",
            format!(
                "{common} {middle} cross_attn.hook_q cross_attn.hook_k cross_attn.hook_v cross_attn.hook_attn_scores \
                 cross_attn.hook_pattern cross_attn.hook_z cross_attn.hook_result hook_cross_attn_out hook_resid_mid_cross \
                 mlp.hook_pre mlp.hook_post hook_mlp_out hook_resid_post"
            )
            .replacen(" mlp.hook_pre", "", 1),
            "ln_final.hook_out",
        ),
        (
            "attn_only",
            "hook_embed hook_pos_embed",
            format!("{common} {middle} hook_resid_post").replace(" hook_resid_mid mlp.hook_pre", ""),
            "ln_final.hook_out",
        ),
    ];
    for (architecture, first, block, last) in cases.into_iter().chain(more) {
        let spec = load_golden(architecture).spec().clone();
        let mut expected: Vec<String> = first.split_whitespace().map(str::to_owned).collect();
        for layer in 0..spec.n_layers {
            expected.extend(block.split_whitespace().map(|name| format!("blocks.{layer}.{name}")));
        }
        expected.extend(last.split_whitespace().map(str::to_owned));
        let found: Vec<String> = Hook::all(&spec).iter().map(Hook::to_string).collect();
        assert_eq!(found, expected, "{architecture}");
    }
}

/// Looking at everything changes nothing, to the last bit where the arithmetic is the same.
#[test]
fn capturing_changes_nothing() {
    for architecture in
        ["attn_only", "bert", "gpt2", "llama", "gemma3_text", "gpt_neox", "modernbert", "mpnet", "deberta_v2_conv"]
    {
        let model = load_golden(architecture);
        let tokens = model.encode("The cat sat on the mat", None).unwrap();
        let plain = run(&model, tokens.clone());
        // `hook_result` is left out: looking at it sums over heads in another order.
        let hooks = Hook::all(model.spec());
        let hooks = hooks.into_iter().filter(|hook| !matches!(hook, Hook::Block(_, BlockSite::Result)));
        let looked_at = finished(&model, tokens, CompiledEdits::none(), Captures::of(hooks));
        assert_eq!(plain.final_stream(), looked_at.final_stream(), "{architecture}");
        for layer in 0..model.spec().n_layers {
            let pattern = Hook::Block(layer, BlockSite::Pattern);
            assert_eq!(plain.activation(pattern).unwrap(), looked_at.activation(pattern).unwrap());
        }
    }
}

/// Views see cross-attention as they see any other: queries of the decoder, keys of the encoder.
#[test]
fn cross_attention_is_a_source() {
    let model = load_golden("t5");
    let source = Arc::new(run(model.encoder().unwrap(), model.encode("The cat sat on the mat", None).unwrap()));
    let decoder = decoded(&model, source, model.encode_target("The cat lay").unwrap());
    let cross = CrossSource::of(&decoder).unwrap();
    let sizes = cross.sizes();
    let (n_query, n_key) = (cross.tokens(Side::Query).len(), cross.tokens(Side::Key).len());
    assert!(n_query != n_key && (sizes.n_query, sizes.n_key) == (n_query, n_key));
    assert_eq!(cross.allowed_keys(0, 0), 0..n_key, "no mask");
    let patterns = decoder.activation(Hook::Block(1, BlockSite::CrossPattern)).unwrap();
    let layer = cross.layer_source(1).unwrap();
    for head in 0..sizes.n_heads {
        let found = layer.pattern(head, 1..n_query).unwrap();
        let expected = &patterns[(head * n_query + 1) * n_key..(head + 1) * n_query * n_key];
        assert_eq!(found, expected);
        let (queries, keys) =
            (cross.queries(1, head, Rotation::After).unwrap(), cross.keys(1, head, Rotation::Before).unwrap());
        let scores = layer.scores(head, 0..n_query).unwrap();
        let dot: f32 = queries[..sizes.d_head].iter().zip(&keys[sizes.d_head..]).map(|(q, k)| q * k).sum();
        assert!((scores[1] - dot).abs() < 1e-5, "T5 scales nothing");
        assert_eq!(cross.values(1, head).unwrap().len(), n_key * sizes.d_head);
        assert_eq!(cross.value_output_norms(1, head).unwrap().len(), n_key);
    }
    assert!(CrossSource::of(&run(&load_golden("gpt2"), load_golden("gpt2").tokens_from_ids(&[1]).unwrap())).is_none());
}
