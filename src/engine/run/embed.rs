//! From tokens to the stream that enters the first block.

use crate::analysis::attention::Tap;
use crate::engine::error::EngineError;
use crate::engine::hooks::Hooks;
use crate::engine::model::Model;
use crate::engine::weights::Weight;
use crate::trace::spec::Positions;
use crate::trace::{Hook, Spec, Tokens};

/// The stream entering the first block, for tokens from `first` on [pos, d_model], and what positions add to the inputs of queries
/// and keys instead, where they do.
pub(super) fn embed(
    model: &Model,
    tokens: &Tokens,
    first: usize,
    hooks: &mut Hooks<'_>,
) -> Result<(Vec<f32>, Vec<f32>), EngineError> {
    let (mut stream, beside) = embedded(model, tokens, first, hooks)?;
    if let Some(norm) = &model.embed_norm {
        stream = model.norm(norm, &stream);
        hooks.rows(Hook::FullEmbed, first..tokens.len(), &mut stream)?;
    }
    match &model.embed_project {
        Some(project) if model.spec.embed_norm => Ok((project.apply(&stream), beside)),
        _ => Ok((stream, beside)),
    }
}

/// The sum of the embeddings before their norm, and what stands beside it.
pub(in crate::engine) fn embedded(
    model: &Model,
    tokens: &Tokens,
    first: usize,
    hooks: &mut Hooks<'_>,
) -> Result<(Vec<f32>, Vec<f32>), EngineError> {
    let (spec, n_pos) = (&model.spec, tokens.len());
    let rows = |weight: &Weight, indices: &mut dyn Iterator<Item = usize>| {
        let mut rows = vec![0.0; (n_pos - first) * weight.n_in()];
        for (row, index) in rows.chunks_exact_mut(weight.n_in()).zip(indices.skip(first)) {
            weight.copy_row(index.min(weight.n_out() - 1), row);
        }
        rows
    };
    let mut stream = rows(&model.embed, &mut tokens.ids.iter().map(|&id| id as usize));
    if let Some(scale) = spec.embed_scale {
        stream.iter_mut().for_each(|value| *value *= scale as f32);
    }
    if let (Some(project), false) = (&model.embed_project, spec.embed_norm) {
        stream = project.apply(&stream);
    }
    hooks.rows(Hook::Embed, first..n_pos, &mut stream)?;
    let learned = |positions: &Weight| rows(positions, &mut position_rows(spec, &tokens.ids).into_iter());
    let mut beside = Vec::new();
    if let (Some(positions), Positions::Shortformer) = (&model.pos_embed, &spec.positions) {
        beside = learned(positions);
        hooks.rows(Hook::PosEmbed, first..n_pos, &mut beside)?;
    }
    let mut add = |hook: Hook, mut more: Vec<f32>| -> Result<(), EngineError> {
        hooks.rows(hook, first..n_pos, &mut more)?;
        stream.iter_mut().zip(more).for_each(|(value, more)| *value += more);
        Ok(())
    };
    if let Some(types) = &model.token_type_embed {
        add(Hook::TokenTypeEmbed, rows(types, &mut tokens.type_ids.iter().map(|&id| id as usize)))?;
    }
    match (&model.pos_embed, &spec.positions) {
        (Some(positions), Positions::Learned) => add(Hook::PosEmbed, learned(positions))?,
        (None, Positions::Sinusoidal) => {
            add(Hook::PosEmbed, sinusoids(n_pos, spec.d_model).split_off(first * spec.d_model))?
        }
        _ => {}
    }
    Ok((stream, beside))
}

/// The row of the position embedding that each token reads.
fn position_rows(spec: &Spec, ids: &[u32]) -> Vec<usize> {
    let mut next = spec.pos_offset;
    let row = |&id: &u32| {
        if spec.pad_id == Some(id) {
            return spec.pos_offset - 1;
        }
        next += 1;
        next - 1
    };
    ids.iter().map(row).collect()
}

/// Sines of every wavelength, then their cosines (Vaswani et al. 2017, in Marian's order), [n_pos, width].
fn sinusoids(n_pos: usize, width: usize) -> Vec<f32> {
    let n_sines = width.div_ceil(2);
    let angle = |position: usize, pair: usize| position as f64 / 10_000f64.powf(2.0 * pair as f64 / width as f64);
    let value = |index: usize| {
        let (position, column) = (index / width, index % width);
        match column.checked_sub(n_sines) {
            None => angle(position, column).sin() as f32,
            Some(pair) => angle(position, pair).cos() as f32,
        }
    };
    (0..n_pos * width).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_takes_no_position() {
        let bert = Spec::default();
        assert_eq!(position_rows(&bert, &[5, 1, 5]), [0, 1, 2]);
        let roberta = Spec { pos_offset: 2, pad_id: Some(1), ..Spec::default() };
        assert_eq!(position_rows(&roberta, &[5, 1, 5, 6]), [2, 1, 3, 4]);
        let opt = Spec { pos_offset: 2, ..Spec::default() };
        assert_eq!(position_rows(&opt, &[5, 1]), [2, 3]);
    }

    #[test]
    fn sines_come_first() {
        let table = sinusoids(2, 4);
        assert_eq!(table[..4], [0.0, 0.0, 1.0, 1.0]);
        let expected = [1f32.sin(), 0.01f32.sin(), 1f32.cos(), 0.01f32.cos()];
        assert!(table[4..].iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{table:?}");
    }
}
