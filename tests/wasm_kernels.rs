//! The kernels as browsers get them, with their vector instructions: products of every format against candle's widening and f64
//! sums, the rest against f64, compiled to wasm and run in Chromium.
#![cfg(target_arch = "wasm32")]
// Clippy knows tests by #[test], which these do not have.
#![allow(clippy::unwrap_used, clippy::type_complexity)]

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use headlight::engine::Weight;
use headlight::engine::files::DType;
use headlight::kernels::norm::{layer_norm, rms_norm};
use headlight::kernels::rotary::rotate;
use headlight::kernels::softmax::softmax_masked;
use headlight::kernels::{PackedRows, activation};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn values(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 + seed * 104_729) % 10_007) as f32 / 5_003.5 - 1.0).collect()
}

#[wasm_bindgen_test]
fn products_of_every_format() {
    // More inputs than are summed in one go, and no whole number of panels either way.
    let (n_out, n_in) = (21, 1024);
    let rows = values(n_out * n_in, 1);
    let tensor = Tensor::from_vec(rows.clone(), (n_out, n_in), &Device::Cpu).unwrap();
    let blocks = |dtype| {
        let q = QTensor::quantize(&tensor, dtype).unwrap();
        (q.data().unwrap().to_vec(), q.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap())
    };
    let halves: Vec<half::f16> = rows.iter().map(|&v| half::f16::from_f32(v * 1e-3)).collect();
    let cases: [(DType, (Vec<u8>, Vec<f32>)); 9] = [
        (DType::F32, (rows.iter().flat_map(|v| v.to_le_bytes()).collect(), rows.clone())),
        (
            DType::F16,
            (halves.iter().flat_map(|v| v.to_le_bytes()).collect(), halves.iter().map(|v| v.to_f32()).collect()),
        ),
        (DType::Q8_0, blocks(GgmlDType::Q8_0)),
        (DType::Q4_0, blocks(GgmlDType::Q4_0)),
        (DType::Q4_1, blocks(GgmlDType::Q4_1)),
        (DType::Q5_0, blocks(GgmlDType::Q5_0)),
        (DType::Q4_K, blocks(GgmlDType::Q4K)),
        (DType::Q5_K, blocks(GgmlDType::Q5K)),
        (DType::Q6_K, blocks(GgmlDType::Q6K)),
    ];
    for (dtype, (bytes, wide)) in cases {
        let mut weight = Weight::empty(n_out, n_in, &dtype).unwrap();
        weight.push_rows(0, &bytes);
        let mut row = vec![0.0; n_in];
        weight.copy_row(17, &mut row);
        assert_eq!(row, wide[17 * n_in..18 * n_in], "{dtype}");
        for n_rows in [1, 2, 3, 4, 9] {
            let x = values(n_rows * n_in, 5 + n_rows);
            for inputs in [0..n_in, 40..n_in - 100] {
                let y = weight.matmul(&PackedRows::pack(&x, n_in, inputs.clone()), inputs.clone());
                for (index, &found) in y.iter().enumerate() {
                    let (x, weights) = (&x[index / n_out * n_in..], &wide[index % n_out * n_in..]);
                    let terms = || inputs.clone().map(|i| f64::from(x[i]) * f64::from(weights[i]));
                    let (exact, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
                    assert!((f64::from(found) - exact).abs() < 1e-6 * size, "{dtype}, {n_rows} rows: {found} {exact}");
                }
            }
        }
    }
}

#[wasm_bindgen_test]
fn activations_agree_with_f64() {
    let x: Vec<f32> = (-20_001..20_000).map(|step| step as f32 * 1e-3).chain([-1e4, 1e4]).collect();
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let slope = (2.0 / std::f64::consts::PI).sqrt();
    #[allow(clippy::type_complexity, reason = "a table of cases")]
    let cases: [(&str, activation::Activate, &dyn Fn(f64) -> f64); 4] = [
        ("gelu", activation::gelu, &|x| 0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2))),
        ("gelu_tanh", activation::gelu_tanh, &|x| 0.5 * x * (1.0 + (slope * (x + 0.044715 * x.powi(3))).tanh())),
        ("silu", activation::silu, &|x| x * logistic(x)),
        ("tanh", activation::tanh, &|x: f64| x.tanh()),
    ];
    for (name, activate, exact) in cases {
        let mut found = x.clone();
        activate(&mut found);
        for (&x, found) in x.iter().zip(found) {
            let exact = exact(f64::from(x));
            assert!(
                (f64::from(found) - exact).abs() < 1e-6 * exact.abs().max(1.0),
                "{name}({x}) = {found}, not {exact}"
            );
        }
    }
}

#[wasm_bindgen_test]
fn rows_agree_with_f64() {
    for width in [1, 5, 64, 130] {
        let (x, weight, bias) = (values(width, 2), values(width, 3), values(width, 4));
        let wide: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        let mean = wide.iter().sum::<f64>() / width as f64;
        let variance = wide.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / width as f64;
        let square = wide.iter().map(|v| v * v).sum::<f64>() / width as f64;
        let (mut centred, mut scaled, mut softmax) = (x.clone(), x.clone(), x.clone());
        layer_norm(&x, &weight, &bias, 1e-5, &mut centred);
        rms_norm(&x, &weight, true, 1e-5, &mut scaled);
        softmax_masked(&x, width / 3..width, &mut softmax);
        let total: f64 = wide[width / 3..].iter().map(|v| v.exp()).sum();
        for i in 0..width {
            let (w, b) = (f64::from(weight[i]), f64::from(bias[i]));
            let cases = [
                (centred[i], (wide[i] - mean) / (variance + 1e-5).sqrt() * w + b),
                (scaled[i], wide[i] / (square + 1e-5).sqrt() * (1.0 + w)),
                (softmax[i], if i < width / 3 { 0.0 } else { wide[i].exp() / total }),
            ];
            for (found, exact) in cases {
                assert!((f64::from(found) - exact).abs() < 1e-6 * exact.abs().max(1.0), "{width}: {found} {exact}");
            }
        }
    }
    let x = values(300 * 16, 9);
    let mut turned = x.clone();
    rotate(&mut turned, [2, 8], 7, &[1.0, 0.1, 0.01, 0.001], 1.0, false);
    for (index, (turned, x)) in turned.chunks(8).zip(x.chunks(8)).enumerate() {
        for (pair, frequency) in [1.0, 0.1, 0.01, 0.001f64].into_iter().enumerate() {
            let (sin, cos) = ((index / 2 + 7) as f64 * frequency).sin_cos();
            let (a, b) = (f64::from(x[pair]), f64::from(x[pair + 4]));
            assert!((f64::from(turned[pair]) - (a * cos - b * sin)).abs() < 1e-6, "position {}", index / 2 + 7);
            assert!((f64::from(turned[pair + 4]) - (b * cos + a * sin)).abs() < 1e-6, "position {}", index / 2 + 7);
        }
    }
}
