//! Writes small GGUF files, right ones and, by hand, wrong ones; reads the head of one.

use headlight::engine::files::Parsed;
use headlight::engine::files::gguf::{Gguf, parse_header};

/// A metadata value.
#[derive(Clone, Debug)]
pub enum Field {
    U32(u32),
    I32(i32),
    U64(u64),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
    F32s(Vec<f32>),
}

/// A tensor: its axes as the file has them (fastest first), type number, and data.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    pub dims: Vec<u64>,
    pub type_number: u32,
    pub data: Vec<u8>,
}

/// What goes into a file.
#[derive(Clone, Debug)]
pub struct GgufFile {
    pub version: u32,
    pub alignment: u64,
    pub fields: Vec<(String, Field)>,
    pub tensors: Vec<Tensor>,
}

impl Default for GgufFile {
    fn default() -> Self {
        GgufFile { version: 3, alignment: 32, fields: Vec::new(), tensors: Vec::new() }
    }
}

impl GgufFile {
    pub fn field(mut self, key: &str, value: Field) -> Self {
        self.fields.push((key.to_owned(), value));
        self
    }

    pub fn text(self, key: &str, value: &str) -> Self {
        self.field(key, Field::Text(value.to_owned()))
    }

    pub fn tensor(mut self, name: &str, dims: &[u64], type_number: u32, data: Vec<u8>) -> Self {
        self.tensors.push(Tensor { name: name.to_owned(), dims: dims.to_vec(), type_number, data });
        self
    }

    /// An F32 tensor; `shape` row-major, as everywhere but in the file.
    pub fn f32(self, name: &str, shape: &[u64], values: &[f32]) -> Self {
        let dims: Vec<u64> = shape.iter().rev().copied().collect();
        self.tensor(name, &dims, 0, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let lens: Vec<u64> = self.tensors.iter().map(|tensor| tensor.data.len() as u64).collect();
        let (mut out, _) = self.header(&lens);
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(self.alignment as usize), 0);
            out.extend(&tensor.data);
        }
        out
    }

    /// What comes before the tensors, whose lengths are given, and the length of the whole file.
    pub fn header(&self, lens: &[u64]) -> (Vec<u8>, u64) {
        let mut out = Vec::new();
        out.extend(b"GGUF");
        out.extend(self.version.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.fields.len() as u64).to_le_bytes());
        for (key, value) in &self.fields {
            text(&mut out, key);
            value.write(&mut out);
        }
        let mut offset = 0u64;
        for (tensor, len) in self.tensors.iter().zip(lens) {
            text(&mut out, &tensor.name);
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor.dims.iter().for_each(|dim| out.extend(dim.to_le_bytes()));
            out.extend(tensor.type_number.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset = (offset + len).next_multiple_of(self.alignment);
        }
        let n_header = (out.len() as u64).next_multiple_of(self.alignment);
        (out, n_header + offset)
    }
}

impl Field {
    fn write(&self, out: &mut Vec<u8>) {
        fn array(out: &mut Vec<u8>, kind: u32, len: usize) {
            out.extend(9u32.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend((len as u64).to_le_bytes());
        }
        let mut scalar = |kind: u32, bytes: &[u8]| {
            out.extend(kind.to_le_bytes());
            out.extend(bytes);
        };
        match self {
            Field::U32(value) => scalar(4, &value.to_le_bytes()),
            Field::I32(value) => scalar(5, &value.to_le_bytes()),
            Field::F32(value) => scalar(6, &value.to_le_bytes()),
            Field::Bool(value) => scalar(7, &[u8::from(*value)]),
            Field::U64(value) => scalar(10, &value.to_le_bytes()),
            Field::Text(value) => {
                scalar(8, &[]);
                text(out, value);
            }
            Field::Texts(values) => {
                array(out, 8, values.len());
                values.iter().for_each(|value| text(out, value));
            }
            Field::I32s(values) => {
                array(out, 5, values.len());
                values.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }
            Field::F32s(values) => {
                array(out, 6, values.len());
                values.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// What the head of a file says.
pub fn parsed(bytes: &[u8]) -> Gguf {
    match parse_header("m.gguf", bytes.len() as u64, bytes).unwrap() {
        Parsed::Complete(gguf) => gguf,
        Parsed::Needs(n_bytes) => panic!("asks for {n_bytes}"),
    }
}
