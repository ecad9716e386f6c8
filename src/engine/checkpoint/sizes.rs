//! Whether the sizes of a checkpoint fit each other and can be held.

use super::{EngineError, MAX_LAYERS};
use crate::trace::Spec;
use crate::trace::spec::RotaryScaling;

/// Refuses sizes whose products cannot be held, before anything is allocated for them, and rotations that rotate nothing
/// there is.
pub(super) fn check_sizes(spec: &Spec) -> Result<(), EngineError> {
    let product = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
    let n_rows = spec.n_ctx.saturating_add(spec.pos_offset);
    let products = [
        ("layers", spec.n_layers as u64, MAX_LAYERS as u64),
        ("heads × width of a head", product(spec.n_heads, spec.d_head), 1 << 20),
        ("width of the stream", spec.d_model as u64, 1 << 20),
        ("width of the embeddings", spec.embed_width() as u64, 1 << 20),
        ("width of the MLP", spec.d_mlp as u64, 1 << 20),
        ("vocabulary × width of the stream", product(spec.d_vocab, spec.d_model.max(spec.embed_width())), 1 << 31),
        ("context × width of the stream", product(n_rows, spec.d_model), 1 << 36),
        ("token types × width of the stream", product(spec.n_token_types, spec.d_model), 1 << 31),
    ];
    if let Some((what, size, most)) = products.into_iter().find(|(_, size, most)| size > most) {
        let message = format!("{what} = {size} is more than can be held (at most {most})");
        return Err(EngineError::Checkpoint(message));
    }
    let rotations = [spec.rotary(), spec.local.as_ref().and_then(|local| local.rotary.as_ref())];
    for rotary in rotations.into_iter().flatten() {
        if rotary.dims == 0 || 2 * rotary.n_pairs() > spec.d_head {
            let message =
                format!("{} of the {} neurons of a head cannot be rotated in pairs", rotary.dims, spec.d_head);
            return Err(EngineError::Checkpoint(message));
        }
        if let RotaryScaling::LongRope { short, long, .. } = &rotary.scaling
            && let Some(list) = [short, long].into_iter().find(|list| list.len() != rotary.n_pairs())
        {
            let message = format!("{} rotary factors for {} pairs of neurons", list.len(), rotary.n_pairs());
            return Err(EngineError::Checkpoint(message));
        }
    }
    spec.check().map_err(|fault| EngineError::Checkpoint(format!("the configuration, {fault}")))
}
