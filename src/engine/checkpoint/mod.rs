//! Checkpoint adapters: what a `config.json` or GGUF metadata means as a [`Spec`], and what its tensors are called.
//!
//! Each architecture is one small file with two functions: a Spec from the configuration, refusing what it does not
//! know, and a table from our [`Slot`]s to tensor names. Nothing else in the engine knows an architecture by name.

mod adapters;
mod albert;
mod bart;
mod bert;
mod bloom;
mod config;
mod deberta;
mod distilbert;
mod electra;
mod esm;
mod experts;
mod falcon;
mod family;
mod gemma;
mod gguf;
mod gpt2;
mod gpt_neo;
mod gpt_neox;
mod gpt_oss;
mod gptj;
mod hooked_transformer;
mod labels;
mod layouts;
mod llama;
mod llama_kin;
mod modernbert;
mod mpnet;
mod mpt;
mod nomic_bert;
mod opt;
pub(super) mod peft;
mod phi3;
pub(super) mod quantised;
mod roberta;
mod rotary;
mod sizes;
mod slot;
mod subset;
mod t5;
mod tying;

pub use config::{Class, Config, WITHOUT_EFFECT};
pub use family::families;
pub use slot::{BlockSlot, Layout, Part, RotaryTable, Slot, Source};

use super::error::EngineError;
use super::files::gguf::Gguf;
use super::generation_config::GenerationConfig;
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Mask, MlpKind, NormKind, NormPlacement, Positions, QkNorm, Rotary, Unembed};
use adapters::ADAPTERS;
use sizes::check_sizes;

/// A checkpoint as its adapter understands it: its only stack, or the decoder with its encoder.
#[derive(Clone, Debug)]
pub struct Architecture {
    /// The stack's structure.
    pub spec: Spec,
    /// The stack that it reads through cross-attention.
    pub encoder: Option<Box<Architecture>>,
    /// The rules for the text that it writes.
    pub generation: GenerationConfig,
    source: SourceOf,
    /// What a family calls the layers of its blocks otherwise than the family whose form it has.
    own_names: OwnNames,
    /// Before every tensor name, e.g. "bert." where the file has it.
    prefix: String,
    /// Whole names that depend on what the checkpoint holds.
    names: Vec<(Slot, String)>,
    /// Which rotary divisors stand among the tensors.
    rotary_tables: Vec<RotaryTable>,
    biases: Biases,
    /// Whether the norms have no weights in the files: they were folded into what follows, or there are none.
    has_unweighted_norms: bool,
    /// Whether the configuration ties an unembedding of which the file has a matrix too: one if the two are equal.
    pub(super) is_tied_if_equal: bool,
    /// What was assumed or left out, a sentence each.
    pub notes: Vec<String>,
}

/// Which layers have biases, where that is an option of the architecture.
#[derive(Clone, Copy, Debug)]
struct Biases {
    qkv: bool,
    o: bool,
    mlp: bool,
    /// Whether LayerNorms have biases; RMSNorm never has any.
    norm: bool,
    /// Whether norms of queries and keys have some.
    qk_norm: bool,
    /// Whether routers and experts have some.
    experts: bool,
    head_dense: bool,
    unembed: bool,
}

impl Biases {
    const ALL: Biases = Biases { qkv: true, o: true, mlp: true, head_dense: true, unembed: true, ..Biases::OF_NORMS };
    const NONE: Biases = Biases { norm: false, ..Biases::OF_NORMS };
    const OF_NORMS: Biases = Biases {
        qkv: false,
        o: false,
        mlp: false,
        norm: true,
        qk_norm: false,
        experts: false,
        head_dense: false,
        unembed: false,
    };
    /// Every layer but the unembedding.
    const LAYERS: Biases = Biases { unembed: false, ..Biases::ALL };
}

/// A table from slots to tensors.
type SourceOf = fn(&Architecture, Slot) -> Option<Source>;

/// Layers of a block, and their names.
type OwnNames = &'static [(BlockSlot, &'static str)];

/// More layers than any model has.
const MAX_LAYERS: usize = 1 << 12;

