//! Measures matrix products: those of GPT-2 small by our kernel and by candle's, and those of each format of weights.

use crate::message::{Format, Took};
use crate::tasks::{N_TOKENS, Random, timed};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use headlight::kernels::{Blocks, Format as Kept, PackedRows, Panels};

const D_MODEL: usize = 768;
const D_MLP: usize = 3072;
const N_LAYERS: usize = 12;
/// (inputs, outputs, how many rows of x are packed anew): q, k, v share theirs.
const LAYER: [(usize, usize, bool); 6] = [
    (D_MODEL, D_MODEL, true),
    (D_MODEL, D_MODEL, false),
    (D_MODEL, D_MODEL, false),
    (D_MODEL, D_MODEL, true),
    (D_MODEL, D_MLP, true),
    (D_MLP, D_MODEL, true),
];

/// The weights of all layers, as panels and as candle's tensors.
pub struct Linears {
    inputs: Vec<f32>,
    panels: Vec<Panels>,
    tensors: Vec<Tensor>,
}

impl Linears {
    pub fn new() -> Result<Self, String> {
        let mut random = Random(1);
        let inputs = random.values(N_TOKENS * D_MLP);
        let (mut panels, mut tensors) = (Vec::new(), Vec::new());
        for (n_in, n_out, _) in (0..N_LAYERS).flat_map(|_| LAYER) {
            let rows = random.values(n_in * n_out);
            panels.push(Panels::pack(&rows, n_in));
            tensors.push(Tensor::from_vec(rows, (n_in, n_out), &Device::Cpu).map_err(|error| error.to_string())?);
        }
        Ok(Self { inputs, panels, tensors })
    }

    fn flop(&self) -> f64 {
        let all: usize = LAYER.iter().map(|(n_in, n_out, _)| n_in * n_out).sum();
        // Beyond wasm's usize.
        all as f64 * (2 * N_TOKENS * N_LAYERS) as f64
    }

    /// Measures our kernel, including the packing of x and the allocation of results.
    pub fn ours(&self) -> Took {
        let ms = timed(|| {
            let mut packed = PackedRows::pack(&[], 1, 0..1);
            let mut check = 0.0;
            for (panels, (n_in, n_out, is_new)) in self.panels.iter().zip(LAYER.iter().cycle()) {
                if *is_new {
                    packed = PackedRows::pack(&self.inputs[..N_TOKENS * n_in], *n_in, 0..*n_in);
                }
                let mut y = vec![0.0; N_TOKENS * n_out];
                panels.matmul(&packed, 0..*n_in, &mut y, *n_out, 0);
                check += y[y.len() / 2];
            }
            check
        });
        Took { ms, flop: self.flop(), bytes: 0.0 }
    }

    /// Measures candle's matmul on contiguous tensors, its fastest case.
    pub fn by_candle(&self) -> Result<Took, String> {
        let words = |error: candle_core::Error| error.to_string();
        let input = |width: usize| {
            Tensor::from_vec(self.inputs[..N_TOKENS * width].to_vec(), (N_TOKENS, width), &Device::Cpu).map_err(words)
        };
        let (narrow, wide) = (input(D_MODEL)?, input(D_MLP)?);
        let mut failed = None;
        let ms = timed(|| {
            for (tensor, (n_in, _, _)) in self.tensors.iter().zip(LAYER.iter().cycle()) {
                let x = if *n_in == D_MODEL { &narrow } else { &wide };
                failed = x.matmul(tensor).err().or(failed.take());
            }
            0.0
        });
        match failed {
            None => Ok(Took { ms, flop: self.flop(), bytes: 0.0 }),
            Some(error) => Err(words(error)),
        }
    }
}

/// Matrices of one format, an MLP's up and down projections in turn: too many for any cache.
pub struct Matrices {
    pub format: Format,
    inputs: Vec<f32>,
    up: Vec<Matrix>,
    down: Vec<Matrix>,
    /// A few rows, which stay in cache.
    few: Matrix,
}

#[derive(Clone)]
enum Matrix {
    Panels(Panels),
    Blocks(Blocks),
}

/// Pairs of matrices, and how many of them many rows pass.
const N_PAIRS: usize = 12;
const N_PREFILL: usize = 4;
const FEW_ROWS: usize = 64;
const FEW_ROUNDS: usize = 100;

