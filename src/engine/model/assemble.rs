//! From tensors in their slots to a [`Model`].

use std::collections::HashMap;
use std::sync::Arc;

use super::parts::{AttnWeights, Block, Experts, Linear, Mlp, Norm};
use super::{LabelLayers, Model, Tokenizer};
use crate::analysis::attention::disentangled::PositionVectors;
use crate::engine::checkpoint::{Architecture, BlockSlot, Part, RotaryTable, Slot};
use crate::engine::error::EngineError;
use crate::engine::weights::Weight;
use crate::kernels::norm::layer_norm;
use crate::trace::spec::{Disentangled, MlpKind, Positions, RotaryScaling, Unembed};
use crate::trace::{Spec, Stack, TokenForm};

/// What a tensor became. Several slots may share one: layers of ALBERT, the embedding of two stacks.
#[derive(Clone)]
pub(in crate::engine) enum Filled {
    Matrix(Arc<Weight>),
    Vector(Vec<f32>),
}

/// A slot of a stack; a model with one stack counts as a decoder here.
pub(in crate::engine) type StackSlot = (Stack, Slot);

/// The tensors of a model by their places, on the way to a [`Model`].
pub(in crate::engine) struct StackSlots(pub HashMap<StackSlot, Filled>);

impl StackSlots {
    /// Holds word embeddings and unembedding once where they are the same numbers under several names. Whether the two of the only
    /// or the writing stack differ although the configuration ties them.
    fn share_embeddings(&mut self, architecture: &Architecture) -> bool {
        let of_decoder = |slot| (Stack::Decoder, slot);
        let matrix = |place: StackSlot| match self.0.get(&place) {
            Some(Filled::Matrix(weight)) => Some(Arc::clone(weight)),
            _ => None,
        };
        let head = of_decoder(Slot::Unembed(Part::Weight));
        let (embed, unembed, source) =
            (matrix(of_decoder(Slot::Embed)), matrix(head), matrix((Stack::Encoder, Slot::Embed)));
        let is_same = |one: &Arc<Weight>, other: &Arc<Weight>| Arc::ptr_eq(one, other) || one.is_equal(other);
        if let (Some(embed), Some(source)) = (&embed, &source)
            && is_same(embed, source)
        {
            self.0.insert((Stack::Encoder, Slot::Embed), Filled::Matrix(Arc::clone(embed)));
        }
        match (embed, unembed) {
            (Some(embed), Some(unembed)) if architecture.is_tied_if_equal => !is_same(&embed, &unembed),
            _ => false,
        }
    }
}

/// The places of one stack.
struct Slots<'a> {
    places: &'a mut StackSlots,
    stack: Stack,
    architecture: &'a Architecture,
}

