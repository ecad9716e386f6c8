//! ggml's rarer formats against what gguf-py reads from the same blocks (`tests/fixtures/make_blocks.py`).

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use crate::support::{Tensors, fixture};
use headlight::kernels::{Blocks, Format, PackedRows};

const N_IN: usize = 256;

#[test]
fn rare_formats_are_read_as_ggml_reads_them() {
    let file = Tensors::open(&fixture("blocks.safetensors"));
    for (name, format) in [
        ("IQ4_NL", Format::Iq4Nl),
        ("IQ4_XS", Format::Iq4Xs),
        ("MXFP4", Format::Mxfp4),
        ("TQ1_0", Format::Tq1_0),
        ("TQ2_0", Format::Tq2_0),
    ] {
        let bytes: Vec<u8> = file.f32(&format!("{name}.bytes")).into_iter().map(|byte| byte as u8).collect();
        let values = file.f32(&format!("{name}.values"));
        let n_out = values.len() / N_IN;
        let mut blocks = Blocks::empty(format, n_out, N_IN).unwrap();
        blocks.push_rows(&bytes);
        assert_eq!(blocks.byte_len(), n_out * N_IN / format.block_len() * format.block_bytes(), "{name}");
        let mut row = vec![0.0; N_IN];
        for out in 0..n_out {
            blocks.copy_row(out, &mut row);
            assert_eq!(row, values[out * N_IN..(out + 1) * N_IN], "{name}, row {out}");
        }
        // One row of x and many go different ways.
        let x: Vec<f32> = (0..5 * N_IN).map(|i| ((i * 7919 % 1013) as f32 / 1013.0 - 0.5) * 0.3).collect();
        for n_rows in [1, 5] {
            let packed = PackedRows::pack(&x[..n_rows * N_IN], N_IN, 0..N_IN);
            let mut y = vec![0.0; n_rows * n_out];
            blocks.matmul(&packed, 0..N_IN, &mut y);
            for (index, found) in y.iter().enumerate() {
                let (row, out) = (index / n_out, index % n_out);
                let products = x[row * N_IN..].iter().zip(&values[out * N_IN..(out + 1) * N_IN]).map(|(x, w)| x * w);
                let (exact, size) = products.fold((0.0, 0.0), |(sum, size): (f32, f32), p| (sum + p, size + p.abs()));
                assert!((found - exact).abs() <= 1e-6 * size.max(1.0), "{name}, {n_rows} rows: {found} and {exact}");
            }
        }
    }
}
