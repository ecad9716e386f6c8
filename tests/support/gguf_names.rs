//! The names that llama.cpp's converter gives the tensors of each architecture, and how it changes them.

/// How a tensor is changed on its way.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    As,
    /// Rows of each head in pairs.
    Paired,
    /// 1 is added.
    PlusOne,
    /// [in, out] to [out, in].
    Turned,
    /// A tensor for each expert, whose number is a star in the name, to one of all.
    Stacked,
    /// Of a tensor of all experts, [expert, in, n · out], every n-th output from an index on, turned; biases too.
    Spread(usize, usize),
    /// A vector whose name has no ending.
    Bare,
    /// Each head's queries, keys and values to all queries, all keys, all values.
    Unfused,
    /// Each key head's queries, of this number, with its key and value, to all queries, all keys, all values.
    Ungrouped(usize),
}

/// Tensors: llama.cpp's name, the checkpoint's, and how they differ.
pub type Names = &'static [(&'static str, &'static str, Way)];

/// One architecture: the name of its small checkpoint, llama.cpp's name, what stands before the tensors of a block, and the
/// tensors.
pub struct Conversion {
    pub golden: &'static str,
    pub gguf: &'static str,
    pub block: &'static str,
    pub outer: Names,
    pub inner: Names,
}

const LLAMA_OUTER: Names = &[
    ("token_embd", "model.embed_tokens", Way::As),
    ("output_norm", "model.norm", Way::As),
    ("output", "lm_head", Way::As),
];
const MLP: [(&str, &str, Way); 3] = [
    ("ffn_gate", "mlp.gate_proj", Way::As),
    ("ffn_up", "mlp.up_proj", Way::As),
    ("ffn_down", "mlp.down_proj", Way::As),
];
const fn attention(way: Way) -> [(&'static str, &'static str, Way); 4] {
    [
        ("attn_q", "self_attn.q_proj", way),
        ("attn_k", "self_attn.k_proj", way),
        ("attn_v", "self_attn.v_proj", Way::As),
        ("attn_output", "self_attn.o_proj", Way::As),
    ]
}
const NORMS: [(&str, &str, Way); 2] =
    [("attn_norm", "input_layernorm", Way::As), ("ffn_norm", "post_attention_layernorm", Way::As)];
const QK_NORMS: [(&str, &str, Way); 2] =
    [("attn_q_norm", "self_attn.q_norm", Way::As), ("attn_k_norm", "self_attn.k_norm", Way::As)];

const OUTPUT_NORMS: [(&str, &str, Way); 2] = [
    ("post_attention_norm", "post_attention_layernorm", Way::As),
    ("post_ffw_norm", "post_feedforward_layernorm", Way::As),
];
const GEMMA_OUTER: Names =
    &[("token_embd", "model.embed_tokens", Way::As), ("output_norm", "model.norm", Way::PlusOne)];

/// The tensors of several parts of a block.
fn list(parts: &[&[(&'static str, &'static str, Way)]]) -> Names {
    Vec::leak(parts.concat())
}

/// An architecture that stands in its file as Llama does.
fn llama(golden: &'static str, gguf: &'static str, inner: Names) -> Conversion {
    Conversion { golden, gguf, block: "model.layers", outer: LLAMA_OUTER, inner }
}

