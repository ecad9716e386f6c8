//! Messages between the measuring page and the measuring worker.

use headlight::protocol::FileSource;
use serde::{Deserialize, Serialize};

/// Something to do once, against the clock.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Task {
    /// Multiply and add in registers.
    Peak,
    /// Read memory that no cache holds.
    Read,
    /// The matrix products of all layers of GPT-2 small on 128 tokens, by our kernel or candle's.
    Linears {
        /// candle's matmul on contiguous f32 tensors.
        by_candle: bool,
    },
    /// One of the other kernels, with the shapes and the count of a run of 128 tokens.
    Kernel {
        /// Whose run.
        shape: Shape,
        /// The kernel.
        kernel: Kernel,
    },
    /// 128 rows through matrices of this format.
    Prefill(Format),
    /// One row through matrices of this format.
    Decode {
        /// The format.
        format: Format,
        /// A few rows that stay in cache, again and again, instead of matrices that no cache holds.
        in_cache: bool,
    },
    /// Reading config.json and tokenizer.json, or the head of a GGUF file, to a tokenizer and a plan.
    Tokenizer {
        /// All files of the model.
        files: Vec<FileSource>,
    },
}

/// The sizes of a model.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Shape {
    /// 12 layers, 12 heads of 64, LayerNorm, gelu's tanh approximation.
    Gpt2Small,
    /// 6 layers, 12 heads of 32, LayerNorm after the sum, gelu.
    MiniLm,
    /// 30 layers, 9 heads of 64 over 3, RMSNorm, SiLU gate, rotary positions.
    SmolLm2,
}

/// A kernel other than the matrix product.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Kernel {
    /// With scale and mask.
    Softmax,
    /// LayerNorm or RMSNorm.
    Norm,
    /// gelu, its tanh approximation, or the SiLU gate.
    Activation,
    /// Of queries and keys.
    Rotary,
}

/// How weights are held.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[allow(non_camel_case_types, reason = "the names of the formats")]
pub enum Format {
    /// Packed f32.
    F32,
    /// Half precision.
    F16,
    /// 8.5 bits a weight.
    Q8_0,
    /// 4.5 bits a weight.
    Q4_0,
    /// 5 bits a weight.
    Q4_1,
    /// 4.5 bits a weight.
    Q4_K,
    /// 6.6 bits a weight.
    Q6_K,
}

/// How long a task took.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Took {
    /// By the worker's clock.
    pub ms: f64,
    /// Multiplications and additions; for [`Task::Read`] none.
    pub flop: f64,
    /// Bytes of weights or of memory read.
    pub bytes: f64,
}