impl Slots<'_> {
    fn has(&self, slot: Slot) -> bool {
        self.places.0.contains_key(&(self.stack, slot))
    }

    fn matrix(&mut self, slot: Slot) -> Result<Arc<Weight>, EngineError> {
        match self.places.0.remove(&(self.stack, slot)) {
            Some(Filled::Matrix(weight)) => Ok(weight),
            _ => Err(EngineError::Checkpoint(format!("no tensor was read for {slot:?}"))),
        }
    }

    fn matrix_if_any(&mut self, slot: Slot) -> Result<Option<Arc<Weight>>, EngineError> {
        self.has(slot).then(|| self.matrix(slot)).transpose()
    }

    fn vector(&mut self, slot: Slot) -> Option<Vec<f32>> {
        match self.places.0.remove(&(self.stack, slot)) {
            Some(Filled::Vector(vector)) => Some(vector),
            _ => None,
        }
    }

    fn linear(&mut self, slot: impl Fn(Part) -> Slot) -> Result<Linear, EngineError> {
        Ok(Linear { weight: self.matrix(slot(Part::Weight))?, bias: self.vector(slot(Part::Bias)), clip: None })
    }

    /// A layer whose outputs are added to the stream, by the model's factor.
    fn adding(&mut self, slot: impl Fn(Part) -> Slot) -> Result<Linear, EngineError> {
        let linear = self.linear(slot)?;
        let Some(scale) = self.architecture.spec.resid_scale.map(|scale| scale as f32) else { return Ok(linear) };
        let shared = |_| EngineError::Checkpoint("one tensor is the output of two layers".to_owned());
        let bias = linear.bias.map(|bias| bias.into_iter().map(|value| value * scale).collect());
        Ok(Linear { weight: Arc::new(Arc::try_unwrap(linear.weight).map_err(shared)?.scaled(scale)), bias, ..linear })
    }

    fn linear_if_any(&mut self, slot: impl Fn(Part) -> Slot) -> Result<Option<Linear>, EngineError> {
        self.has(slot(Part::Weight)).then(|| self.linear(slot)).transpose()
    }

    fn norm(&mut self, slot: impl Fn(Part) -> Slot) -> Option<Norm> {
        // A norm whose weights were folded into what follows it multiplies by one.
        let width = self.architecture.unweighted_norm(slot(Part::Weight));
        let weight = self.vector(slot(Part::Weight)).or_else(|| width.map(|width| vec![1.0; width]))?;
        let bias = self.vector(slot(Part::Bias)).unwrap_or_else(|| vec![0.0; weight.len()]);
        Some(Norm { weight, bias })
    }

    fn block(&mut self, layer: usize, positions: Option<&[f32]>) -> Result<Block, EngineError> {
        use BlockSlot::*;
        let at = |slot: BlockSlot| move |part: Part| Slot::Block(layer, slot, part);
        let cross = match self.norm(at(CrossNorm)) {
            Some(norm) => Some((norm, self.attn([CrossQ, CrossK, CrossV, CrossO].map(at))?)),
            None => None,
        };
        let attn = AttnWeights {
            q_norm: self.head_norm(layer, QNorm),
            k_norm: self.head_norm(layer, KNorm),
            sinks: self.vector(Slot::Block(layer, Sinks, Part::Weight)),
            ..self.attn([Q, K, V, O].map(at))?
        };
        Ok(Block {
            attn_norm: self.norm(at(AttnNorm)),
            positions: positions.map(|positions| self.positions(layer, &attn, positions)).transpose()?.map(Arc::new),
            attn,
            attn_out_norm: self.norm(at(AttnOutNorm)),
            cross,
            mlp_norm: self.norm(at(MlpNorm)),
            experts: self.experts(layer)?,
            mlp: match self.architecture.spec.mlp {
                _ if self.architecture.spec.experts_at(layer).is_some() => None,
                MlpKind::None => None,
                MlpKind::Plain | MlpKind::Gated => Some(Mlp {
                    gate: self.linear_if_any(at(MlpGate))?,
                    into: self.linear(at(MlpIn))?,
                    out: self.adding(at(MlpOut))?,
                }),
            },
            mlp_out_norm: self.norm(at(MlpOutNorm)),
            conv: match self.norm(at(ConvNorm)) {
                Some(norm) => Some((self.linear(at(Conv))?, norm)),
                None => None,
            },
        })
    }

    /// The router and the experts of a routed layer.
    fn experts(&mut self, layer: usize) -> Result<Option<Experts>, EngineError> {
        let Some(shape) = self.architecture.spec.experts_at(layer) else { return Ok(None) };
        let is_shared = shape.d_shared > 0;
        let each = (0..shape.n_experts + usize::from(is_shared)).map(|expert| {
            let mut linear = |slot| self.linear(|part| Slot::Expert(layer, expert, slot, part));
            let (gate, into) = (Some(linear(BlockSlot::MlpGate)?), linear(BlockSlot::MlpIn)?);
            Ok(Mlp { gate, into, out: linear(BlockSlot::MlpOut)? })
        });
        let each = each.collect::<Result<_, EngineError>>()?;
        let router = self.linear(|part| Slot::Block(layer, BlockSlot::Router, part))?;
        let shared_gate = self.linear_if_any(|part| Slot::Block(layer, BlockSlot::SharedGate, part))?;
        Ok(Some(Experts { router, each, shared_gate }))
    }

    /// The embedding of distances, normalised where it has a norm, [2 · span, d_model].
    fn distances(&mut self) -> Option<Vec<f32>> {
        let distances = self.vector(Slot::DistanceEmbed)?;
        let Some(norm) = self.norm(Slot::DistanceNorm) else { return Some(distances) };
        let mut normed = vec![0.0; distances.len()];
        layer_norm(&distances, &norm.weight, &norm.bias, self.architecture.spec.norm_eps, &mut normed);
        Some(normed)
    }

    /// Keys and queries of distances in a layer: by matrices of their own, or those of contents.
    fn positions(
        &mut self,
        layer: usize,
        attn: &AttnWeights,
        distances: &[f32],
    ) -> Result<PositionVectors, EngineError> {
        let kind = self.architecture.spec.disentangled;
        let has = |wants: fn(&Disentangled) -> bool| kind.as_ref().is_some_and(wants);
        let mut through = |slot: BlockSlot, of_contents: &Linear, is_there: bool| {
            let own = self.linear_if_any(|part| Slot::Block(layer, slot, part))?;
            Ok::<_, EngineError>(match is_there {
                true => own.as_ref().unwrap_or(of_contents).apply(distances),
                false => Vec::new(),
            })
        };
        Ok(PositionVectors {
            keys: through(BlockSlot::PosK, &attn.k, has(|kind| kind.content_to_position))?,
            queries: through(BlockSlot::PosQ, &attn.q, has(|kind| kind.position_to_content))?,
        })
    }

    fn attn(&mut self, [q, k, v, o]: [impl Fn(Part) -> Slot; 4]) -> Result<AttnWeights, EngineError> {
        let clip = self.architecture.spec.clip_qkv.map(|clip| clip as f32);
        // Queries and keys that are normalised are cut off after that.
        let of_pattern = clip.filter(|_| self.architecture.spec.qk_norm.is_none());
        let mut clipped = |slot, clip| Ok::<_, EngineError>(Linear { clip, ..self.linear(slot)? });
        let (q, k, v) = (clipped(q, of_pattern)?, clipped(k, of_pattern)?, clipped(v, clip)?);
        Ok(AttnWeights { q, k, v, o: self.adding(o)?, q_norm: None, k_norm: None, sinks: None })
    }

    /// The norm of queries or keys: one tensor, or one for each head.
    fn head_norm(&mut self, layer: usize, slot: BlockSlot) -> Option<Norm> {
        let bias = self.vector(Slot::Block(layer, slot, Part::Bias));
        let whole = self.vector(Slot::Block(layer, slot, Part::Weight));
        let heads = self.architecture.norms_of_heads(layer, slot).into_iter();
        let joined = || heads.filter_map(|head| self.vector(head)).collect::<Vec<_>>().concat();
        let weight = whole.or_else(|| Some(joined()).filter(|joined| !joined.is_empty()))?;
        let bias = bias.unwrap_or_else(|| vec![0.0; weight.len()]);
        Some(Norm { weight, bias })
    }

    /// The structure with the rotary divisors that stand among the tensors.
    fn spec(&mut self) -> Spec {
        let mut spec = self.architecture.spec.clone();
        let mut table = |which| {
            let divisors = self.vector(Slot::RotaryDivisors(which));
            divisors.map(|divisors| divisors.into_iter().map(f64::from).collect::<Vec<f64>>())
        };
        let (all, tables) = (table(RotaryTable::All), (table(RotaryTable::Short), table(RotaryTable::Long)));
        if let Positions::Rotary(rotary) = &mut spec.positions {
            match (&mut rotary.scaling, all, tables) {
                (RotaryScaling::LongRope { short, long, .. }, _, (Some(new_short), Some(new_long))) => {
                    (*short, *long) = (new_short, new_long);
                }
                (_, Some(divisors), _) => rotary.divide(&divisors),
                _ => {}
            }
        }
        spec
    }
}

