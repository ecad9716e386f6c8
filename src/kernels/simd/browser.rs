//! A v128 register.

use core::arch::wasm32::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Sub};

/// Four f32.
#[derive(Clone, Copy, Debug)]
pub struct F32x4(v128);

/// Four u32; sums wrap.
#[derive(Clone, Copy, Debug)]
pub struct U32x4(v128);

impl F32x4 {
    /// Lanes known when compiling.
    pub const fn of([a, b, c, d]: [f32; 4]) -> Self {
        Self(f32x4(a, b, c, d))
    }

    /// Four equal lanes.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// Loads four numbers from memory.
    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Self {
        // SAFETY: the reference is to 16 readable bytes, and v128.load takes any alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    /// Stores four numbers to memory.
    #[inline(always)]
    pub fn store(self, values: &mut [f32; 4]) {
        // SAFETY: the reference is to 16 writable bytes, and v128.store takes any alignment.
        unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
    }

    /// The larger of each pair.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }

    /// The smaller of each pair.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    /// All bits where the lane is larger than the other's.
    #[inline(always)]
    pub fn is_over(self, other: Self) -> U32x4 {
        U32x4(f32x4_gt(self.0, other.0))
    }

    /// Takes this vector's bits where the mask has ones, the other's elsewhere.
    #[inline(always)]
    pub fn where_set(self, mask: U32x4, other: Self) -> Self {
        Self(v128_bitselect(self.0, other.0, mask.0))
    }

    /// Reads the bits as integers.
    #[inline(always)]
    pub fn to_bits(self) -> U32x4 {
        U32x4(self.0)
    }

    /// a0 b0 a1 b1
    #[inline(always)]
    pub fn zip_low(self, other: Self) -> Self {
        Self(i32x4_shuffle::<0, 4, 1, 5>(self.0, other.0))
    }

    /// a2 b2 a3 b3
    #[inline(always)]
    pub fn zip_high(self, other: Self) -> Self {
        Self(i32x4_shuffle::<2, 6, 3, 7>(self.0, other.0))
    }

    /// a0 a1 b0 b1
    #[inline(always)]
    pub fn low_halves(self, other: Self) -> Self {
        Self(i64x2_shuffle::<0, 2>(self.0, other.0))
    }

    /// a2 a3 b2 b3
    #[inline(always)]
    pub fn high_halves(self, other: Self) -> Self {
        Self(i64x2_shuffle::<1, 3>(self.0, other.0))
    }
}

impl U32x4 {
    /// Four equal lanes.
    #[inline(always)]
    pub fn splat(value: u32) -> Self {
        Self(u32x4_splat(value))
    }

    /// Loads from little-endian memory.
    #[inline(always)]
    pub fn load(bytes: &[u8; 16]) -> Self {
        // SAFETY: the reference is to 16 readable bytes, and v128.load takes any alignment.
        Self(unsafe { v128_load(bytes.as_ptr().cast()) })
    }

    /// Towards the low bits.
    #[inline(always)]
    pub fn shift_down<const BITS: u32>(self) -> Self {
        Self(u32x4_shr(self.0, BITS))
    }

    /// Towards the low bits, the highest bit filling up.
    #[inline(always)]
    pub fn shift_down_signed<const BITS: u32>(self) -> Self {
        Self(i32x4_shr(self.0, BITS))
    }

    /// Towards the high bits.
    #[inline(always)]
    pub fn shift_up<const BITS: u32>(self) -> Self {
        Self(u32x4_shl(self.0, BITS))
    }

    /// The nearest f32 of each lane read as i32.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(f32x4_convert_i32x4(self.0))
    }

    /// Reads the bits as f32.
    #[inline(always)]
    pub fn as_f32(self) -> F32x4 {
        F32x4(self.0)
    }

    /// Keeps the bits where the other has none.
    #[inline(always)]
    pub fn and_not(self, other: Self) -> Self {
        Self(v128_andnot(self.0, other.0))
    }

    /// The smaller of each pair of 16-bit halves.
    #[inline(always)]
    pub fn min_halves(self, other: Self) -> Self {
        Self(u16x8_min(self.0, other.0))
    }

    /// Whether any of the eight halves of lanes is 0.
    #[inline(always)]
    pub fn has_zero_half(self) -> bool {
        v128_any_true(i16x8_eq(self.0, i16x8_splat(0)))
    }
}

macro_rules! operator {
    ($vector:ident, $operator:ident, $method:ident, $instruction:ident) => {
        impl $operator for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self($instruction(self.0, other.0))
            }
        }
    };
}

operator!(F32x4, Add, add, f32x4_add);
operator!(F32x4, Sub, sub, f32x4_sub);
operator!(F32x4, Mul, mul, f32x4_mul);
operator!(F32x4, Div, div, f32x4_div);
operator!(U32x4, Add, add, i32x4_add);
operator!(U32x4, BitAnd, bitand, v128_and);
operator!(U32x4, BitOr, bitor, v128_or);
operator!(U32x4, BitXor, bitxor, v128_xor);
