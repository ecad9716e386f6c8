//! Agreement with Hugging Face transformers at every value that `tests/fixtures/golden` holds, and the names of hooks.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod support;

use std::sync::Arc;

use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::{BlockSite, Hook, Tokens};
use support::engine::{finished, load_golden};
use support::parity::{compare_cases, compare_edits};
use support::{Tensors, golden, golden_cases, read};

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

#[track_caller]
fn edits_agree(architecture: &str) {
    let folder = golden(architecture);
    let expected = Tensors::open(&folder.join("interventions.safetensors"));
    compare_edits(&load_golden(architecture), &read(&folder.join("interventions.json")), &expected);
}

#[test]
fn edited_runs() {
    for architecture in ["bert", "gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "roberta"] {
        edits_agree(architecture);
    }
}

/// The exact ordered list of hooks of each architecture, with what stands in a block written once.
#[test]
fn names_of_hooks() {
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
    for (architecture, first, block, last) in cases {
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
    for architecture in ["bert", "gpt2", "llama"] {
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
