//! What a trace file holds of the inside beside attention: the stream, where it was saved.

use std::sync::Arc;

use super::{Stored, TraceSource};
use crate::analysis::SourceError;
use crate::analysis::inside::direct::{Contrast, DirectSum};
use crate::analysis::inside::direction::DirectionAsked;
use crate::analysis::inside::head::{HeadAsked, HeadCircuits};
use crate::analysis::inside::lens::{LensAsked, LensTable};
use crate::analysis::inside::neuron::Neuron;
use crate::analysis::inside::path::Path;
use crate::analysis::inside::stream::{StreamTable, norms};
use crate::analysis::inside::value_zeroing::ValueZeroing;
use crate::analysis::inside::written::{Written, WrittenAsked};
use crate::analysis::inside::{InsideSource, Pass, Ready};
use crate::trace::file::lens::name_in_json;
use crate::trace::spec::NormPlacement;
use crate::trace::{Attn, BlockSite};

/// The most numbers of a stream that are read for one answer, 128 MB: what is read of a file is kept up to twice that.
pub(super) const MAX_STREAM: u64 = 1 << 25;

impl InsideSource for TraceSource {
    fn token_name(&self, id: u32) -> String {
        let tokens = [Some(&self.tokens), self.key_tokens.as_ref()];
        let known = |tokens: &crate::trace::Tokens| {
            tokens.ids.iter().position(|known| *known == id).map(|index| tokens.tokens[index].clone())
        };
        let in_table = || self.trace.metadata.lens_tokens.as_ref().and_then(|names| name_in_json(names, id));
        // Ids of the text's tokens may not have been read yet: then they are their numbers.
        let name = in_table().map(str::to_owned).or_else(|| tokens.into_iter().flatten().find_map(known));
        name.unwrap_or_else(|| id.to_string())
    }

    fn first_token(&self, _text: &str) -> Result<(u32, usize), SourceError> {
        missing("the token of a text", "it needs the model's tokenizer, which a trace does not hold")
    }

    fn lens(&self, asked: LensAsked) -> Result<Box<dyn Pass<LensTable>>, SourceError> {
        Ok(Box::new(Ready(Some(super::lens::lens(self, &asked)?))))
    }

    fn stream(&self) -> Result<Box<dyn Pass<StreamTable>>, SourceError> {
        let stored = Stored { read: super::AttentionRead { attn: Attn::Own, ..self.read }, ..self.stored() };
        let (n_layers, n_pos) = (self.sizes.n_layers, self.tokens.len());
        let is_post = stored.read.spec(&stored.trace).is_some_and(|spec| spec.norm_placement == NormPlacement::Post);
        let last = if is_post { BlockSite::NormalizedResidPost } else { BlockSite::ResidPost };
        let width = stored.width(0, BlockSite::ResidPre);
        if width.saturating_mul(n_pos as u64).saturating_mul(n_layers as u64 + 1) > MAX_STREAM {
            let message = format!("the stream of {n_layers} layers and {n_pos} tokens is too large to be read at once");
            return Err(SourceError::TooLarge(message));
        }
        let whole = |layer: usize, site: BlockSite| stored.whole(layer, site, "the stream");
        let mut streams: Vec<Arc<[f32]>> =
            (0..n_layers).map(|layer| whole(layer, BlockSite::ResidPre)).collect::<Result<_, _>>()?;
        let end = n_layers.saturating_sub(1);
        streams.push(if stored.has(end, last) { whole(end, last)? } else { Arc::default() });
        let streams: Vec<&[f32]> = streams.iter().map(|stream| &**stream).collect();
        // Norms of what is added, where every layer has it; both attentions of a decoder would be needed for their sum.
        let is_alone = !stored.has(0, BlockSite::CrossAttnOut);
        let added = |site: BlockSite| -> Result<Vec<f32>, SourceError> {
            if !(0..n_layers).all(|layer| stored.has(layer, site)) || !is_alone {
                return Ok(Vec::new());
            }
            let rows = (0..n_layers).map(|layer| {
                let values = whole(layer, site)?;
                Ok(norms(&values, values.len().checked_div(n_pos).unwrap_or(0)))
            });
            Ok(rows.collect::<Result<Vec<_>, SourceError>>()?.concat())
        };
        let (attn_norms, mlp_norms) = (added(BlockSite::AttnOut)?, added(BlockSite::MlpOut)?);
        let table = StreamTable { attn_norms, mlp_norms, ..StreamTable::of_streams(&streams, n_pos) };
        Ok(Box::new(Ready(Some(table))))
    }

    fn written(&self, _: WrittenAsked) -> Result<Box<dyn Pass<Written>>, SourceError> {
        missing("what a layer writes", "it needs the model's weights, which a trace does not hold")
    }

    fn neuron(&self, _: usize, _: usize, _: usize) -> Result<Box<dyn Pass<Neuron>>, SourceError> {
        missing("a neuron of the MLP", "it needs the model's weights, which a trace does not hold")
    }

    fn head(&self, _: HeadAsked) -> Result<Box<dyn Pass<HeadCircuits>>, SourceError> {
        missing("circuits of a head", "they need the model's weights, which a trace does not hold")
    }

    fn path(&self, _: usize, _: usize) -> Result<Box<dyn Pass<Path>>, SourceError> {
        missing("the path of a cell", "it needs the model's weights, which a trace does not hold")
    }

    fn value_zeroing(&self, _: usize, _: Attn) -> Result<Box<dyn Pass<ValueZeroing>>, SourceError> {
        missing("value zeroing", "it runs the layer again without each value, which needs the model")
    }

    fn direction(&self, _: DirectionAsked) -> Result<Box<dyn Pass<Vec<f32>>>, SourceError> {
        missing("a direction of the stream", "it needs the model, which a trace does not hold")
    }

    fn direct(&self, _contrast: Contrast, _position: usize) -> Result<Box<dyn Pass<DirectSum>>, SourceError> {
        missing("direct attribution", "it needs the model's weights, which a trace does not hold")
    }
}

fn missing<T>(what: &'static str, reason: &str) -> Result<T, SourceError> {
    Err(SourceError::Missing { what, reason: reason.to_owned() })
}
