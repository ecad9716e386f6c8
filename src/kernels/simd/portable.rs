//! An array of four.

use std::array::from_fn;
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Sub};

/// Four f32.
#[derive(Clone, Copy, Debug)]
pub struct F32x4([f32; 4]);

/// Four u32; sums wrap.
#[derive(Clone, Copy, Debug)]
pub struct U32x4([u32; 4]);

impl F32x4 {
    /// Lanes known when compiling.
    pub const fn of(lanes: [f32; 4]) -> Self {
        Self(lanes)
    }

    /// Four equal lanes.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    /// Loads four numbers from memory.
    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Self {
        Self(*values)
    }

    /// Stores four numbers to memory.
    #[inline(always)]
    pub fn store(self, values: &mut [f32; 4]) {
        *values = self.0;
    }

    /// The larger of each pair.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(from_fn(|lane| if self.0[lane] < other.0[lane] { other.0[lane] } else { self.0[lane] }))
    }

    /// The smaller of each pair.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(from_fn(|lane| if other.0[lane] < self.0[lane] { other.0[lane] } else { self.0[lane] }))
    }

    /// All bits where the lane is larger than the other's.
    #[inline(always)]
    pub fn is_over(self, other: Self) -> U32x4 {
        U32x4(from_fn(|lane| if self.0[lane] > other.0[lane] { u32::MAX } else { 0 }))
    }

    /// Takes this vector's bits where the mask has ones, the other's elsewhere.
    #[inline(always)]
    pub fn where_set(self, mask: U32x4, other: Self) -> Self {
        Self(from_fn(|lane| {
            let (own, other) = (self.0[lane].to_bits(), other.0[lane].to_bits());
            f32::from_bits((own & mask.0[lane]) | (other & !mask.0[lane]))
        }))
    }

    /// Reads the bits as integers.
    #[inline(always)]
    pub fn to_bits(self) -> U32x4 {
        U32x4(self.0.map(f32::to_bits))
    }

    /// a0 b0 a1 b1
    #[inline(always)]
    pub fn zip_low(self, other: Self) -> Self {
        Self([self.0[0], other.0[0], self.0[1], other.0[1]])
    }

    /// a2 b2 a3 b3
    #[inline(always)]
    pub fn zip_high(self, other: Self) -> Self {
        Self([self.0[2], other.0[2], self.0[3], other.0[3]])
    }

    /// a0 a1 b0 b1
    #[inline(always)]
    pub fn low_halves(self, other: Self) -> Self {
        Self([self.0[0], self.0[1], other.0[0], other.0[1]])
    }

    /// a2 a3 b2 b3
    #[inline(always)]
    pub fn high_halves(self, other: Self) -> Self {
        Self([self.0[2], self.0[3], other.0[2], other.0[3]])
    }
}

impl U32x4 {
    /// Four equal lanes.
    #[inline(always)]
    pub fn splat(value: u32) -> Self {
        Self([value; 4])
    }

    /// Loads from little-endian memory.
    #[inline(always)]
    pub fn load(bytes: &[u8; 16]) -> Self {
        Self(from_fn(|lane| u32::from_le_bytes(from_fn(|byte| bytes[4 * lane + byte]))))
    }

    /// Towards the low bits.
    #[inline(always)]
    pub fn shift_down<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane >> BITS))
    }

    /// Towards the low bits, the highest bit filling up.
    #[inline(always)]
    pub fn shift_down_signed<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| (lane.cast_signed() >> BITS).cast_unsigned()))
    }

    /// Towards the high bits.
    #[inline(always)]
    pub fn shift_up<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane << BITS))
    }

    /// The nearest f32 of each lane read as i32.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(self.0.map(|lane| lane.cast_signed() as f32))
    }

    /// Reads the bits as f32.
    #[inline(always)]
    pub fn as_f32(self) -> F32x4 {
        F32x4(self.0.map(f32::from_bits))
    }

    /// Keeps the bits where the other has none.
    #[inline(always)]
    pub fn and_not(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] & !other.0[lane]))
    }

    /// The smaller of each pair of 16-bit halves.
    #[inline(always)]
    pub fn min_halves(self, other: Self) -> Self {
        Self(from_fn(|lane| {
            let (a, b) = (self.0[lane], other.0[lane]);
            (a >> 16).min(b >> 16) << 16 | (a & 0xffff).min(b & 0xffff)
        }))
    }

    /// Whether any of the eight halves of lanes is 0.
    #[inline(always)]
    pub fn has_zero_half(self) -> bool {
        self.0.iter().any(|lane| lane & 0xffff == 0 || lane >> 16 == 0)
    }
}

macro_rules! operator {
    ($vector:ident, $operator:ident, $method:ident, |$a:ident, $b:ident| $result:expr) => {
        impl $operator for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|lane| {
                    let ($a, $b) = (self.0[lane], other.0[lane]);
                    $result
                }))
            }
        }
    };
}

operator!(F32x4, Add, add, |a, b| a + b);
operator!(F32x4, Sub, sub, |a, b| a - b);
operator!(F32x4, Mul, mul, |a, b| a * b);
operator!(F32x4, Div, div, |a, b| a / b);
operator!(U32x4, Add, add, |a, b| a.wrapping_add(b));
operator!(U32x4, BitAnd, bitand, |a, b| a & b);
operator!(U32x4, BitOr, bitor, |a, b| a | b);
operator!(U32x4, BitXor, bitxor, |a, b| a ^ b);
