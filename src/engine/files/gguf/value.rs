//! Metadata values of a GGUF file.

use super::cursor::{Cursor, Stop};

/// How deep arrays of arrays are read; no known file has any.
const MAX_DEPTH: usize = 4;

/// A metadata value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer of any width, signed or not; u64 above i64::MAX included.
    Integer(i128),
    /// F32 or F64.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    String(String),
    /// A list of one type.
    Array(Array),
}

/// A list in the metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Numbers or truth values, as they stand in the file.
    Scalars {
        /// Their type.
        kind: Scalar,
        /// Little-endian, one after another.
        bytes: Vec<u8>,
    },
    /// Texts.
    Strings(Vec<String>),
    /// Lists.
    Arrays(Vec<Array>),
}

/// The types of one value, by their number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Unsigned, one byte.
    U8,
    /// Signed, one byte.
    I8,
    /// Unsigned, two bytes.
    U16,
    /// Signed, two bytes.
    I16,
    /// Unsigned, four bytes.
    U32,
    /// Signed, four bytes.
    I32,
    /// IEEE 754, four bytes.
    F32,
    /// One byte, 0 or 1.
    Bool,
    /// Unsigned, eight bytes.
    U64,
    /// Signed, eight bytes.
    I64,
    /// IEEE 754, eight bytes.
    F64,
}

/// A type in the file.
enum Kind {
    Scalar(Scalar),
    String,
    Array,
}

impl Kind {
    fn read(cursor: &mut Cursor<'_>) -> Result<Kind, Stop> {
        use Scalar::*;
        const SCALARS: [Option<Scalar>; 13] = [
            Some(U8),
            Some(I8),
            Some(U16),
            Some(I16),
            Some(U32),
            Some(I32),
            Some(F32),
            Some(Bool),
            None,
            None,
            Some(U64),
            Some(I64),
            Some(F64),
        ];
        match cursor.u32()? {
            8 => Ok(Kind::String),
            9 => Ok(Kind::Array),
            number => match SCALARS.get(number as usize) {
                Some(Some(scalar)) => Ok(Kind::Scalar(*scalar)),
                _ => Err(cursor.refuse(&format!("the type of {}", cursor.reading), "0 to 12", number)),
            },
        }
    }

    /// The least one value takes in the file.
    fn min_bytes(&self) -> u64 {
        match self {
            Kind::Scalar(scalar) => scalar.size() as u64,
            Kind::String => 8,
            Kind::Array => 12,
        }
    }
}

impl Scalar {
    fn size(self) -> usize {
        match self {
            Scalar::U8 | Scalar::I8 | Scalar::Bool => 1,
            Scalar::U16 | Scalar::I16 => 2,
            Scalar::U32 | Scalar::I32 | Scalar::F32 => 4,
            Scalar::U64 | Scalar::I64 | Scalar::F64 => 8,
        }
    }

    /// One value from its little-endian bytes.
    fn value(self, bytes: &[u8]) -> Value {
        let mut wide = [0; 8];
        wide.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let bits = u64::from_le_bytes(wide);
        match self {
            Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => Value::Integer(bits.into()),
            Scalar::I8 => Value::Integer((bits as i8).into()),
            Scalar::I16 => Value::Integer((bits as i16).into()),
            Scalar::I32 => Value::Integer((bits as i32).into()),
            Scalar::I64 => Value::Integer((bits as i64).into()),
            Scalar::F32 => Value::Float(f32::from_bits(bits as u32).into()),
            Scalar::F64 => Value::Float(f64::from_bits(bits)),
            Scalar::Bool => Value::Bool(bits != 0),
        }
    }
}

impl Value {
    /// A type and a value of it.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Value, Stop> {
        match Kind::read(cursor)? {
            Kind::Scalar(scalar) => {
                let bytes = cursor.bytes(scalar.size() as u64)?;
                if scalar == Scalar::Bool && bytes[0] > 1 {
                    return Err(cursor.refuse(&cursor.reading, "0 or 1", bytes[0]));
                }
                Ok(scalar.value(bytes))
            }
            Kind::String => cursor.string().map(Value::String),
            Kind::Array => Array::read(cursor, 0).map(Value::Array),
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_u32(&self) -> Option<u32> {
        match self {
            Value::Integer(number) => u32::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn as_f32(&self) -> Option<f32> {
        match self {
            Value::Float(number) => Some(*number as f32),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub(super) fn as_strings(&self) -> Option<&[String]> {
        match self {
            Value::Array(Array::Strings(texts)) => Some(texts),
            _ => None,
        }
    }

    pub(super) fn as_integers(&self) -> Option<Vec<i64>> {
        self.scalars(|value| match value {
            Value::Integer(number) => i64::try_from(number).ok(),
            _ => None,
        })
    }

    pub(super) fn as_floats(&self) -> Option<Vec<f32>> {
        self.scalars(|value| value.as_f32())
    }

    fn scalars<T>(&self, convert: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
        match self {
            Value::Array(Array::Scalars { kind, bytes }) => {
                bytes.chunks_exact(kind.size()).map(|bytes| convert(kind.value(bytes))).collect()
            }
            _ => None,
        }
    }

    /// For messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Value::Integer(number) => format!("the integer {number}"),
            Value::Float(number) => format!("the floating point number {number}"),
            Value::Bool(truth) => truth.to_string(),
            Value::String(text) => format!("the string {:?}", text.chars().take(40).collect::<String>()),
            Value::Array(Array::Scalars { kind, bytes }) => {
                format!("an array of {} numbers of type {kind:?}", bytes.len() / kind.size())
            }
            Value::Array(Array::Strings(texts)) => format!("an array of {} strings", texts.len()),
            Value::Array(Array::Arrays(arrays)) => format!("an array of {} arrays", arrays.len()),
        }
    }
}

impl Array {
    fn read(cursor: &mut Cursor<'_>, depth: usize) -> Result<Array, Stop> {
        let kind = Kind::read(cursor)?;
        let n_values = cursor.u64()?;
        cursor.expect_room(&format!("the length of {}", cursor.reading), n_values, kind.min_bytes())?;
        match kind {
            Kind::Scalar(kind) => {
                let bytes = cursor.bytes(n_values * kind.size() as u64)?.to_vec();
                Ok(Array::Scalars { kind, bytes })
            }
            // Grown as they come: the bytes for all of them may not be there yet.
            Kind::String => (0..n_values).map(|_| cursor.string()).collect::<Result<_, _>>().map(Array::Strings),
            Kind::Array if depth == MAX_DEPTH => {
                Err(cursor.refuse(&cursor.reading, &format!("arrays at most {MAX_DEPTH} deep"), "a deeper one"))
            }
            Kind::Array => {
                (0..n_values).map(|_| Array::read(cursor, depth + 1)).collect::<Result<_, _>>().map(Array::Arrays)
            }
        }
    }
}