impl Architecture {
    /// Reads a Hugging Face `config.json`; `has_tensor` says whether the checkpoint holds a tensor.
    ///
    /// # Errors
    /// When the family is not read, or a field has a value that is not.
    pub fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Self, EngineError> {
        let (name, config, notes) = family::resolve(config, has_tensor)?;
        let Some((_, adapter)) = ADAPTERS.iter().find(|(known, _)| *known == name) else {
            return Err(family::refusal(config.file(), name));
        };
        let mut architecture = adapter(&config, has_tensor)?;
        architecture.notes.splice(0..0, notes);
        architecture.generation = GenerationConfig::read(&config)?;
        architecture.see_both_ways_if_asked(&config, name)?;
        let classes = config.words("architectures")?.unwrap_or_default();
        architecture.notes.extend(config.note_on_other_layer_types(architecture.spec.n_layers)?);
        config.refuse_unread()?;
        architecture.settle_unembedding(&classes, has_tensor);
        architecture.read_label_head(&config, &classes, has_tensor)?;
        architecture.notes.extend(config.note_on_defaults());
        architecture.complete()
    }

    /// Unmasks later positions where the configuration says that the decoder is not causal, as transformers does since 5.2.
    fn see_both_ways_if_asked(&mut self, config: &Config, family: &str) -> Result<(), EngineError> {
        if config.switch("is_causal", true)? || !self.spec.is_causal() {
            return Ok(());
        }
        // GPT-Neo has a mask of its own beside the one that is left out, T5's buckets follow the mask.
        if self.encoder.is_some() || family == "gpt_neo" {
            return Err(config.refuse("is_causal", "true (the only way in which this family is read)", "false"));
        }
        self.spec.mask = Mask::Bidirectional;
        if let Some(local) = &mut self.spec.local {
            // The end of the window is included where both sides are seen.
            local.reach += 1;
        }
        Ok(())
    }

    /// Reads GGUF metadata.
    ///
    /// # Errors
    /// When the architecture or the value of a field is not known.
    pub fn from_gguf(gguf: &Gguf) -> Result<Self, EngineError> {
        gguf::from_metadata(gguf)?.complete()
    }

    /// A stack of a checkpoint whose names have no prefix.
    fn new(spec: Spec, biases: Biases, source: SourceOf) -> Self {
        Self {
            spec,
            encoder: None,
            generation: GenerationConfig::default(),
            source,
            own_names: &[],
            prefix: String::new(),
            names: Vec::new(),
            rotary_tables: Vec::new(),
            biases,
            has_unweighted_norms: false,
            is_tied_if_equal: false,
            notes: Vec::new(),
        }
    }

    fn with_own_names(self, own_names: OwnNames) -> Self {
        Self { own_names, ..self }
    }