impl Matrices {
    pub fn new(format: Format) -> Result<Self, String> {
        let mut random = Random(3);
        let up = Matrix::new(format, D_MODEL, D_MLP, &mut random)?;
        let down = Matrix::new(format, D_MLP, D_MODEL, &mut random)?;
        Ok(Self {
            format,
            inputs: random.values(N_TOKENS * D_MLP),
            up: vec![up; N_PAIRS],
            down: vec![down; N_PAIRS],
            few: Matrix::new(format, D_MODEL, FEW_ROWS, &mut random)?,
        })
    }

    /// 128 rows through some of them.
    pub fn prefill(&self) -> Took {
        self.through(N_TOKENS, N_PREFILL)
    }

    /// One row through all of them.
    pub fn decode(&self) -> Took {
        self.through(1, N_PAIRS)
    }

    fn through(&self, n_rows: usize, n_pairs: usize) -> Took {
        let ms = timed(|| {
            let mut check = 0.0;
            for (up, down) in self.up.iter().zip(&self.down).take(n_pairs) {
                check += up.times(&self.inputs[..n_rows * D_MODEL], D_MODEL, D_MLP);
                check += down.times(&self.inputs[..n_rows * D_MLP], D_MLP, D_MODEL);
            }
            check
        });
        let bytes: usize = self.up.iter().chain(&self.down).map(Matrix::byte_len).sum();
        let weights = (2 * n_pairs * D_MODEL * D_MLP) as f64;
        Took { ms, flop: (2 * n_rows) as f64 * weights, bytes: bytes as f64 * n_pairs as f64 / N_PAIRS as f64 }
    }

    /// One row through a few rows of weights, over and over.
    pub fn in_cache(&self) -> Took {
        let ms = timed(|| (0..FEW_ROUNDS).map(|_| self.few.times(&self.inputs[..D_MODEL], D_MODEL, FEW_ROWS)).sum());
        Took { ms, flop: (2 * FEW_ROUNDS * FEW_ROWS * D_MODEL) as f64, bytes: 0.0 }
    }
}

impl Matrix {
    fn new(format: Format, n_in: usize, n_out: usize, random: &mut Random) -> Result<Self, String> {
        let rows = random.values(n_in * n_out);
        let (kept, quantised) = match format {
            Format::F32 => return Ok(Matrix::Panels(Panels::pack(&rows, n_in))),
            Format::F16 => (Kept::F16, None),
            Format::Q8_0 => (Kept::Q8_0, Some(GgmlDType::Q8_0)),
            Format::Q4_0 => (Kept::Q4_0, Some(GgmlDType::Q4_0)),
            Format::Q4_1 => (Kept::Q4_1, Some(GgmlDType::Q4_1)),
            Format::Q4_K => (Kept::Q4K, Some(GgmlDType::Q4K)),
            Format::Q6_K => (Kept::Q6K, Some(GgmlDType::Q6K)),
        };
        let words = |error: candle_core::Error| error.to_string();
        let tensor = Tensor::from_vec(rows, (n_out, n_in), &Device::Cpu).map_err(words)?;
        let bytes = match quantised {
            Some(dtype) => QTensor::quantize(&tensor, dtype).and_then(|q| q.data().map(|data| data.to_vec())),
            None => tensor
                .to_dtype(DType::F16)
                .and_then(|t| t.flatten_all()?.to_vec1::<half::f16>())
                .map(|halves| halves.iter().flat_map(|half| half.to_le_bytes()).collect()),
        };
        let mut blocks = Blocks::empty(kept, n_out, n_in).ok_or("the shape is no whole number of blocks")?;
        blocks.push_rows(&bytes.map_err(words)?);
        Ok(Matrix::Blocks(blocks))
    }

    fn times(&self, x: &[f32], n_in: usize, n_out: usize) -> f32 {
        let packed = PackedRows::pack(x, n_in, 0..n_in);
        let mut y = vec![0.0; packed.n_rows() * n_out];
        match self {
            Matrix::Panels(panels) => panels.matmul(&packed, 0..n_in, &mut y, n_out, 0),
            Matrix::Blocks(blocks) => blocks.matmul(&packed, 0..n_in, &mut y),
        }
        y[y.len() / 2]
    }

    fn byte_len(&self) -> usize {
        match self {
            Matrix::Panels(panels) => panels.byte_len(),
            Matrix::Blocks(blocks) => blocks.byte_len(),
        }
    }
}
