//! What a token is on its own, without position, type or context: the rows that circuits of weights are read from.

use std::ops::Range;

use super::Model;
use crate::engine::run::embed::drop_masked;
use crate::trace::spec::NormPlacement;

impl Model {
    /// The embeddings of tokens as they enter the stream, positions and types left out, [ids.len(), d_model].
    pub(in crate::engine) fn embedded(&self, ids: Range<usize>) -> Vec<f32> {
        let width = self.embed.n_in();
        let mut stream = vec![0.0; ids.len() * width];
        for (row, id) in stream.chunks_exact_mut(width.max(1)).zip(ids) {
            self.embed.copy_row(id, row);
            if let Some(mask) = self.spec.token_dropout {
                drop_masked(row, &[id as u32], 0, mask);
            }
        }
        if let Some(scale) = self.spec.embed_scale {
            stream.iter_mut().for_each(|value| *value *= scale as f32);
        }
        if let (Some(project), false) = (&self.embed_project, self.spec.embed_norm) {
            stream = project.apply(&stream);
        }
        if let Some(norm) = &self.embed_norm {
            stream = self.norm(norm, &stream);
        }
        match &self.embed_project {
            Some(project) if self.spec.embed_norm => project.apply(&stream),
            _ => stream,
        }
    }

    /// What the attention of a layer reads of rows of the stream [_, d_model].
    pub(in crate::engine) fn attn_input(&self, layer: usize, stream: &[f32]) -> Vec<f32> {
        match self.blocks[layer].attn_norm.as_ref().filter(|_| self.spec.has_input_norms()) {
            Some(norm) => self.norm(norm, stream),
            None => stream.to_vec(),
        }
    }

    /// What the MLP of a layer reads of rows of the stream after attention [_, d_model].
    pub(in crate::engine) fn mlp_input(&self, layer: usize, stream: &[f32]) -> Vec<f32> {
        match self.blocks[layer].mlp_norm.as_ref().filter(|_| self.spec.has_input_norms()) {
            Some(norm) => self.norm(norm, stream),
            None => stream.to_vec(),
        }
    }

    /// What the first layer's MLP would read of rows of the stream [_, d_model] if attention added nothing.
    pub(in crate::engine) fn first_mlp_input(&self, stream: &[f32]) -> Vec<f32> {
        let Some(block) = self.blocks.first() else { return stream.to_vec() };
        let norm = match self.spec.norm_placement {
            NormPlacement::Pre | NormPlacement::PreAndOutput if self.spec.is_parallel() => {
                block.mlp_norm.as_ref().or(block.attn_norm.as_ref())
            }
            NormPlacement::Pre | NormPlacement::PreAndOutput => block.mlp_norm.as_ref(),
            NormPlacement::Post => block.attn_norm.as_ref(),
            NormPlacement::Output => None,
        };
        norm.map_or_else(|| stream.to_vec(), |norm| self.norm(norm, stream))
    }
}