impl Model {
    /// Puts the tensors of a checkpoint in their places. Of the tokenizers the second is the encoder's, where it is another.
    pub(in crate::engine) fn assemble(
        architecture: &Architecture,
        (tokenizer, source_tokenizer): (Option<Tokenizer>, Option<Tokenizer>),
        quantisation: &str,
        mut places: StackSlots,
    ) -> Result<Self, EngineError> {
        let is_head_different = places.share_embeddings(architecture);
        let tokenizer = tokenizer.map(Arc::new);
        let source_tokenizer = source_tokenizer.map(Arc::new).or_else(|| tokenizer.clone());
        let mut stack = |architecture: &Architecture, stack: Stack| {
            let tokenizer = if stack == Stack::Encoder { &source_tokenizer } else { &tokenizer };
            let places = &mut places;
            Self::of_stack(tokenizer.clone(), quantisation, Slots { places, stack, architecture })
        };
        let encoder = architecture.encoder.as_ref().map(|encoder| stack(encoder, Stack::Encoder)).transpose()?;
        let mut model = stack(architecture, Stack::Decoder)?;
        model.encoder = encoder.map(Arc::new);
        model.notes.clone_from(&architecture.notes);
        if is_head_different {
            model.notes.push(
                "The configuration ties the unembedding to the embedding (tie_word_embeddings), the file has two different \
                 matrices: tokens are predicted with the unembedding's own."
                    .to_owned(),
            );
        } else if architecture.is_tied_if_equal {
            model.unembed = None;
            model.spec.unembed = model.spec.unembed.with_tied(true);
        }
        Ok(model)
    }

