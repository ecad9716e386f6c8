//! The MLP of a block.

use crate::engine::error::EngineError;
use crate::engine::model::{Mlp, Model};
use crate::kernels::PackedRows;
use crate::trace::BlockSite;

/// The MLP on rows [_, d_model], before its own output hook.
pub(super) fn mlp(
    model: &Model,
    mlp: &Mlp,
    normed: &[f32],
    pass: &mut impl FnMut(BlockSite, &mut Vec<f32>) -> Result<(), EngineError>,
) -> Result<Vec<f32>, EngineError> {
    let d_model = model.spec.d_model;
    let packed = PackedRows::pack(normed, d_model, 0..d_model);
    let mut hidden = mlp.gate.as_ref().unwrap_or(&mlp.into).apply_packed(&packed);
    pass(BlockSite::MlpPre, &mut hidden)?;
    let (activate, gate) = model.activation();
    if mlp.gate.is_some() {
        let mut linear = mlp.into.apply_packed(&packed);
        pass(BlockSite::MlpPreLinear, &mut linear)?;
        gate(&mut hidden, &linear);
    } else {
        activate(&mut hidden);
    }
    pass(BlockSite::MlpPost, &mut hidden)?;
    Ok(mlp.out.apply(&hidden))
}
