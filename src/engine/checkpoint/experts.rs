//! Families whose layers send each token to some of several MLPs, as in Hugging Face: Mixtral (Jiang et al. 2024), Qwen 2 and 3 MoE,
//! OLMoE (Muennighoff et al. 2024).

use super::super::error::EngineError;
use super::llama::{self, Fields};
use super::llama_kin::clip;
use super::rotary::Family;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, SourceOf};
use crate::trace::Spec;
use crate::trace::spec::{Experts, Local, QkNorm};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let name = config.string("model_type")?;
    let theta = if name == "mixtral" { 1_000_000.0 } else { 10_000.0 };
    let rotary = Family { theta: ("rope_theta", theta), ..Family::USUAL };
    let spec = llama::spec(config, Fields { rotary, ..Fields::USUAL })?;
    let everywhere = |window: usize| Local { layers: (0..spec.n_layers).collect(), reach: window - 1, rotary: None };
    let attn = config.switch("attention_bias", false)?;
    let both = Biases { qkv: attn, o: attn, ..Biases::NONE };
    let (experts, spec, biases) = match name {
        "mixtral" => {
            let local = config.size_if_any("sliding_window")?.map(everywhere);
            (experts(config, &spec)?, Spec { local, ..spec }, Biases::NONE)
        }
        "olmoe" => {
            let clip_qkv = clip(config, "clip_qkv")?;
            let spec = Spec { clip_qkv, qk_norm: Some(QkNorm::AllHeads), ..spec };
            (experts(config, &spec)?, spec, both)
        }
        _ => {
            let mut experts = experts(config, &spec)?;
            (experts.d_mlp, experts.layers) = (config.size("moe_intermediate_size")?, sparse(config, spec.n_layers)?);
            if name == "qwen2_moe" {
                experts.d_shared = config.size("shared_expert_intermediate_size")?;
                let biases = Biases { qkv: config.switch("qkv_bias", true)?, ..Biases::NONE };
                (experts, Spec { local: windows(config, spec.n_layers)?, ..spec }, biases)
            } else {
                let on = config.switch("use_sliding_window", false)?;
                let local = config.window_if("sliding_window", on)?.map(|reach| everywhere(reach + 1));
                (experts, Spec { local, qk_norm: Some(QkNorm::PerHead), ..spec }, both)
            }
        }
    };
    let experts = Some(experts).filter(|experts| !experts.layers.is_empty());
    let prefix = llama::prefix(has_tensor);
    let has = |tensor: &str| has_tensor(&format!("{prefix}layers.{tensor}"));
    let first = experts.as_ref().map_or(0, |experts| experts.layers[0]);
    let source: SourceOf = match name {
        _ if has(&format!("{first}.mlp.experts.gate_up_proj")) => fused,
        "mixtral" => mixtral,
        _ => apart,
    };
    Ok(Architecture::new(Spec { experts, ..spec }, biases, source).with_prefix(prefix))
}

impl Architecture {
    /// The places of the experts of a layer.
    pub(super) fn experts(&self, layer: usize) -> Vec<Slot> {
        let Some(experts) = self.spec.experts_at(layer) else { return Vec::new() };
        let each = 0..experts.n_experts + usize::from(experts.d_shared > 0);
        let slots = |expert| {
            let slots = [BlockSlot::MlpGate, BlockSlot::MlpIn, BlockSlot::MlpOut].into_iter();
            slots.flat_map(move |slot| [Part::Weight, Part::Bias].map(|part| Slot::Expert(layer, expert, slot, part)))
        };
        each.flat_map(slots).collect()
    }

    /// The shape of a layer of an expert.
    pub(super) fn shape_of_expert(&self, expert: usize, slot: BlockSlot, part: Part) -> Vec<usize> {
        let width = |experts: &Experts| if expert < experts.n_experts { experts.d_mlp } else { experts.d_shared };
        let (width, d_model) = (self.spec.experts.as_ref().map_or(0, width), self.spec.d_model);
        let (n_out, n_in) = if slot == BlockSlot::MlpOut { (d_model, width) } else { (width, d_model) };
        if part == Part::Weight { vec![n_out, n_in] } else { vec![n_out] }
    }
}

/// The experts that a file speaks of, in every layer.
pub(super) fn experts(config: &Config, spec: &Spec) -> Result<Experts, EngineError> {
    // Where a class has both names for one number, a file may have either.
    let n_experts = match config.size_if_any("num_local_experts")? {
        Some(n_experts) => n_experts,
        None => config.size("num_experts")?,
    };
    let n_per_token = config.size("num_experts_per_tok")?;
    if n_per_token > n_experts {
        let expected = format!("at most {n_experts}, the number of experts");
        return Err(config.refuse("num_experts_per_tok", &expected, &n_per_token.to_string()));
    }
    Ok(Experts {
        layers: (0..spec.n_layers).collect(),
        n_experts,
        n_per_token,
        d_mlp: spec.d_mlp,
        d_shared: 0,
        sums_to_one: spec.architecture == "mixtral" || config.switch("norm_topk_prob", false)?,
        limit: None,
    })
}

