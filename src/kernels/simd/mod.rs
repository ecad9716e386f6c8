//! Four lanes at a time: the only place that names instructions.
//!
//! In the browser a value is one v128 register; elsewhere it is an array, which compilers turn into vectors by themselves. Both do
//! the same operations in the same order, so a kernel tested natively is the one that ships. No lane-crossing sums but
//! [`F32x4::sum`], no fused multiply-add: Chromium compiles the relaxed form less well than mul + add.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod browser;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use browser::{F32x4, U32x4};
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use portable::{F32x4, U32x4};

/// Four lanes of each of four vectors, rows and columns exchanged.
#[inline(always)]
pub fn transposed(rows: [F32x4; 4]) -> [F32x4; 4] {
    let [a, b, c, d] = rows;
    let (ab, ab_high) = (a.zip_low(b), a.zip_high(b));
    let (cd, cd_high) = (c.zip_low(d), c.zip_high(d));
    [ab.low_halves(cd), ab.high_halves(cd), ab_high.low_halves(cd_high), ab_high.high_halves(cd_high)]
}

impl F32x4 {
    /// Four equal lanes of 0.
    pub const ZERO: Self = Self::of([0.0; 4]);

    /// The first four of a longer slice; missing ones are `pad`.
    #[inline(always)]
    pub fn load_padded(values: &[f32], pad: f32) -> Self {
        let mut four = [pad; 4];
        four[..values.len().min(4)].copy_from_slice(&values[..values.len().min(4)]);
        Self::load(&four)
    }

    /// The sum of the lanes, in pairs.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.lanes();
        (a + c) + (b + d)
    }

    /// The four lanes as an array.
    #[inline(always)]
    pub fn lanes(self) -> [f32; 4] {
        let mut four = [0.0; 4];
        self.store(&mut four);
        four
    }
}
