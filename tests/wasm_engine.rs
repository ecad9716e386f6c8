//! The engine as browsers get it agrees with Hugging Face transformers: one checkpoint of each family, every case and
//! every edit, compiled to wasm and run in Chromium.
#![cfg(target_arch = "wasm32")]
// Clippy knows tests by #[test], which these do not have.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use headlight::engine::Model;
use support::engine::load;
use support::parity::{compare_cases, compare_edits};
use support::{Tensors, cases_of};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A checkpoint of tests/fixtures/golden, in the program itself: browsers have no files.
struct Golden {
    files: [(&'static str, &'static [u8]); 3],
    expected_json: &'static [u8],
    expected: &'static [u8],
    interventions_json: &'static [u8],
    interventions: &'static [u8],
}

macro_rules! golden {
    ($architecture:literal) => {{
        macro_rules! file {
            ($name:literal) => {
                include_bytes!(concat!("fixtures/golden/", $architecture, "/", $name)).as_slice()
            };
        }
        Golden {
            files: [
                ("config.json", file!("config.json")),
                ("tokenizer.json", file!("tokenizer.json")),
                ("model.safetensors", file!("model.safetensors")),
            ],
            expected_json: file!("expected.json"),
            expected: file!("expected.safetensors"),
            interventions_json: file!("interventions.json"),
            interventions: file!("interventions.safetensors"),
        }
    }};
}

impl Golden {
    fn model(&self) -> Arc<Model> {
        load(&self.files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()).unwrap()
    }

    fn agrees(&self) {
        let model = self.model();
        let expected = Tensors::of_bytes("expected.safetensors", self.expected.to_vec());
        compare_cases(&model, &cases_of(self.expected_json), &expected);
        let expected = Tensors::of_bytes("interventions.safetensors", self.interventions.to_vec());
        compare_edits(&model, self.interventions_json, &expected);
    }
}

#[wasm_bindgen_test]
fn bert() {
    golden!("bert").agrees();
}

#[wasm_bindgen_test]
fn gpt2() {
    golden!("gpt2").agrees();
}

#[wasm_bindgen_test]
fn llama() {
    golden!("llama").agrees();
}
