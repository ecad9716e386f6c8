//! BART (Lewis et al. 2020), Marian (Junczys-Dowmunt et al. 2018, the opus-mt models) and PLBART: encoder and decoder of the original
//! form, as in Hugging Face; mBART, M2M100 with NLLB, and Pegasus: the same with norms before the sub-layers.

use super::super::error::EngineError;
use super::tying::first_there;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, whole};
use crate::trace::spec::{Mask, NormPlacement, Positions, Unembed};
use crate::trace::{Spec, Stack};

const HEAD: &str = "lm_head.weight";

/// What differs between the families.
struct Form {
    placement: NormPlacement,
    positions: Positions,
    /// The row that the first token reads.
    offset: usize,
    /// Whether the embeddings are normalised.
    embed_norm: bool,
}

/// The form of a family.
fn form(config: &Config) -> Result<Form, EngineError> {
    use NormPlacement::{Post, Pre};
    use Positions::{Learned, ShiftedSinusoidal, Sinusoidal};
    let (placement, positions, offset, embed_norm) = match config.string("model_type")? {
        "marian" => (Post, Sinusoidal, 0, false),
        "mbart" => (Pre, Learned, 2, true),
        "m2m_100" => (Pre, ShiftedSinusoidal, 2, false),
        "pegasus" => (Pre, Sinusoidal, 0, false),
        _ => (Post, Learned, 2, true),
    };
    if placement == Post {
        // mBART's, which is another architecture.
        config.must_be_off("normalize_before")?;
        config.must_be_off("add_final_layer_norm")?;
    }
    Ok(Form { placement, positions, offset, embed_norm })
}

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let form = form(config)?;
    let outer = ["model.", ""].into_iter().find(|outer| has_tensor(&format!("{outer}decoder.layers.0.fc1.weight")));
    let outer = outer.unwrap_or("model.");
    // BartForCausalLM and MarianForCausalLM: the decoder alone. Weights of its attention to an encoder may lie beside it, unused.
    let has_encoder = config.switch("is_encoder_decoder", true)?;
    let embeddings = |stack: Stack| {
        let own = |stack: Stack| format!("{outer}{}.embed_tokens.weight", stack.name());
        let shared = format!("{outer}shared.weight");
        [own(stack), shared, own(Stack::Encoder), own(Stack::Decoder), HEAD.to_owned()]
    };
    let of_stack = |stack: Stack, spec: Spec, biases: Biases| {
        let embed = first_there(&embeddings(stack), has_tensor);
        let prefix = format!("{outer}{}.", stack.name());
        Architecture::new(spec, biases, source).with_prefix(&prefix).with_name(Slot::Embed, embed)
    };
    let d_vocab = config.size("vocab_size")?;
    let decoder = spec(config, Stack::Decoder, &form, config.size_or("decoder_vocab_size", d_vocab)?)?;
    let tied = config.switch("tie_word_embeddings", true)?;
    let decoder = Spec { mask: Mask::Causal, unembed: Unembed::Linear { tied }, ..decoder };
    let biases = Biases { unembed: has_tensor("final_logits_bias"), ..Biases::LAYERS };
    let mut model = of_stack(Stack::Decoder, decoder, biases);
    if tied {
        model = model.with_tied_head(&[HEAD.to_owned(), format!("{outer}shared.weight")], has_tensor);
    }
    let encoder = spec(config, Stack::Encoder, &form, d_vocab)?;
    if has_encoder {
        model.encoder = Some(Box::new(of_stack(Stack::Encoder, encoder, Biases::LAYERS)));
    }
    Ok(model)
}

fn spec(config: &Config, stack: Stack, form: &Form, d_vocab: usize) -> Result<Spec, EngineError> {
    let of_stack = |field: &str| format!("{}_{field}", stack.name());
    let (d_model, n_heads) = config.width_and_heads("d_model", &of_stack("attention_heads"))?;
    let d_head = d_model / n_heads;
    let pad_id = match form.positions {
        Positions::ShiftedSinusoidal => config.ids("pad_token_id")?.first().copied(),
        _ => None,
    };
    Ok(Spec {
        architecture: config.string("model_type")?.to_owned(),
        n_layers: config.n_layers(&of_stack("layers"))?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size(&of_stack("ffn_dim"))?,
        d_vocab,
        n_ctx: config.size("max_position_embeddings")?,
        norm_placement: form.placement,
        positions: form.positions.clone(),
        // M2M100's padding takes no position, and the first token stands after its id.
        pos_offset: pad_id.map_or(form.offset, |id| (id as usize).saturating_add(1)),
        pad_id,
        embed_norm: form.embed_norm,
        embed_scale: config.switch("scale_embedding", false)?.then_some((d_model as f64).sqrt()),
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        activation: config.activation("activation_function")?,
        ..Spec::default()
    })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::PosEmbed => arch.named("embed_positions.weight"),
        Slot::EmbedNorm(part) => arch.named(format!("layernorm_embedding.{}", part.name())),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::AttnNorm => "self_attn_layer_norm",
                BlockSlot::Q => "self_attn.q_proj",
                BlockSlot::K => "self_attn.k_proj",
                BlockSlot::V => "self_attn.v_proj",
                BlockSlot::O => "self_attn.out_proj",
                BlockSlot::CrossNorm => "encoder_attn_layer_norm",
                BlockSlot::CrossQ => "encoder_attn.q_proj",
                BlockSlot::CrossK => "encoder_attn.k_proj",
                BlockSlot::CrossV => "encoder_attn.v_proj",
                BlockSlot::CrossO => "encoder_attn.out_proj",
                BlockSlot::MlpNorm => "final_layer_norm",
                BlockSlot::MlpIn => "fc1",
                BlockSlot::MlpOut => "fc2",
                _ => return None,
            };
            arch.named(format!("layers.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("layer_norm.{}", part.name())),
        Slot::Unembed(Part::Weight) => whole(HEAD, Layout::Rows),
        Slot::Unembed(Part::Bias) => whole("final_logits_bias", Layout::Rows),
        _ => None,
    }
}