    fn of_stack(
        tokenizer: Option<Arc<Tokenizer>>,
        quantisation: &str,
        mut slots: Slots<'_>,
    ) -> Result<Self, EngineError> {
        let architecture = slots.architecture;
        let masked_word_head = match architecture.spec.unembed {
            Unembed::MaskedWord { .. } => {
                let missing = || EngineError::Checkpoint("the masked-word head has no norm".to_owned());
                Some((slots.linear(Slot::HeadDense)?, slots.norm(Slot::HeadNorm).ok_or_else(missing)?))
            }
            _ => None,
        };
        let label_layers = match architecture.spec.labels {
            Some(_) => Some(LabelLayers {
                dense: slots.linear_if_any(Slot::LabelDense)?,
                norm: slots.norm(Slot::LabelNorm),
                out: slots.linear(Slot::Label)?,
            }),
            None => None,
        };
        let distances = slots.distances();
        let blocks = (0..architecture.spec.n_layers).map(|layer| slots.block(layer, distances.as_deref()));
        let blocks = blocks.collect::<Result<_, _>>()?;
        Ok(Self {
            spec: slots.spec(),
            encoder: None,
            generation: architecture.generation.clone(),
            tokenizer,
            chat: None,
            labels: Arc::default(),
            label_form: TokenForm::Plain,
            without_tokenizer: None,
            notes: Vec::new(),
            quantisation: quantisation.to_owned(),
            blocks,
            embed: slots.matrix(Slot::Embed)?,
            pos_embed: slots.matrix_if_any(Slot::PosEmbed)?,
            token_type_embed: slots.matrix_if_any(Slot::TokenTypeEmbed)?,
            embed_norm: slots.norm(Slot::EmbedNorm),
            embed_project: slots.linear_if_any(Slot::EmbedProject)?,
            relative_bias: slots.vector(Slot::RelativeBias),
            final_norm: slots.norm(Slot::FinalNorm),
            unembed: slots.matrix_if_any(Slot::Unembed(Part::Weight))?,
            unembed_bias: slots.vector(Slot::Unembed(Part::Bias)),
            unembed_project: slots.matrix_if_any(Slot::UnembedProject)?.map(|weight| Linear {
                weight,
                bias: None,
                clip: None,
            }),
            masked_word_head,
            label_layers,
        })
    }
}