    /// The family's own name of a layer of its blocks.
    fn own_name(&self, slot: BlockSlot) -> Option<&'static str> {
        self.own_names.iter().find(|(named, _)| *named == slot).map(|(_, name)| *name)
    }

    /// Says what a tensor is called, whatever the adapter's table says.
    fn with_name(mut self, slot: Slot, name: String) -> Self {
        self.names.push((slot, name));
        self
    }

    fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.to_owned();
        self
    }

    /// Checks the sizes and tells the decoder's Spec of its encoder.
    fn complete(mut self) -> Result<Self, EngineError> {
        check_sizes(&self.spec)?;
        if let Some(encoder) = &self.encoder {
            check_sizes(&encoder.spec)?;
            self.spec.encoder = Some(Box::new(encoder.spec.clone()));
        }
        Ok(self)
    }

    /// The tensor that fills a slot; none where this model has no such slot.
    pub fn source(&self, slot: Slot) -> Option<Source> {
        if !self.has(slot) || self.unweighted_norm(slot).is_some() {
            return None;
        }
        match self.names.iter().find(|(named, _)| *named == slot) {
            Some((_, name)) => whole(name, Layout::Rows),
            None => (self.source)(self, slot),
        }
    }

    /// Width of a norm of the model that has no weights in the files; none for any other slot.
    pub fn unweighted_norm(&self, slot: Slot) -> Option<usize> {
        let is_unweighted = self.has_unweighted_norms && slot.is_norm() && self.has(slot);
        is_unweighted.then(|| self.shape(slot).iter().product())
    }

    /// Whether this structure has a slot, as far as the structure says.
    fn has(&self, slot: Slot) -> bool {
        use BlockSlot::*;
        let (spec, biases) = (&self.spec, &self.biases);
        let norm_bias = spec.norm == NormKind::LayerNorm && biases.norm;
        let has_head = matches!(spec.unembed, Unembed::MaskedWord { .. });
        match slot {
            Slot::Block(_, QNorm | KNorm, part) => spec.qk_norm.is_some() && (part == Part::Weight || biases.qk_norm),
            Slot::NormOfHead(..) => spec.qk_norm == Some(QkNorm::EachHead),
            Slot::Expert(.., part) => part == Part::Weight || biases.experts,
            Slot::Block(layer, slot, part) => {
                let is_there = match slot {
                    AttnNorm => spec.norm_placement != NormPlacement::Output,
                    _ if slot.is_of_mlp() && spec.mlp == MlpKind::None => false,
                    MlpNorm => spec.norm_placement != NormPlacement::Output && spec.block != BlockKind::ParallelOneNorm,
                    AttnOutNorm | MlpOutNorm => spec.has_output_norms(),
                    CrossNorm | CrossQ | CrossK | CrossV | CrossO => self.encoder.is_some(),
                    MlpGate | MlpIn | MlpOut if spec.experts_at(layer).is_some() => false,
                    MlpGate => spec.mlp == MlpKind::Gated,
                    Router => spec.experts_at(layer).is_some(),
                    Sinks => spec.sinks,
                    SharedGate => spec.experts_at(layer).is_some_and(|experts| experts.d_shared > 0),
                    PosK => spec.disentangled.is_some_and(|kind| kind.content_to_position),
                    PosQ => spec.disentangled.is_some_and(|kind| kind.position_to_content),
                    Conv | ConvNorm => layer == 0 && spec.conv.is_some(),
                    _ => true,
                };
                let bias = match slot {
                    Q | K | V | CrossQ | CrossK | CrossV | PosK | PosQ => biases.qkv,
                    O | CrossO | Conv => biases.o,
                    MlpGate | MlpIn | MlpOut => biases.mlp,
                    Router => biases.experts,
                    SharedGate | Sinks => false,
                    _ => norm_bias,
                };
                is_there && (part == Part::Weight || bias)
            }
            Slot::EmbedNorm(part) => spec.embed_norm && (part == Part::Weight || norm_bias),
            Slot::FinalNorm(part) => spec.norm_placement != NormPlacement::Post && (part == Part::Weight || norm_bias),
            Slot::HeadNorm(part) => has_head && (part == Part::Weight || norm_bias),
            Slot::HeadDense(part) => has_head && (part == Part::Weight || biases.head_dense),
            // Named by `labels`, as far as the file has them.
            Slot::LabelDense(_) | Slot::LabelNorm(_) | Slot::Label(_) => spec.labels.is_some(),
            Slot::Unembed(Part::Bias) => spec.unembed != Unembed::None && biases.unembed,
            Slot::Unembed(Part::Weight) => {
                matches!(spec.unembed, Unembed::Linear { tied: false } | Unembed::MaskedWord { tied: false })
            }
            Slot::PosEmbed => matches!(spec.positions, Positions::Learned | Positions::Shortformer),
            Slot::TokenTypeEmbed => spec.n_token_types > 0,
            Slot::EmbedProject(_) => spec.d_embed.is_some(),
            Slot::UnembedProject => spec.d_embed.is_some() && matches!(spec.unembed, Unembed::Linear { .. }),
            Slot::RelativeBias => spec.relative_bias.is_some(),
            Slot::DistanceEmbed | Slot::DistanceNorm(_) => spec.disentangled.is_some(),
            Slot::RotaryDivisors(_) => spec.rotary().is_some(),
            Slot::Embed => true,
        }
    }

    /// Every slot of this stack, in the order of a run.
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![Slot::Embed, Slot::PosEmbed, Slot::TokenTypeEmbed];
        slots.extend(Slot::both(Slot::EmbedNorm));
        slots.extend(Slot::both(Slot::EmbedProject));
        slots.extend([Slot::RelativeBias, Slot::DistanceEmbed]);
        slots.extend(Slot::both(Slot::DistanceNorm));
        slots.extend([RotaryTable::All, RotaryTable::Short, RotaryTable::Long].map(Slot::RotaryDivisors));
        for layer in 0..self.spec.n_layers {
            for slot in BlockSlot::ALL {
                slots.extend([Part::Weight, Part::Bias].map(|part| Slot::Block(layer, slot, part)));
                slots.extend(self.norms_of_heads(layer, slot));
            }
            slots.extend(self.experts(layer));
        }
        for both in [Slot::FinalNorm, Slot::HeadDense, Slot::HeadNorm, Slot::Unembed] {
            slots.extend(Slot::both(both));
        }
        slots.push(Slot::UnembedProject);
        for both in [Slot::LabelDense, Slot::LabelNorm, Slot::Label] {
            slots.extend(Slot::both(both));
        }
        slots.retain(|&slot| self.source(slot).is_some());
        slots
    }

    /// The places of the norms of single heads, where queries or keys have such.
    pub(super) fn norms_of_heads(&self, layer: usize, slot: BlockSlot) -> Vec<Slot> {
        let n_heads = match slot {
            BlockSlot::QNorm => self.spec.n_heads,
            BlockSlot::KNorm => self.spec.n_key_value_heads,
            _ => 0,
        };
        let is_apart = self.spec.qk_norm == Some(QkNorm::EachHead);
        (0..if is_apart { n_heads } else { 0 }).map(|head| Slot::NormOfHead(layer, slot, head)).collect()
    }

    /// The shape a slot must have, [out, in] or [out].
    pub fn shape(&self, slot: Slot) -> Vec<usize> {
        use BlockSlot::*;
        let spec = &self.spec;
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let layer = |n_out: usize, n_in: usize, part: Part| match part {
            Part::Weight => vec![n_out, n_in],
            Part::Bias => vec![n_out],
        };
        match slot {
            Slot::Embed => vec![spec.d_vocab, spec.embed_width()],
            Slot::PosEmbed => vec![spec.n_ctx + spec.pos_offset, spec.full_embed_width()],
            Slot::TokenTypeEmbed => vec![spec.n_token_types, spec.full_embed_width()],
            Slot::EmbedNorm(_) => vec![spec.full_embed_width()],
            Slot::EmbedProject(part) => layer(spec.d_model, spec.embed_width(), part),
            Slot::RelativeBias => vec![spec.relative_bias.map_or(0, |bias| bias.n_buckets), spec.n_heads],
            Slot::RotaryDivisors(_) => vec![spec.rotary().map_or(0, Rotary::n_pairs)],
            Slot::DistanceEmbed => vec![spec.disentangled.map_or(0, |kind| 2 * kind.span()), spec.d_model],
            Slot::FinalNorm(_) | Slot::DistanceNorm(_) => vec![spec.d_model],
            Slot::HeadNorm(_) => vec![spec.embed_width()],
            Slot::Block(_, QNorm | KNorm, _) if spec.qk_norm == Some(QkNorm::PerHead) => vec![spec.d_head],
            Slot::NormOfHead(..) => vec![spec.d_head],
            Slot::Expert(_, expert, slot, part) => self.shape_of_expert(expert, slot, part),
            Slot::Block(_, Router, part) => layer(experts::n_experts(self), spec.d_model, part),
            Slot::Block(_, Sinks, _) => vec![spec.n_heads],
            Slot::Block(_, SharedGate, part) => layer(1, spec.d_model, part),
            Slot::Block(_, QNorm, _) => vec![queries],
            Slot::Block(_, KNorm, _) => vec![keys],
            Slot::Block(_, slot, _) if slot.is_norm() => vec![spec.d_model],
            Slot::Block(_, O | CrossO, part) => layer(spec.d_model, queries, part),
            Slot::Block(_, K | V | CrossK | CrossV, part) => layer(keys, spec.d_model, part),
            Slot::Block(_, MlpGate | MlpIn, part) => layer(spec.d_mlp, spec.d_model, part),
            Slot::Block(_, Conv, part) => {
                layer(spec.d_model, spec.d_model * spec.conv.map_or(0, |conv| conv.kernel), part)
            }
            Slot::Block(_, MlpOut, part) => layer(spec.d_model, spec.d_mlp, part),
            Slot::Block(_, _, part) => layer(queries, spec.d_model, part),
            Slot::Unembed(part) => layer(spec.d_vocab, spec.embed_width(), part),
            Slot::UnembedProject => vec![spec.embed_width(), spec.d_model],
            Slot::HeadDense(part) => layer(spec.embed_width(), spec.d_model, part),
            Slot::LabelDense(part) => layer(spec.d_model, spec.d_model, part),
            Slot::LabelNorm(_) => vec![spec.d_model],
            Slot::Label(part) => layer(spec.labels.as_ref().map_or(0, |head| head.names.len()), spec.d_model, part),
        }
    }

    /// A source under the file's prefix, row-major.
    fn named(&self, name: impl AsRef<str>) -> Option<Source> {
        self.named_as(name, Layout::Rows)
    }

    fn named_as(&self, name: impl AsRef<str>, layout: Layout) -> Option<Source> {
        whole(format!("{}{}", self.prefix, name.as_ref()), layout)
    }
}

/// The prefix of a file's names, if one of `inner` has it.
fn prefix(prefix: &'static str, inner: &[&str], has_tensor: &dyn Fn(&str) -> bool) -> &'static str {
    if inner.iter().any(|inner| has_tensor(&format!("{prefix}{inner}"))) { prefix } else { "" }
}

/// A source by its whole name.
fn whole(tensor: impl Into<String>, layout: Layout) -> Option<Source> {
    Some(Source { tensor: tensor.into(), layout })
}
