//! What an intervention does to an outcome M, as one signed number.

/// Outcomes of two inputs that are closer than this leave no room for a share of their difference.
pub const LEAST_DIFFERENCE: f32 = 0.05;

/// The effect of an ablation or a knockout, M_base − M_edited, with its sign (docs/methods.md, "Head ablation").
pub fn ablation_effect(base: f32, edited: f32) -> f32 {
    base - edited
}

/// How much of the difference between two inputs a patch restores (docs/methods.md, "Activation patching"):
/// R = (M_patched − M_other) / (M_base − M_other), 0 for the other input's outcome and 1 for the base's; `None` where the two
/// inputs differ by less than [`LEAST_DIFFERENCE`].
pub fn restored_share(base: f32, other: f32, patched: f32) -> Option<f32> {
    let difference = base - other;
    (difference.abs() >= LEAST_DIFFERENCE).then(|| (patched - other) / difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_keep_their_sign() {
        assert_eq!(ablation_effect(3.0, 1.0), 2.0);
        assert_eq!(ablation_effect(1.0, 3.0), -2.0);
    }

    #[test]
    fn a_patch_restores_none_all_or_more() {
        for (patched, expected) in [(-1.0, 0.0), (3.0, 1.0), (1.0, 0.5), (5.0, 1.5), (-3.0, -0.5)] {
            assert_eq!(restored_share(3.0, -1.0, patched), Some(expected));
        }
        assert_eq!(restored_share(1.0, 1.04, 2.0), None, "the inputs hardly differ");
        assert_eq!(restored_share(0.0, 0.25, 0.25), Some(0.0));
    }
}
