//! The engine as browsers get it agrees with Hugging Face transformers: one checkpoint of each family, every case and
//! every edit, compiled to wasm and run in Chromium.
#![cfg(target_arch = "wasm32")]
// Clippy knows tests by #[test], which these do not have.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use headlight::engine::Model;
use support::engine::load;
use support::gradients::compare_case;
use support::parity::{compare_cases, compare_edits};
use support::seeded::{CONTINUATION, continuation};
use support::{Comparison, Tensors, cases_of};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A checkpoint of tests/fixtures/golden, in the program itself: browsers have no files.
struct Golden {
    files: [(&'static str, &'static [u8]); 3],
    expected_json: &'static [u8],
    expected: &'static [u8],
    /// Edits and what follows from them, where there are any.
    interventions: Option<(&'static [u8], &'static [u8])>,
}

macro_rules! file {
    ($architecture:literal, $name:literal) => {
        include_bytes!(concat!("fixtures/golden/", $architecture, "/", $name)).as_slice()
    };
}

macro_rules! golden {
    ($architecture:literal, edits) => {
        Golden {
            interventions: Some((
                file!($architecture, "interventions.json"),
                file!($architecture, "interventions.safetensors"),
            )),
            ..golden!($architecture)
        }
    };
    ($architecture:literal) => {
        Golden {
            files: [
                ("config.json", file!($architecture, "config.json")),
                ("tokenizer.json", file!($architecture, "tokenizer.json")),
                ("model.safetensors", file!($architecture, "model.safetensors")),
            ],
            expected_json: file!($architecture, "expected.json"),
            expected: file!($architecture, "expected.safetensors"),
            interventions: None,
        }
    };
}

impl Golden {
    fn model(&self) -> Arc<Model> {
        load(&self.files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()).unwrap()
    }

    fn agrees(&self) {
        let model = self.model();
        let expected = Tensors::of_bytes("expected.safetensors", self.expected.to_vec());
        compare_cases(&model, &cases_of(self.expected_json), &expected);
        if let Some((json, values)) = self.interventions {
            compare_edits(&model, json, &Tensors::of_bytes("interventions.safetensors", values.to_vec()));
        }
    }
}

/// The reverse pass: norms of both kinds, gates, rotation, biases, and both stacks.
#[wasm_bindgen_test]
fn gradients() {
    let mut comparison = Comparison::default();
    for (name, golden, values) in [
        ("opt", golden!("opt"), file!("opt", "gradients.safetensors")),
        ("phi3", golden!("phi3"), file!("phi3", "gradients.safetensors")),
        ("t5", golden!("t5"), file!("t5", "gradients.safetensors")),
        ("qwen2_moe", golden!("qwen2_moe"), file!("qwen2_moe", "gradients.safetensors")),
    ] {
        let values = Tensors::of_bytes("gradients.safetensors", values.to_vec());
        compare_case(&mut comparison, name, &golden.model(), &cases_of(golden.expected_json)[0], &values);
    }
    comparison.finish();
}

#[wasm_bindgen_test]
fn bert() {
    golden!("bert", edits).agrees();
}

#[wasm_bindgen_test]
fn gpt2() {
    golden!("gpt2", edits).agrees();
}

#[wasm_bindgen_test]
fn llama() {
    golden!("llama", edits).agrees();
}

#[wasm_bindgen_test]
fn gpt_neox() {
    golden!("gpt_neox", edits).agrees();
}

#[wasm_bindgen_test]
fn qwen2() {
    golden!("qwen2", edits).agrees();
}

#[wasm_bindgen_test]
fn qwen3() {
    golden!("qwen3", edits).agrees();
}

#[wasm_bindgen_test]
fn roberta() {
    golden!("roberta", edits).agrees();
}

#[wasm_bindgen_test]
fn hostile_tokenizers_are_refused_as_natively() {
    support::hostile::ALL.iter().for_each(support::hostile::Hostile::is_refused);
}

/// The continuation that the same seed gives natively.
#[wasm_bindgen_test]
fn a_seed_gives_the_same_tokens_as_natively() {
    let found = continuation(&golden!("gpt2").model());
    assert_eq!(found, CONTINUATION);
}

#[wasm_bindgen_test]
fn gemma3() {
    golden!("gemma3_text").agrees();
}

#[wasm_bindgen_test]
fn bloom() {
    golden!("bloom").agrees();
}

#[wasm_bindgen_test]
fn modernbert() {
    golden!("modernbert").agrees();
}

#[wasm_bindgen_test]
fn mpnet() {
    golden!("mpnet").agrees();
}

/// Products with positions, and a convolution.
#[wasm_bindgen_test]
fn deberta_v2() {
    golden!("deberta_v2_conv").agrees();
}

#[wasm_bindgen_test]
fn t5() {
    golden!("t5").agrees();
}

#[wasm_bindgen_test]
fn marian() {
    golden!("marian").agrees();
}

#[wasm_bindgen_test]
fn albert() {
    golden!("albert").agrees();
}

#[wasm_bindgen_test]
fn bart() {
    golden!("bart").agrees();
}

#[wasm_bindgen_test]
fn opt() {
    golden!("opt").agrees();
}

#[wasm_bindgen_test]
fn gpt_neo() {
    golden!("gpt_neo").agrees();
}

#[wasm_bindgen_test]
fn attention_only() {
    golden!("attn_only").agrees();
}

#[wasm_bindgen_test]
fn phi3() {
    golden!("phi3").agrees();
}

/// Steps of later families: norms of single heads, cut-off queries, a factor on what is added, ALiBi in 16 bits, shifted sines, masked
/// embeddings, experts, sinks.
#[wasm_bindgen_test]
fn later_steps() {
    golden!("stablelm_parallel").agrees();
    golden!("olmo_clipped").agrees();
    golden!("granite_factors").agrees();
    golden!("falcon_alibi").agrees();
    golden!("m2m_100").agrees();
    golden!("esm").agrees();
    golden!("qwen2_moe").agrees();
    golden!("gpt_oss").agrees();
}
