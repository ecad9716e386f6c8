//! Attention and MLP side by side, or one after the other: what each reads.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use crate::support::engine::finished;
use headlight::edit::parse_list;
use headlight::engine::{Captures, CompiledEdits, Model, Run};
use headlight::trace::{BlockSite, Hook};

fn gpt_neox(is_parallel: bool) -> String {
    serde_json::json!({
        "model_type": "gpt_neox", "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_hidden_layers": 1,
        "vocab_size": 20, "max_position_embeddings": 16, "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_pct": 0.5,
        "rotary_emb_base": 10_000, "use_parallel_residual": is_parallel, "tie_word_embeddings": false,
    })
    .to_string()
}

fn gptj() -> String {
    serde_json::json!({
        "model_type": "gptj", "n_embd": 16, "n_inner": 24, "n_head": 2, "n_layer": 1, "vocab_size": 20, "n_positions": 16,
        "rotary_dim": 4, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": false,
    })
    .to_string()
}

/// A run with these edits, and a value of its only layer.
fn value(config: &str, edits: &str, site: BlockSite) -> Vec<f32> {
    let model = Arc::new(Model::seeded(config, 3).unwrap());
    let edits = CompiledEdits::bind(&parse_list(edits).unwrap(), model.spec(), 4).unwrap();
    let tokens = model.tokens_from_ids(&[5, 1, 7, 2]).unwrap();
    let run: Run = finished(&model, tokens, edits, Captures::of(vec![Hook::Block(0, site)]));
    run.activation(Hook::Block(0, site)).unwrap()
}

const NO_ATTENTION: &str = r#"[{"kind":"zero_head","layer":0,"head":"all"}]"#;

#[test]
fn parallel_blocks_add_attention_and_mlp_to_the_stream() {
    for config in [gpt_neox(true), gpt_neox(false), gptj()] {
        let activation = |site| value(&config, "[]", site);
        let (before, attn, mlp) =
            (activation(BlockSite::ResidPre), activation(BlockSite::AttnOut), activation(BlockSite::MlpOut));
        let sum = before.iter().zip(&attn).zip(&mlp).map(|((before, attn), mlp)| before + attn + mlp);
        let distance = activation(BlockSite::ResidPost).iter().zip(sum).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(distance < 1e-6, "{distance}: {config}");
    }
}

#[test]
fn a_parallel_mlp_does_not_read_what_attention_wrote() {
    for (config, is_parallel) in [(gpt_neox(true), true), (gptj(), true), (gpt_neox(false), false)] {
        let mlp_out = |edits| value(&config, edits, BlockSite::MlpOut);
        assert_eq!(mlp_out("[]") == mlp_out(NO_ATTENTION), is_parallel, "{config}");
        assert!(value(&config, NO_ATTENTION, BlockSite::AttnOut).iter().all(|value| *value == 0.0));
    }
}
