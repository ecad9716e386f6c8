//! What was read of the loaded model, as rows of "About this model".

use super::State;
use super::catalogue::ModelLocation;
use super::wording;
use crate::protocol::ModelInfo;
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Experts, MlpKind, NormKind, NormPlacement, Positions, Unembed};

/// A name and what there is to say.
pub type AboutRow = (&'static str, String);

impl State {
    /// The rows about the loaded model; `None` while none is loaded.
    pub fn about_model(&self) -> Option<Vec<AboutRow>> {
        let model = self.work.model.as_ref()?;
        let mut rows = rows_of(model);
        let Some(entry) = self.picked() else { return Some(rows) };
        if !entry.licence.is_empty() {
            rows.push(("Licence", entry.licence.clone()));
        }
        if let ModelLocation::Hub { repo, commit, .. } = &entry.location {
            rows.push(("Revision", format!("{}, commit {commit}", repo.path())));
        }
        Some(rows)
    }
}

fn rows_of(model: &ModelInfo) -> Vec<AboutRow> {
    let spec = &model.spec;
    let mut rows = vec![("Family", family(spec))];
    match spec.encoder.as_deref() {
        Some(encoder) => {
            rows.push(("Encoder", sizes(encoder)));
            rows.push(("Its attention", attention(encoder)));
            rows.push(("Decoder", sizes(spec)));
            rows.push(("Its attention", format!("{}; and to all tokens of the encoder", attention(spec))));
        }
        None => {
            rows.push(("Sizes", sizes(spec)));
            rows.push(("Attention", attention(spec)));
        }
    }
    rows.push(("Positions", positions(spec)));
    rows.push(("Norm", norm(spec)));
    rows.push(("MLP", mlp(spec)));
    rows.push(("Predicts", predicts(spec)));
    let weights = format!("{}, {}", model.quantisation, wording::bytes(model.weight_bytes));
    rows.push(("Weights", weights));
    rows
}

fn family(spec: &Spec) -> String {
    let kind = match (&spec.encoder, spec.is_causal()) {
        (Some(_), _) => "an encoder and a decoder",
        (None, true) => "a decoder: each token reads itself and those before it",
        (None, false) => "an encoder: each token reads all tokens",
    };
    format!("{}, {kind}", spec.architecture)
}

fn sizes(spec: &Spec) -> String {
    let keys = match spec.n_key_value_heads == spec.n_heads {
        true => String::new(),
        false => format!(" ({} of keys and values)", spec.n_key_value_heads),
    };
    format!(
        "{} × {}{keys}; stream {}, head {}, MLP {}; {} in the vocabulary; texts of up to {}",
        wording::count(spec.n_layers, "layer"),
        wording::count(spec.n_heads, "head"),
        spec.d_model,
        spec.d_head,
        spec.mlp_width(),
        wording::count(spec.d_vocab, "token"),
        wording::count(spec.n_ctx, "token"),
    )
}

/// What the layers of each kind of attention read.
fn attention(spec: &Spec) -> String {
    let mut words = match &spec.local {
        None => format!("the same in {}", wording::count(spec.n_layers, "layer")),
        Some(local) => {
            let near = (0..spec.n_layers).filter(|layer| local.layers.contains(layer)).collect::<Vec<_>>();
            let far = (0..spec.n_layers).filter(|layer| !local.layers.contains(layer)).collect::<Vec<_>>();
            let window = format!("{} read keys at most {} away", layers(&near), wording::count(local.reach, "token"));
            if far.is_empty() { window } else { format!("{window}, {} all keys", layers(&far)) }
        }
    };
    if let Some(kind) = &spec.disentangled {
        let parts = [
            ("contents with contents", true),
            ("contents with positions", kind.content_to_position),
            ("positions with contents", kind.position_to_content),
        ];
        let parts: Vec<&str> = parts.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect();
        words.push_str(&format!("; scores add products of {}", parts.join(", ")));
    }
    if let Some(cap) = spec.attn_softcap {
        words.push_str(&format!("; scores are capped at {cap}"));
    }
    if spec.sinks {
        words.push_str("; each head leaves a part of every row’s weight to a learned sink, which is not a token");
    }
    if spec.qk_norm.is_some() {
        words.push_str("; queries and keys are normalised");
    }
    words
}

/// "layers 0–2, 4".
fn layers(list: &[usize]) -> String {
    let runs = list.chunk_by(|one, next| one + 1 == *next);
    let runs = runs.map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}–{last}"),
        [] => String::new(),
    });
    format!("{} {}", if list.len() == 1 { "layer" } else { "layers" }, runs.collect::<Vec<_>>().join(", "))
}