/// The routed layers of Qwen: every `decoder_sparse_step`-th but for those that are named.
fn sparse(config: &Config, n_layers: usize) -> Result<Vec<usize>, EngineError> {
    let step = config.size_or("decoder_sparse_step", 1)?;
    let plain = config.ids("mlp_only_layers")?;
    let is_routed = |layer: &usize| (layer + 1).is_multiple_of(step) && !plain.contains(&(*layer as u32));
    Ok((0..n_layers).filter(is_routed).collect())
}

/// Qwen 2 MoE's windows, where they are on: in every other layer, from the first to one that is named.
fn windows(config: &Config, n_layers: usize) -> Result<Option<Local>, EngineError> {
    let on = config.switch("use_sliding_window", false)?;
    let reach = config.window_if("sliding_window", on)?;
    let end = config.size_or("max_window_layers", 28)?;
    let is_local = |layer: usize| reach.is_some() && layer.is_multiple_of(2) && layer < end;
    config.local_layers(n_layers, reach, if on { "sliding_window" } else { "use_sliding_window" }, is_local)
}

/// A layer of a gated MLP.
fn layer_name(slot: BlockSlot) -> &'static str {
    match slot {
        BlockSlot::MlpGate => "gate_proj",
        BlockSlot::MlpIn => "up_proj",
        _ => "down_proj",
    }
}

/// What the forms of files have in common.
fn shared(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, BlockSlot::Router, part) => arch.named(format!("layers.{layer}.mlp.gate.{}", part.name())),
        Slot::Block(layer, BlockSlot::SharedGate, part) => {
            arch.named(format!("layers.{layer}.mlp.shared_expert_gate.{}", part.name()))
        }
        Slot::Expert(layer, _, slot, part) => {
            arch.named(format!("layers.{layer}.mlp.shared_expert.{}.{}", layer_name(slot), part.name()))
        }
        _ => llama::source(arch, slot),
    }
}

/// How many experts there are beside the shared one.
pub(super) fn n_experts(arch: &Architecture) -> usize {
    arch.spec.experts.as_ref().map_or(0, |experts| experts.n_experts)
}

/// A tensor for each layer of each expert, as in files of the Hub.
fn apart(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Expert(layer, expert, slot, part) if expert < n_experts(arch) => {
            arch.named(format!("layers.{layer}.mlp.experts.{expert}.{}.{}", layer_name(slot), part.name()))
        }
        _ => shared(arch, slot),
    }
}

/// The same by Mixtral's names.
fn mixtral(arch: &Architecture, slot: Slot) -> Option<Source> {
    let (layer, name, part) = match slot {
        Slot::Block(layer, BlockSlot::Router, part) => (layer, "gate".to_owned(), part),
        Slot::Expert(layer, expert, slot, part) => {
            let which = match slot {
                BlockSlot::MlpGate => "w1",
                BlockSlot::MlpIn => "w3",
                _ => "w2",
            };
            (layer, format!("experts.{expert}.{which}"), part)
        }
        _ => return llama::source(arch, slot),
    };
    arch.named(format!("layers.{layer}.block_sparse_moe.{name}.{}", part.name()))
}

/// All experts in one tensor, gates before what they multiply, as transformers 5 holds them.
fn fused(arch: &Architecture, slot: Slot) -> Option<Source> {
    let n = n_experts(arch);
    match slot {
        Slot::Expert(layer, expert, slot, _) if expert < n => {
            let (name, parts, at) = match slot {
                BlockSlot::MlpGate => ("gate_up_proj", 2, 0),
                BlockSlot::MlpIn => ("gate_up_proj", 2, 1),
                _ => ("down_proj", 1, 0),
            };
            let layout = of_expert(arch, slot, parts * expert + at, parts * n);
            arch.named_as(format!("layers.{layer}.mlp.experts.{name}"), layout)
        }
        _ => shared(arch, slot),
    }
}

/// Part `index` of `n_parts` of a tensor that holds the experts one after another.
pub(super) fn of_expert(arch: &Architecture, slot: BlockSlot, index: usize, n_parts: usize) -> Layout {
    let width = arch.spec.experts.as_ref().map_or(0, |experts| experts.d_mlp);
    let n_rows = if slot == BlockSlot::MlpOut { arch.spec.d_model } else { width };
    Layout::RowRange { first: index * n_rows, n_rows: n_parts * n_rows }
}
