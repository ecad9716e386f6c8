//! The inner kernel: a few rows times eight outputs, their sums in registers.

use super::matmul::PANEL;
use super::simd::F32x4;

/// Destination of a block's sums: `y` starts at the first one; of the matrix's `y_width` columns, `width` are written.
pub(super) struct Target<'a> {
    pub y: &'a mut [f32],
    pub y_width: usize,
    pub width: usize,
    /// Whether sums are added to the numbers in `y`.
    pub adds: bool,
}

/// Instruction set of the inner kernel.
#[derive(Clone, Copy)]
pub(super) enum Kernel {
    /// The instructions that the target guarantees: SSE2 natively, simd128 in the browser.
    Baseline,
    /// x86-64 with AVX2 and fused multiply-add, when the processor has them.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Kernel {
    /// The best instruction set of this processor.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return Kernel::Avx2;
        }
        Kernel::Baseline
    }

    /// Sums of `height` rows [n_in, height] times a panel [n_in, 8].
    pub fn run(self, height: usize, rows: &[f32], panel: &[f32], target: Target<'_>) {
        match self {
            Kernel::Baseline => match height {
                #[cfg(not(target_arch = "wasm32"))]
                6 => target.take(block::<6>(rows, panel)),
                #[cfg(not(target_arch = "wasm32"))]
                5 => target.take(block::<5>(rows, panel)),
                4 => target.take(block::<4>(rows, panel)),
                3 => target.take(block::<3>(rows, panel)),
                2 => target.take(block::<2>(rows, panel)),
                _ => target.take(block::<1>(rows, panel)),
            },
            // SAFETY: `best` is the only place that makes this value, and only where the processor has both features.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { run_avx2(height, rows, panel, target) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(height: usize, rows: &[f32], panel: &[f32], target: Target<'_>) {
    match height {
        6 => target.take(fused_block::<6>(rows, panel)),
        5 => target.take(fused_block::<5>(rows, panel)),
        4 => target.take(fused_block::<4>(rows, panel)),
        3 => target.take(fused_block::<3>(rows, panel)),
        2 => target.take(fused_block::<2>(rows, panel)),
        _ => target.take(fused_block::<1>(rows, panel)),
    }
}

impl Target<'_> {
    #[inline(always)]
    fn take<const H: usize>(self, sums: [[f32; PANEL]; H]) {
        for (lane, eight) in sums.iter().enumerate() {
            let out = &mut self.y[lane * self.y_width..];
            match out.first_chunk_mut::<PANEL>() {
                Some(out) if self.width == PANEL => {
                    for (out, sum) in out.iter_mut().zip(eight) {
                        *out = if self.adds { *out + sum } else { *sum };
                    }
                }
                _ => {
                    for (out, sum) in out[..self.width].iter_mut().zip(eight) {
                        *out = if self.adds { *out + sum } else { *sum };
                    }
                }
            }
        }
    }
}

/// Sums of `H` rows [n_in, H] times one panel [n_in, 8], held in registers throughout.
///
/// Through raw pointers: only so does the compiler know that addresses do not wrap and put constants into the loads; one step
/// at a time, since it would interleave several and run out of registers.
#[inline(always)]
fn block<const H: usize>(rows: &[f32], panel: &[f32]) -> [[f32; PANEL]; H] {
    let n_steps = (panel.len() / PANEL).min(rows.len() / H);
    let mut sums = [[F32x4::ZERO; 2]; H];
    let (mut weights, mut inputs) = (panel.as_ptr(), rows.as_ptr());
    for _ in 0..n_steps {
        // SAFETY: both slices hold n_steps steps, and each step reads its own and moves on by its length, at most to the end.
        unsafe {
            let (low, high) = (F32x4::load(&*weights.cast()), F32x4::load(&*weights.add(4).cast()));
            for (lane, sums) in sums.iter_mut().enumerate() {
                let input = F32x4::splat(*inputs.add(lane));
                sums[0] = sums[0] + input * low;
                sums[1] = sums[1] + input * high;
            }
            weights = weights.add(PANEL);
            inputs = inputs.add(H);
        }
    }
    sums.map(|[low, high]| {
        let mut eight = [0.0; PANEL];
        eight[..4].copy_from_slice(&low.lanes());
        eight[4..].copy_from_slice(&high.lanes());
        eight
    })
}

/// Sums of `H` rows times one panel with fused multiply-add, in eight lanes, which compilers turn into one register.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fused_block<const H: usize>(rows: &[f32], panel: &[f32]) -> [[f32; PANEL]; H] {
    let mut sums = [[0.0f32; PANEL]; H];
    let ((panel, _), (rows, _)) = (panel.as_chunks::<PANEL>(), rows.as_chunks::<H>());
    for (weights, inputs) in panel.iter().zip(rows) {
        for lane in 0..H {
            for out in 0..PANEL {
                sums[lane][out] = inputs[lane].mul_add(weights[out], sums[lane][out]);
            }
        }
    }
    sums
}