fn positions(spec: &Spec) -> String {
    let added = match &spec.positions {
        Positions::Learned => "a learned vector for each, added to the embedding",
        Positions::Sinusoidal | Positions::ShiftedSinusoidal => "sines and cosines, added to the embedding",
        Positions::Shortformer => "a learned vector for each, added to what queries and keys are made of",
        Positions::Rotary(_) => "queries and keys are rotated (RoPE)",
        Positions::Alibi | Positions::ScaledAlibi => "scores fall with the distance (ALiBi)",
        Positions::None => "",
    };
    let mut words = vec![added.to_owned()];
    if let Some(rotary) = spec.rotary().filter(|rotary| rotary.dims < spec.d_head) {
        words.push(format!("{} of a head’s {} neurons turn", rotary.dims, spec.d_head));
    }
    if !spec.unrotated_layers.is_empty() {
        words.push(format!("{} do not rotate", layers(&spec.unrotated_layers)));
    }
    if spec.relative_bias.is_some() {
        words.push("a learned number for each distance, added to the scores".to_owned());
    }
    if spec.disentangled.is_some() {
        words.push("vectors for each distance, multiplied with queries and keys".to_owned());
    }
    words.retain(|word| !word.is_empty());
    if words.is_empty() { "none but the order that the mask leaves".to_owned() } else { words.join("; ") }
}

fn norm(spec: &Spec) -> String {
    let kind = match spec.norm {
        NormKind::LayerNorm => "LayerNorm",
        NormKind::RmsNorm => "RMSNorm",
        NormKind::None => return "none".to_owned(),
    };
    let place = match spec.norm_placement {
        NormPlacement::Pre => "before each sub-layer and at the end",
        NormPlacement::PreAndOutput => "before each sub-layer, on what it adds, and at the end",
        NormPlacement::Output => "on what each sub-layer adds, and at the end",
        NormPlacement::Post => "on the sum after each sub-layer",
    };
    format!("{kind}, {place}")
}

fn mlp(spec: &Spec) -> String {
    let kind = match spec.mlp {
        MlpKind::None => return "none: blocks are attention only".to_owned(),
        MlpKind::Plain => "",
        MlpKind::Gated => ", with a gate",
    };
    let place = match spec.block {
        BlockKind::Sequential => "after attention",
        BlockKind::Parallel | BlockKind::ParallelOneNorm => "beside attention",
    };
    let conv = spec.conv.map_or_else(String::new, |conv| {
        format!("; a convolution over {} beside layer 0", wording::count(conv.kernel, "token"))
    });
    let experts = spec.experts.as_ref().map_or_else(String::new, experts);
    format!("{:?}{kind}, {place}{conv}{experts}", spec.activation)
}

/// How many experts there are, to how many a token goes, and in which layers.
fn experts(experts: &Experts) -> String {
    let shared = match experts.d_shared {
        0 => String::new(),
        width => format!(", and to one that all share ({width} wide)"),
    };
    format!(
        "; {} send each token to {} of {} experts ({} wide){shared}",
        layers(&experts.layers),
        experts.n_per_token,
        experts.n_experts,
        experts.d_mlp,
    )
}