/// Every conversion that is tested.
pub fn conversions() -> Vec<Conversion> {
    let (plain, paired) = (attention(Way::As), attention(Way::Paired));
    let neox = [
        ("attn_norm", "input_layernorm", Way::As),
        ("attn_qkv", "attention.query_key_value", Way::Unfused),
        ("attn_output", "attention.dense", Way::As),
        ("ffn_norm", "post_attention_layernorm", Way::As),
        ("ffn_up", "mlp.dense_h_to_4h", Way::As),
        ("ffn_down", "mlp.dense_4h_to_h", Way::As),
    ];
    let bloom = neox.map(|(ours, theirs, way)| {
        (ours, if theirs.starts_with("attention.") { &*String::leak(format!("self_{theirs}")) } else { theirs }, way)
    });
    let gemma = [
        ("attn_norm", "input_layernorm", Way::PlusOne),
        ("post_attention_norm", "post_attention_layernorm", Way::PlusOne),
        ("ffn_norm", "pre_feedforward_layernorm", Way::PlusOne),
        ("post_ffw_norm", "post_feedforward_layernorm", Way::PlusOne),
    ];
    vec![
        llama("llama", "llama", list(&[&paired, &MLP, &NORMS])),
        llama("mistral", "llama", list(&[&paired, &MLP, &NORMS])),
        llama("qwen2", "qwen2", list(&[&plain, &MLP, &NORMS])),
        llama("qwen3", "qwen3", list(&[&plain, &MLP, &NORMS, &QK_NORMS])),
        llama("olmo2", "olmo2", list(&[&plain, &MLP, &QK_NORMS, &OUTPUT_NORMS])),
        llama(
            "phi3",
            "phi3",
            list(&[
                &NORMS,
                &[
                    ("attn_qkv", "self_attn.qkv_proj", Way::As),
                    ("attn_output", "self_attn.o_proj", Way::As),
                    ("ffn_up", "mlp.gate_up_proj", Way::As),
                    ("ffn_down", "mlp.down_proj", Way::As),
                ],
            ]),
        ),
        Conversion {
            outer: GEMMA_OUTER,
            ..llama(
                "gemma3_text",
                "gemma3",
                list(&[&plain, &MLP, &gemma, &QK_NORMS.map(|(ours, theirs, _)| (ours, theirs, Way::PlusOne))]),
            )
        },
        Conversion { outer: GEMMA_OUTER, ..llama("gemma2", "gemma2", list(&[&plain, &MLP, &gemma])) },
        llama("smollm3", "smollm3", list(&[&paired, &MLP, &NORMS])),
        Conversion {
            golden: "gpt2",
            gguf: "gpt2",
            block: "transformer.h",
            outer: &[
                ("token_embd", "transformer.wte", Way::As),
                ("position_embd", "transformer.wpe", Way::As),
                ("output_norm", "transformer.ln_f", Way::As),
            ],
            inner: &[
                ("attn_norm", "ln_1", Way::As),
                ("attn_qkv", "attn.c_attn", Way::Turned),
                ("attn_output", "attn.c_proj", Way::Turned),
                ("ffn_norm", "ln_2", Way::As),
                ("ffn_up", "mlp.c_fc", Way::Turned),
                ("ffn_down", "mlp.c_proj", Way::Turned),
            ],
        },
        Conversion {
            golden: "gpt_neox",
            gguf: "gptneox",
            block: "gpt_neox.layers",
            outer: &[
                ("token_embd", "gpt_neox.embed_in", Way::As),
                ("output_norm", "gpt_neox.final_layer_norm", Way::As),
                ("output", "embed_out", Way::As),
            ],
            inner: list(&[&neox]),
        },
        Conversion {
            golden: "bloom",
            gguf: "bloom",
            block: "transformer.h",
            outer: &[
                ("token_embd", "transformer.word_embeddings", Way::As),
                ("token_embd_norm", "transformer.word_embeddings_layernorm", Way::As),
                ("output_norm", "transformer.ln_f", Way::As),
            ],
            inner: list(&[&bloom]),
        },
    ]
    .into_iter()
    .chain(further())
    .collect()
}

