//! How cost grows with tokens and layers: run time and memory of SmolLM2's shape with random f32 weights. `cargo xtask bench
//! --table` makes README's table of these figures.

use crate::client::Client;
use crate::figure::{self, Bound, Bytes};
use crate::model::run_once;
use headlight::platform::clock::now_ms;
use headlight::protocol::{FromWorker, ModelSource, ToWorker};

const LAYERS: [usize; 4] = [6, 12, 18, 30];
const TOKENS: [u32; 6] = [32, 64, 128, 256, 512, 1024];
/// Measured rounds, after one that does not count.
const ROUNDS: u32 = 3;

/// Prints a figure for each number of layers and tokens.
pub async fn measure(wanted: &impl Fn(&str) -> bool) -> Result<(), String> {
    let name = |n_layers: usize, n_tokens: u32| format!("cost/{n_layers}/{n_tokens}");
    for n_layers in LAYERS {
        let lengths: Vec<u32> = TOKENS.into_iter().filter(|&n_tokens| wanted(&name(n_layers, n_tokens))).collect();
        if lengths.is_empty() {
            continue;
        }
        let client = Client::start().await?;
        let source = ModelSource::Seeded { config_json: config(n_layers), seed: 1 };
        let model = match client.ask(&ToWorker::Load { request: 1, source, n_layers: None }).await? {
            (FromWorker::Loaded { model, .. }, _) => model,
            (other, _) => return Err(format!("expected Loaded, got {other:?}")),
        };
        for n_tokens in lengths {
            let (mut samples_ms, mut memory) = (Vec::new(), 0);
            for round in 0..=ROUNDS {
                let before_ms = now_ms();
                let info = run_once(&client, &model, n_tokens, round).await?;
                if round > 0 {
                    samples_ms.push(now_ms() - before_ms);
                }
                client.tell(&ToWorker::Forget { run: info.run })?;
                memory = info.memory_bytes;
            }
            let bytes = Bytes { memory: Some(memory), weights: Some(model.weight_bytes) };
            let how = "a run of SmolLM2's shape with so many layers and tokens, random f32 weights; memory grows and never shrinks, \
                       so that shorter runs come first";
            figure::print(&name(n_layers, n_tokens), how, &samples_ms, bytes, Bound::None)?;
        }
    }
    Ok(())
}

fn config(n_layers: usize) -> String {
    format!(
        r#"{{"architectures":["LlamaForCausalLM"],"model_type":"llama","bos_token_id":1,"eos_token_id":2,"hidden_act":"silu",
"hidden_size":576,"intermediate_size":1536,"max_position_embeddings":2048,"num_attention_heads":9,"num_hidden_layers":{n_layers},
"num_key_value_heads":3,"rms_norm_eps":1e-05,"rope_theta":100000,"attention_bias":false,"mlp_bias":false,
"tie_word_embeddings":true,"vocab_size":49152}}"#
    )
}
