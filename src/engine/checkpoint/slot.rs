//! The places of a model that tensors fill, and where in a checkpoint's files each one's numbers are.

/// A place in a stack that a tensor fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// W_E [d_vocab, d_embed].
    Embed,
    /// W_pos [n_ctx + pos_offset, d_embed].
    PosEmbed,
    /// [n_token_types, d_embed].
    TokenTypeEmbed,
    /// The norm of the embeddings' sum.
    EmbedNorm(Part),
    /// The projection from the embeddings to the stream [d_model, d_embed].
    EmbedProject(Part),
    /// Inside a block.
    Block(usize, BlockSlot, Part),
    /// The weight of the norm of one head's queries or keys, in a block where each head's is a tensor of its own [d_head].
    NormOfHead(usize, BlockSlot, usize),
    /// A layer of an expert's MLP in a routed block; the shared expert comes after the others.
    Expert(usize, usize, BlockSlot, Part),
    /// A bias on scores by distance [n_buckets, n_heads], of all layers.
    RelativeBias,
    /// The embedding of distances [2 · span, d_model], of disentangled attention.
    DistanceEmbed,
    /// Its norm.
    DistanceNorm(Part),
    /// What rotary frequencies are divided by [dims / 2].
    RotaryDivisors(RotaryTable),
    /// The final norm of all but post-norm models.
    FinalNorm(Part),
    /// W_U [d_vocab, d_embed], bias [d_vocab].
    Unembed(Part),
    /// The projection from the stream to the unembedding's width [d_embed, d_model].
    UnembedProject,
    /// The dense layer of a masked-word head [d_embed, d_model].
    HeadDense(Part),
    /// The norm of a masked-word head.
    HeadNorm(Part),
    /// The dense layer of a classifier's head [d_model, d_model].
    LabelDense(Part),
    /// The norm of a classifier's head.
    LabelNorm(Part),
    /// The labels' matrix [n_labels, d_model], bias [n_labels].
    Label(Part),
}

/// A layer inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "TransformerLens's names")]
pub enum BlockSlot {
    AttnNorm,
    Q,
    K,
    V,
    QNorm,
    KNorm,
    O,
    AttnOutNorm,
    CrossNorm,
    CrossQ,
    CrossK,
    CrossV,
    CrossO,
    MlpNorm,
    MlpGate,
    MlpIn,
    MlpOut,
    MlpOutNorm,
    PosK,
    PosQ,
    Conv,
    ConvNorm,
    Router,
    SharedGate,
    Sinks,
}

/// Which tensor of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field's words")]
pub enum Part {
    Weight,
    Bias,
}

/// Which table of divisors: for every input, or one of LongRoPE's two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "as they are called")]
pub enum RotaryTable {
    All,
    Short,
    Long,
}

/// The tensor that fills a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The tensor's name in the files.
    pub tensor: String,
    /// How its numbers lie.
    pub layout: Layout,
}

/// How the numbers of a tensor lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// [out, in] or a vector.
    Rows,
    /// Part `index` of `n_parts` equal parts along the outputs of a transposed matrix [in, n_parts · out] or of a vector: GPT-2's
    /// Conv1D.
    Transposed {
        /// The part.
        index: usize,
        /// The number of parts.
        n_parts: usize,
    },
    /// Rows `first ..` of a matrix [n_rows, in] or vector [n_rows]: Phi-3's queries, keys and values in one.
    RowRange {
        /// First row.
        first: usize,
        /// All rows of the tensor.
        n_rows: usize,
    },
    /// Of a tensor in equal groups of `n_parts` times `unit` rows each: `count` times `unit` rows of every group, from `index` times
    /// `unit` on. So GPT-NeoX and Falcon have each key head's queries, keys and values in one.
    Grouped {
        /// The first part.
        index: usize,
        /// How many parts.
        count: usize,
        /// The parts of a group.
        n_parts: usize,
        /// Rows of a part.
        unit: usize,
    },
    /// Of [expert, in, n_parts · out], or [expert, n_parts · out] of a vector: every `n_parts`-th output of one expert, from `index` on
    /// (gpt-oss, whose gates stand between what they multiply).
    OfExpert {
        /// The expert.
        expert: usize,
        /// All experts of the tensor.
        n_experts: usize,
        /// The first output.
        index: usize,
        /// How many parts alternate.
        n_parts: usize,
    },
    /// [out, in] with the rows of each head in pairs (GGUF's Llama): row 2i + s of a head is our row i + s · d_head / 2.
    PairedRows,
    /// [head, in, d_head], or [head, d_head] of a vector: TransformerLens's queries, keys and values.
    HeadColumns,
    /// [head, d_head, out]: TransformerLens's output matrix.
    HeadInputs,
}

impl BlockSlot {
    /// All, in the order in which a block reads them.
    pub const ALL: [BlockSlot; 25] = {
        use BlockSlot::*;
        [
            AttnNorm,
            Q,
            K,
            V,
            QNorm,
            KNorm,
            O,
            AttnOutNorm,
            CrossNorm,
            CrossQ,
            CrossK,
            CrossV,
            CrossO,
            MlpNorm,
            MlpGate,
            MlpIn,
            MlpOut,
            MlpOutNorm,
            PosK,
            PosQ,
            Conv,
            ConvNorm,
            Router,
            SharedGate,
            Sinks,
        ]
    };

    /// Whether the layer normalises.
    pub fn is_norm(self) -> bool {
        use BlockSlot::*;
        matches!(self, AttnNorm | QNorm | KNorm | AttnOutNorm | CrossNorm | MlpNorm | MlpOutNorm | ConvNorm)
    }

    /// Whether the layer belongs to the MLP.
    pub fn is_of_mlp(self) -> bool {
        use BlockSlot::*;
        matches!(self, MlpNorm | MlpGate | MlpIn | MlpOut | MlpOutNorm)
    }
}

impl Part {
    /// "weight" or "bias".
    pub fn name(self) -> &'static str {
        match self {
            Part::Weight => "weight",
            Part::Bias => "bias",
        }
    }
}

impl Slot {
    /// Both tensors of a layer.
    pub(super) fn both(make: fn(Part) -> Slot) -> [Slot; 2] {
        [make(Part::Weight), make(Part::Bias)]
    }

    /// Whether it belongs to a norm.
    pub fn is_norm(self) -> bool {
        match self {
            Slot::Block(_, slot, _) => slot.is_norm(),
            Slot::EmbedNorm(_)
            | Slot::DistanceNorm(_)
            | Slot::NormOfHead(..)
            | Slot::FinalNorm(_)
            | Slot::HeadNorm(_)
            | Slot::LabelNorm(_) => true,
            _ => false,
        }
    }

    /// Whether it is read as plain numbers although it is a matrix.
    pub fn is_table(self) -> bool {
        matches!(self, Slot::RelativeBias | Slot::DistanceEmbed)
    }
}
