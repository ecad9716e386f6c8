//! The reverse of the convolution beside the first block (`run/conv`).

use std::ops::Range;

use super::sublayers::ReverseContext;
use crate::engine::model::{Linear, Model, Norm};
use crate::engine::run::conv::neighbour;
use crate::engine::run::sublayers::Inside;
use crate::trace::BlockSite;

/// Takes the gradient by the stream leaving the block, `grad` [rows.len(), d_model], to what left it before, in place, and adds to the
/// gradient by the stream entering it, `resid_pre` [pos, d_model].
pub(super) fn convolved_reverse(
    cx: &mut ReverseContext<'_, '_>,
    (linear, norm): &(Linear, Norm),
    rows: &Range<usize>,
    inside: &Inside,
    grad: &mut [f32],
    resid_pre: &mut [f32],
) {
    let (model, d_model) = (cx.model(), cx.model().spec().d_model);
    let Some(conv) = model.spec().conv else { return };
    model.norm_reverse(norm, &inside.conv_sum, grad);
    let mut by_out = grad.to_vec();
    cx.pass(BlockSite::ConvOut, rows, &mut by_out);
    let mut slope = inside.conv_pre.clone();
    Model::slope_of(conv.activation)(&mut slope);
    by_out.iter_mut().zip(&slope).for_each(|(grad, slope)| *grad *= slope);
    let by_read = linear.reverse(&by_out);
    for (row, read) in rows.clone().zip(by_read.chunks_exact((d_model * conv.kernel).max(1))) {
        for offset in 0..conv.kernel {
            let span = neighbour(row, offset, conv.kernel, d_model);
            let to = span.and_then(|span| resid_pre.get_mut(span)).unwrap_or_default();
            to.iter_mut().enumerate().for_each(|(channel, to)| *to += read[channel * conv.kernel + offset]);
        }
    }
}