fn predicts(spec: &Spec) -> String {
    let tokens = match spec.unembed {
        Unembed::None => None,
        Unembed::Linear { .. } => Some("the next token"),
        Unembed::MaskedWord { .. } => Some("masked tokens"),
    };
    let labels = spec.labels.as_ref().map(|head| wording::count(head.names.len(), "label"));
    match (tokens, labels) {
        (None, None) => "nothing: the file has no head that predicts".to_owned(),
        (tokens, labels) => tokens.map(str::to_owned).into_iter().chain(labels).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::spec::{Activation, Conv, Disentangled, Local, Mask, Pairing, Rotary, RotaryScaling};

    fn info(spec: Spec) -> ModelInfo {
        ModelInfo {
            name: "m".to_owned(),
            quantisation: "Q4_1".to_owned(),
            spec,
            weight_bytes: 2_000_000,
            memory_bytes: 0,
            from_storage: false,
            unkept: None,
            notes: Vec::new(),
            has_tokenizer: true,
            adds_bos: None,
            has_chat: false,
        }
    }

    fn said(spec: Spec) -> String {
        rows_of(&info(spec)).into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    fn gemma() -> Spec {
        let rotary = Rotary { theta: 1e4, dims: 8, scaling: RotaryScaling::None, pairing: Pairing::Halves };
        Spec {
            architecture: "gemma3_text".to_owned(),
            n_layers: 6,
            n_heads: 4,
            n_key_value_heads: 1,
            d_model: 64,
            d_head: 16,
            d_mlp: 128,
            d_vocab: 1000,
            n_ctx: 512,
            norm: NormKind::RmsNorm,
            norm_placement: NormPlacement::PreAndOutput,
            positions: Positions::Rotary(rotary),
            mask: Mask::Causal,
            local: Some(Local { layers: vec![0, 1, 2, 4, 5], reach: 7, rotary: None }),
            mlp: MlpKind::Gated,
            activation: Activation::GeluTanh,
            unembed: Unembed::Linear { tied: true },
            ..Spec::default()
        }
    }

    #[test]
    fn each_layers_attention_is_named() {
        let about = said(gemma());
        for part in [
            "Family: gemma3_text, a decoder",
            "6 layers × 4 heads (1 of keys and values); stream 64, head 16, MLP 128; 1000 tokens in the vocabulary; texts of up to 512",
            "Attention: layers 0–2, 4–5 read keys at most 7 tokens away, layer 3 all keys",
            "Positions: queries and keys are rotated (RoPE); 8 of a head’s 16 neurons turn",
            "Norm: RMSNorm, before each sub-layer, on what it adds, and at the end",
            "MLP: GeluTanh, with a gate, after attention",
            "Predicts: the next token",
            "Weights: Q4_1, 2.0 MB",
        ] {
            assert!(about.contains(part), "{about}\nlacks: {part}");
        }
    }

    #[test]
    fn what_is_special_is_said() {
        let kind =
            Disentangled { n_buckets: 256, max_distance: 512, content_to_position: true, position_to_content: true };
        let deberta = Spec {
            positions: Positions::None,
            mask: Mask::Bidirectional,
            local: None,
            disentangled: Some(kind),
            conv: Some(Conv { kernel: 3, activation: Activation::Gelu }),
            norm_placement: NormPlacement::Post,
            unembed: Unembed::None,
            ..gemma()
        };
        let about = said(deberta);
        for part in [
            "an encoder: each token reads all tokens",
            "products of contents with contents, contents with positions, positions with contents",
            "Positions: vectors for each distance",
            "a convolution over 3 tokens beside layer 0",
            "Predicts: nothing",
        ] {
            assert!(about.contains(part), "{about}\nlacks: {part}");
        }
        let two = Spec { encoder: Some(Box::new(gemma())), ..gemma() };
        let about = said(two);
        assert!(
            about.contains("an encoder and a decoder") && about.contains("to all tokens of the encoder"),
            "{about}"
        );
        assert!(said(Spec { positions: Positions::None, ..gemma() }).contains("none but the order"));
    }
}
