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
    if let Some(mask) = spec.token_dropout {
        drop_masked(&mut stream, &tokens.ids, first, mask);
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
        (None, Positions::ShiftedSinusoidal) => add(Hook::PosEmbed, shifted_sinusoids(spec, &tokens.ids[..], first))?,
        _ => {}
    }
    Ok((stream, beside))
}

/// The share of tokens whose embeddings ESM left out in training.
const DROPPED: f32 = 0.15 * 0.8;

/// Leaves out the embeddings of masked tokens, of rows from `first` on, and lets the others grow by the masked tokens' share of the
/// text, so that it is as it was in training. Of a text of masked tokens alone, for which transformers divides by zero, zeros remain.
pub(in crate::engine) fn drop_masked(stream: &mut [f32], ids: &[u32], first: usize, mask: u32) {
    let n_masked = ids.iter().filter(|id| **id == mask).count();
    let share = if n_masked == ids.len() { 0.0 } else { n_masked as f32 / ids.len() as f32 };
    let width = stream.len() / (ids.len() - first).max(1);
    for (row, &id) in stream.chunks_exact_mut(width.max(1)).zip(&ids[first..]) {
        let factor = if id == mask { 0.0 } else { 1.0 - DROPPED };
        row.iter_mut().for_each(|value| *value = *value * factor / (1.0 - share));
    }
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

/// Sines, then cosines, of the rows that tokens from `first` on read, in fairseq's order: 10000 is the last wavelength, not the one after
/// it, and padding has zeros. [_, width]
fn shifted_sinusoids(spec: &Spec, ids: &[u32], first: usize) -> Vec<f32> {
    let n_sines = spec.d_model / 2;
    let step = 10_000f64.ln() / n_sines.saturating_sub(1).max(1) as f64;
    let row = |row: usize| {
        let angle = move |column: usize| row as f64 * (-step * column as f64).exp();
        let is_padding = spec.pad_id.is_some() && row + 1 == spec.pos_offset;
        let value = move |column: usize| match column.checked_sub(n_sines) {
            _ if is_padding => 0.0,
            None => angle(column).sin() as f32,
            Some(column) if column < n_sines => angle(column).cos() as f32,
            _ => 0.0,
        };
        (0..spec.d_model).map(value)
    };
    position_rows(spec, ids).into_iter().skip(first).flat_map(row).collect()
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
    fn masked_tokens_let_the_others_grow() {
        let mut stream = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        drop_masked(&mut stream, &[5, 32, 6, 7], 0, 32);
        let factor = 0.88 / 0.75;
        let expected = [factor, 2.0 * factor, 0.0, 0.0, 5.0 * factor, 6.0 * factor, 7.0 * factor, 8.0 * factor];
        assert!(stream.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{stream:?}");
    }

    #[test]
    fn fairseqs_sines_end_at_the_longest_wavelength() {
        let spec = Spec { pos_offset: 2, pad_id: Some(1), d_model: 4, ..Spec::default() };
        let table = shifted_sinusoids(&spec, &[5, 1, 7], 1);
        let expected = [0.0, 0.0, 0.0, 0.0, 3f32.sin(), 3e-4f32.sin(), 3f32.cos(), 3e-4f32.cos()];
        assert!(table.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{table:?}");
    }

    #[test]
    fn sines_come_first() {
        let table = sinusoids(2, 4);
        assert_eq!(table[..4], [0.0, 0.0, 1.0, 1.0]);
        let expected = [1f32.sin(), 0.01f32.sin(), 1f32.cos(), 0.01f32.cos()];
        assert!(table[4..].iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{table:?}");
    }
}
