//! A convolution over the stream entering the first block, whose result is added to what leaves the block and normalised with it
//! (DeBERTa v2). Each row reads its neighbours, all of which are there once the block is done; beyond the ends there are zeros.

use std::ops::Range;

use super::sublayers::{BlockContext, Inside, sum};
use crate::engine::error::EngineError;
use crate::engine::model::{Linear, Model, Norm};
use crate::trace::BlockSite;

/// What the convolution reads of rows, by channel, then by position, [rows.len(), d_model · kernel]; `stream` [pos, d_model].
pub(in crate::engine) fn neighbours(stream: &[f32], d_model: usize, kernel: usize, rows: &Range<usize>) -> Vec<f32> {
    let mut read = vec![0.0; rows.len() * d_model * kernel];
    for (row, read) in rows.clone().zip(read.chunks_exact_mut((d_model * kernel).max(1))) {
        for offset in 0..kernel {
            let values = neighbour(row, offset, kernel, d_model).and_then(|span| stream.get(span)).unwrap_or_default();
            values.iter().enumerate().for_each(|(channel, value)| read[channel * kernel + offset] = *value);
        }
    }
    read
}

/// Where a stream [pos, d_model] has what a row reads at an offset into the kernel, be it beyond the stream's end; `None` before its
/// beginning.
pub(in crate::engine) fn neighbour(row: usize, offset: usize, kernel: usize, d_model: usize) -> Option<Range<usize>> {
    let position = (row + offset).checked_sub(kernel / 2)?;
    Some(position * d_model..(position + 1) * d_model)
}

/// The stream that leaves the block, from what left it before, `resid` [rows.len(), d_model], and `stream` entering it [pos, d_model].
pub(in crate::engine) fn convolved(
    cx: &mut BlockContext<'_, '_>,
    (linear, norm): &(Linear, Norm),
    rows: &Range<usize>,
    resid: &[f32],
    stream: &[f32],
    inside: Option<&mut Inside>,
) -> Result<Vec<f32>, EngineError> {
    let Some(conv) = cx.model.spec.conv else { return Ok(resid.to_vec()) };
    let mut out = linear.apply(&neighbours(stream, cx.model.spec.d_model, conv.kernel, rows));
    let before = inside.is_some().then(|| out.clone());
    Model::activate(conv.activation)(&mut out);
    cx.pass(BlockSite::ConvOut, rows, &mut out)?;
    let with = sum(resid, &out);
    let normed = cx.model.norm(norm, &with);
    if let (Some(inside), Some(before)) = (inside, before) {
        (inside.conv_pre, inside.conv_sum) = (before, with);
    }
    Ok(normed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_their_neighbours_and_zeros_beyond_the_ends() {
        let stream = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        assert_eq!(neighbours(&stream, 2, 3, &(0..1)), [0.0, 1.0, 2.0, 0.0, 10.0, 20.0]);
        assert_eq!(neighbours(&stream, 2, 3, &(2..3)), [2.0, 3.0, 0.0, 20.0, 30.0, 0.0]);
        assert_eq!(neighbours(&stream, 2, 1, &(1..2)), [2.0, 20.0]);
    }
}