/// The conversions of families that came later.
fn further() -> Vec<Conversion> {
    let (plain, paired) = (attention(Way::As), attention(Way::Paired));
    let renamed = |from: &'static [(&'static str, &'static str)]| {
        from.iter().map(|(ours, theirs)| (*ours, *theirs, Way::As)).collect::<Vec<_>>()
    };
    let q_norms = renamed(&[("attn_q_norm", "self_attn.q_layernorm"), ("attn_k_norm", "self_attn.k_layernorm")]);
    let glm_mlp = renamed(&[("ffn_up", "mlp.gate_up_proj"), ("ffn_down", "mlp.down_proj")]);
    let glm4_norms = renamed(&[
        ("attn_norm", "input_layernorm"),
        ("post_attention_norm", "post_self_attn_layernorm"),
        ("ffn_norm", "post_attention_layernorm"),
        ("post_ffw_norm", "post_mlp_layernorm"),
    ]);
    let starcoder2 = renamed(&[("ffn_up", "mlp.c_fc"), ("ffn_down", "mlp.c_proj")]);
    let phi = renamed(&[
        ("attn_norm", "input_layernorm"),
        ("attn_output", "self_attn.dense"),
        ("ffn_up", "mlp.fc1"),
        ("ffn_down", "mlp.fc2"),
    ]);
    let one_norm = renamed(&[("attn_norm", "input_layernorm")]);
    let falcon = |golden, way, norms: &'static [(&'static str, &'static str)]| {
        let inner = [
            ("attn_qkv", "self_attention.query_key_value", way),
            ("attn_output", "self_attention.dense", Way::As),
            ("ffn_up", "mlp.dense_h_to_4h", Way::As),
            ("ffn_down", "mlp.dense_4h_to_h", Way::As),
        ];
        Conversion {
            golden,
            gguf: "falcon",
            block: "transformer.h",
            outer: &[
                ("token_embd", "transformer.word_embeddings", Way::As),
                ("output_norm", "transformer.ln_f", Way::As),
                ("output", "lm_head", Way::As),
            ],
            inner: list(&[&inner, &renamed(norms)]),
        }
    };
    let experts = [
        ("ffn_gate_inp", "mlp.gate", Way::As),
        ("ffn_gate_exps", "mlp.experts.*.gate_proj", Way::Stacked),
        ("ffn_up_exps", "mlp.experts.*.up_proj", Way::Stacked),
        ("ffn_down_exps", "mlp.experts.*.down_proj", Way::Stacked),
    ];
    let mixtral = [
        ("ffn_gate_inp", "block_sparse_moe.gate", Way::As),
        ("ffn_gate_exps", "block_sparse_moe.experts.*.w1", Way::Stacked),
        ("ffn_up_exps", "block_sparse_moe.experts.*.w3", Way::Stacked),
        ("ffn_down_exps", "block_sparse_moe.experts.*.w2", Way::Stacked),
    ];
    let gpt_oss = [
        ("attn_norm", "input_layernorm", Way::As),
        ("post_attention_norm", "post_attention_layernorm", Way::As),
        ("attn_sinks", "self_attn.sinks", Way::Bare),
        ("ffn_gate_inp", "mlp.router", Way::As),
        ("ffn_gate_exps", "mlp.experts.gate_up_proj", Way::Spread(0, 2)),
        ("ffn_up_exps", "mlp.experts.gate_up_proj", Way::Spread(1, 2)),
        ("ffn_down_exps", "mlp.experts.down_proj", Way::Spread(0, 1)),
    ];
    let shared = [
        ("ffn_gate_inp_shexp", "mlp.shared_expert_gate", Way::As),
        ("ffn_gate_shexp", "mlp.shared_expert.gate_proj", Way::As),
        ("ffn_up_shexp", "mlp.shared_expert.up_proj", Way::As),
        ("ffn_down_shexp", "mlp.shared_expert.down_proj", Way::As),
    ];
    vec![
        Conversion {
            outer: GEMMA_OUTER,
            ..llama(
                "gemma",
                "gemma",
                list(&[&plain, &MLP, &NORMS.map(|(ours, theirs, _)| (ours, theirs, Way::PlusOne))]),
            )
        },
        Conversion {
            outer: &[
                ("token_embd", "model.embed_tokens", Way::As),
                ("output_norm", "model.final_layernorm", Way::As),
                ("output", "lm_head", Way::As),
            ],
            ..llama("phi", "phi2", list(&[&plain[..3], &phi]))
        },
        llama("stablelm", "stablelm", list(&[&plain, &MLP, &NORMS])),
        llama("stablelm_parallel", "stablelm", list(&[&plain, &MLP, &one_norm, &q_norms])),
        falcon("falcon", Way::As, &[("attn_norm", "input_layernorm")]),
        falcon("falcon_new", Way::Ungrouped(2), &[("attn_norm", "ln_mlp"), ("attn_norm_2", "ln_attn")]),
        Conversion {
            golden: "mpt",
            gguf: "mpt",
            block: "transformer.blocks",
            outer: &[
                ("token_embd", "transformer.wte", Way::As),
                ("output_norm", "transformer.norm_f", Way::As),
                ("output", "lm_head", Way::As),
            ],
            inner: &[
                ("attn_norm", "norm_1", Way::As),
                ("attn_qkv", "attn.Wqkv", Way::As),
                ("attn_output", "attn.out_proj", Way::As),
                ("ffn_norm", "norm_2", Way::As),
                ("ffn_up", "ffn.up_proj", Way::As),
                ("ffn_down", "ffn.down_proj", Way::As),
            ],
        },
        Conversion {
            golden: "gpt_bigcode",
            gguf: "starcoder",
            block: "transformer.h",
            outer: &[
                ("token_embd", "transformer.wte", Way::As),
                ("position_embd", "transformer.wpe", Way::As),
                ("output_norm", "transformer.ln_f", Way::As),
            ],
            inner: &[
                ("attn_norm", "ln_1", Way::As),
                ("attn_qkv", "attn.c_attn", Way::As),
                ("attn_output", "attn.c_proj", Way::As),
                ("ffn_norm", "ln_2", Way::As),
                ("ffn_up", "mlp.c_fc", Way::As),
                ("ffn_down", "mlp.c_proj", Way::As),
            ],
        },
        llama("starcoder2", "starcoder2", list(&[&plain, &starcoder2, &NORMS])),
        llama("olmo", "olmo", list(&[&paired, &MLP])),
        llama("olmo_clipped", "olmo", list(&[&paired, &MLP])),
        llama("olmo3", "olmo2", list(&[&plain, &MLP, &QK_NORMS, &OUTPUT_NORMS])),
        llama("granite_factors", "granite", list(&[&paired, &MLP, &NORMS])),
        llama("cohere", "command-r", list(&[&plain, &MLP, &one_norm])),
        llama("cohere_norms", "command-r", list(&[&plain, &MLP, &one_norm, &QK_NORMS])),
        llama("cohere2", "cohere2", list(&[&plain, &MLP, &one_norm])),
        llama("glm", "chatglm", list(&[&plain, &glm_mlp, &NORMS])),
        llama("glm4", "glm4", list(&[&plain, &glm_mlp, &glm4_norms])),
        llama("gpt_oss", "gpt-oss", list(&[&plain, &gpt_oss])),
        llama("mixtral", "llama", list(&[&paired, &NORMS, &mixtral])),
        llama("olmoe", "olmoe", list(&[&plain, &NORMS, &QK_NORMS, &experts])),
        llama("qwen2_moe", "qwen2moe", list(&[&plain, &NORMS, &experts, &shared])),
        llama("qwen3_moe", "qwen3moe", list(&[&plain, &NORMS, &QK_NORMS, &experts])),
        llama("exaone4", "exaone4", list(&[&plain, &MLP, &QK_NORMS, &OUTPUT_NORMS])),
    ]
}
