//! What large checkpoints take in memory, known from their headers alone, against what a browser gives.
#![allow(clippy::unwrap_used)]

use crate::support::gguf::{Field, GgufFile};
use headlight::engine::Loader;
use headlight::sources::too_large;

/// Number of a format in GGUF, and how many values of it take how many bytes.
type Format = (u32, u64, u64);
const F32: Format = (0, 1, 4);
const F16: Format = (1, 1, 2);
const Q4_0: Format = (2, 32, 18);
const Q4_K: Format = (12, 256, 144);
const Q6_K: Format = (14, 256, 210);

/// A Llama of 1.1 billion parameters (TinyLlama's sizes) or of 8 billion (Llama 3's) without its weights: what comes before them
/// in the file, and the length of the whole. `outer`: the format of embedding and unembedding.
fn llama(is_large: bool, blocks: Format, outer: Format) -> (Vec<u8>, u64) {
    let [d_model, n_layers, n_heads, n_keys, d_mlp, d_vocab] =
        if is_large { [4096, 32, 32, 8, 14_336, 128_256] } else { [2048, 22, 32, 4, 5632, 32_000] };
    let mut file = GgufFile::default()
        .text("general.architecture", "llama")
        .field("llama.attention.layer_norm_rms_epsilon", Field::F32(1e-5))
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", "gpt-2")
        .field("tokenizer.ggml.tokens", Field::Texts((0..d_vocab).map(|id| format!("t{id}")).collect()))
        .field("tokenizer.ggml.merges", Field::Texts(Vec::new()));
    for (name, size) in [
        ("block_count", n_layers),
        ("context_length", 2048),
        ("embedding_length", d_model),
        ("feed_forward_length", d_mlp),
        ("attention.head_count", n_heads),
        ("attention.head_count_kv", n_keys),
    ] {
        file = file.field(&format!("llama.{name}"), Field::U32(size as u32));
    }
    let keys = d_model / n_heads * n_keys;
    let mut tensors = vec![
        ("token_embd.weight".to_owned(), vec![d_model, d_vocab], outer),
        ("output_norm.weight".to_owned(), vec![d_model], F32),
        ("output.weight".to_owned(), vec![d_model, d_vocab], outer),
    ];
    for layer in 0..n_layers {
        let parts = [
            ("attn_norm", vec![d_model], F32),
            ("attn_q", vec![d_model, d_model], blocks),
            ("attn_k", vec![d_model, keys], blocks),
            ("attn_v", vec![d_model, keys], blocks),
            ("attn_output", vec![d_model, d_model], blocks),
            ("ffn_norm", vec![d_model], F32),
            ("ffn_gate", vec![d_model, d_mlp], blocks),
            ("ffn_up", vec![d_model, d_mlp], blocks),
            ("ffn_down", vec![d_mlp, d_model], blocks),
        ];
        tensors.extend(parts.map(|(name, dims, format)| (format!("blk.{layer}.{name}.weight"), dims, format)));
    }
    let len = |(_, dims, (_, n_values, n_bytes)): &(String, Vec<u64>, Format)| {
        dims.iter().product::<u64>() / n_values * n_bytes
    };
    let lens: Vec<u64> = tensors.iter().map(len).collect();
    for (name, dims, (number, ..)) in tensors {
        file = file.tensor(&name, &dims, number, Vec::new());
    }
    file.header(&lens)
}

/// What the weights will take, before any of them is read.
fn held_bytes((header, file_len): (Vec<u8>, u64), n_layers: Option<usize>) -> u64 {
    let mut loader = Loader::new(vec![("m.gguf".to_owned(), file_len)]).unwrap().first_layers(n_layers);
    while loader.held_bytes().is_none() {
        let want = loader.wants().unwrap();
        assert_eq!(want.offset, 0, "only the header");
        let mut bytes = header.clone();
        bytes.resize(want.len as usize, 0);
        loader.supply(&bytes).unwrap();
    }
    assert_eq!(loader.progress().0, 0);
    loader.held_bytes().unwrap()
}

#[test]
fn a_billion_parameters_in_four_bits_fit_a_browser() {
    for (blocks, outer) in [(Q4_0, Q4_0), (Q4_K, Q6_K), (Q4_0, F16)] {
        let file = llama(false, blocks, outer);
        let file_len = file.1;
        let held = held_bytes(file, None);
        assert!(held < file_len * 11 / 10, "blocks stay as they are: {held} for a file of {file_len}");
        assert!(held < 1_000_000_000, "{held}");
        assert_eq!(too_large(held), None);
    }
    // The same in sixteen bits still fits, in thirty-two it does not.
    assert_eq!(too_large(held_bytes(llama(false, F16, F16), None)), None);
    assert!(too_large(held_bytes(llama(false, F32, F32), None)).is_some());
}

#[test]
fn what_does_not_fit_is_refused_and_its_first_layers_are_not() {
    let whole = held_bytes(llama(true, Q4_K, Q6_K), None);
    let message = too_large(whole).unwrap();
    assert!(message.contains("GB") && message.contains("layers"), "{message}");
    let part = held_bytes(llama(true, Q4_K, Q6_K), Some(8));
    assert!(part < whole / 3, "{part} of {whole}");
    assert_eq!(too_large(part), None);
}
