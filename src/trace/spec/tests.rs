//! Rotation, masks and defaults of the structure.

use super::*;
use crate::fields::Field;

fn frequencies(scaling: RotaryScaling, n_pos: usize) -> Vec<f64> {
    Rotary { theta: 500_000.0, dims: 128, scaling, pairing: Pairing::Halves }.frequencies(n_pos)
}

#[test]
fn stretched_frequencies() {
    let plain = frequencies(RotaryScaling::None, 1);
    assert_eq!(plain[0], 1.0);
    assert!((plain[32] - 500_000f64.powf(-0.5)).abs() < 1e-12);
    assert_eq!(frequencies(RotaryScaling::Linear { factor: 4.0 }, 1)[5], plain[5] / 4.0);
    let llama =
        RotaryScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_n_ctx: 8192 };
    let llama = frequencies(llama, 1);
    assert_eq!(llama[0], plain[0], "short wavelengths are kept");
    assert!((llama[63] - plain[63] / 8.0).abs() < 1e-15, "long ones are divided");
    assert!(llama.iter().zip(&plain).all(|(a, b)| a <= b));
}

#[test]
fn dynamic_scaling_begins_past_the_context() {
    let scaling = RotaryScaling::Dynamic { factor: 2.0, original_n_ctx: 100 };
    let plain = frequencies(RotaryScaling::None, 1);
    assert_eq!(frequencies(scaling.clone(), 100), plain);
    let longer = frequencies(scaling, 200);
    // base · (2 · 2 − 1)^(128 / 126), pair 32 of 64
    let theta = 500_000f64 * 3f64.powf(128.0 / 126.0);
    assert!((longer[32] - theta.powf(-0.5)).abs() < 1e-12);
    assert_eq!(longer[0], 1.0);
}

#[test]
fn yarn_keeps_what_turns_often_and_divides_what_turns_rarely() {
    let (factor, original_n_ctx) = (4.0, 4096);
    let scaling = |truncate| RotaryScaling::Yarn {
        factor,
        beta_fast: 32.0,
        beta_slow: 1.0,
        original_n_ctx,
        magnitude: 0.1 * 4f64.ln() + 1.0,
        truncate,
    };
    let (plain, yarn) = (frequencies(RotaryScaling::None, 1), frequencies(scaling(true), 1));
    // 128 · ln(4096 / (32 τ)) / (2 ln 500000) = 14.69…, 128 · ln(4096 / τ) / (2 ln 500000) = 31.59…
    assert_eq!(yarn[14], plain[14]);
    assert!(yarn[15] < plain[15]);
    assert!((yarn[32] - plain[32] / factor).abs() < 1e-15);
    let middle = 1.0 - (20.0 - 14.0) / (32.0 - 14.0);
    assert!((yarn[20] - plain[20] * (middle + (1.0 - middle) / factor)).abs() < 1e-12);
    assert!(frequencies(scaling(false), 1)[20] != yarn[20]);
}

#[test]
fn long_rope_has_a_list_for_long_inputs() {
    let (short, long) = (vec![1.0; 64], vec![2.0; 64]);
    let scaling = RotaryScaling::LongRope { short, long, original_n_ctx: 10, magnitude: 1.5 };
    let plain = frequencies(RotaryScaling::None, 1);
    assert_eq!(frequencies(scaling.clone(), 10), plain);
    assert_eq!(frequencies(scaling.clone(), 11)[7], plain[7] / 2.0);
    assert_eq!(Rotary { theta: 1e4, dims: 128, scaling, pairing: Pairing::Halves }.magnitude(), 1.5);
}

#[test]
fn what_a_query_sees() {
    let local =
        |mask, reach| Spec { mask, local: Some(Local { layers: vec![1], reach, rotary: None }), ..Spec::default() };
    let cases = [
        (local(Mask::Causal, 2), 0, 5, 0..6),
        (local(Mask::Causal, 2), 1, 5, 3..6),
        (local(Mask::Causal, 2), 1, 1, 0..2),
        (local(Mask::Bidirectional, 2), 0, 5, 0..8),
        (local(Mask::Bidirectional, 2), 1, 5, 3..8),
        (local(Mask::Bidirectional, 2), 1, 6, 4..8),
        (local(Mask::Bidirectional, usize::MAX), 1, 6, 0..8),
    ];
    for (spec, layer, query, expected) in cases {
        assert_eq!(spec.visible(layer, query, 8), expected, "{:?} layer {layer} query {query}", spec.mask);
    }
}

#[test]
fn each_layer_has_its_rotation() {
    let rotary = |theta| Rotary { theta, dims: 4, scaling: RotaryScaling::None, pairing: Pairing::Halves };
    let spec = Spec {
        positions: Positions::Rotary(rotary(1e6)),
        local: Some(Local { layers: vec![0], reach: 3, rotary: Some(rotary(1e4)) }),
        unrotated_layers: vec![2],
        ..Spec::default()
    };
    let theta = |layer| spec.rotary_of(layer).map(|rotary| rotary.theta);
    assert_eq!([theta(0), theta(1), theta(2)], [Some(1e4), Some(1e6), None]);
    assert!(spec.changes_queries(0) && !spec.changes_queries(2));
}

/// Traces written before a field existed are still read.
#[test]
fn newer_fields_have_defaults() {
    let mut json = serde_json::to_value(Spec::default()).unwrap();
    let fields = json.as_object_mut().unwrap();
    let older = "architecture n_layers n_heads n_key_value_heads d_model d_head d_mlp d_vocab n_ctx norm norm_eps \
                 norm_placement positions n_token_types mask attn_scale attn_scale_by_inverse_layer mlp activation unembed";
    let older: Vec<&str> = older.split_whitespace().collect();
    fields.retain(|field, _| older.contains(&field.as_str()));
    assert_eq!(fields.len(), older.len());
    assert_eq!(serde_json::from_value::<Spec>(json.clone()).unwrap(), Spec::default());
    assert_eq!(Spec::read(json).unwrap(), Spec::default());
}

/// What serde writes is read back, by every name of every kind.
#[test]
fn metadata_are_read_as_they_are_written() {
    let scalings = [
        RotaryScaling::None,
        RotaryScaling::Linear { factor: 2.0 },
        RotaryScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_n_ctx: 8192 },
        RotaryScaling::Dynamic { factor: 2.5, original_n_ctx: 2048 },
        RotaryScaling::Yarn {
            factor: 4.0,
            beta_fast: 32.0,
            beta_slow: 1.0,
            original_n_ctx: 32_768,
            magnitude: 1.138_629_436,
            truncate: true,
        },
        RotaryScaling::LongRope { short: vec![1.0, 1.5], long: vec![2.0, 4.25], original_n_ctx: 4096, magnitude: 1.19 },
        RotaryScaling::Divisors { divisors: vec![1.0, 3.5], magnitude: 1.1 },
    ];
    let rotary = |(index, scaling): (usize, &RotaryScaling)| {
        let pairing = if index.is_multiple_of(2) { Pairing::Halves } else { Pairing::Adjacent };
        Positions::Rotary(Rotary { theta: 1e4 + 0.5, dims: 8, scaling: scaling.clone(), pairing })
    };
    let others = [Positions::Learned, Positions::Sinusoidal, Positions::Alibi, Positions::None, Positions::Shortformer];
    let positions: Vec<Positions> = scalings.iter().enumerate().map(rotary).chain(others).collect();
    let pick = |n: usize| move |index: usize| index % n;
    let activations = [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::QuickGelu,
        Activation::Relu,
        Activation::Relu2,
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
    ];
    for (index, positions) in positions.iter().enumerate() {
        let (of_two, of_three, of_four, of_eight) = (pick(2)(index), pick(3)(index), pick(4)(index), pick(8)(index));
        let is_even = of_two == 0;
        let spec = Spec {
            architecture: "x".to_owned(),
            n_layers: index + 1,
            n_heads: 4,
            n_key_value_heads: 2,
            d_model: 32,
            d_head: 8,
            d_mlp: 64,
            d_vocab: 100,
            n_ctx: 512,
            norm: [NormKind::LayerNorm, NormKind::RmsNorm, NormKind::None][of_three],
            norm_eps: 1e-6,
            norm_placement: [
                NormPlacement::Pre,
                NormPlacement::PreAndOutput,
                NormPlacement::Output,
                NormPlacement::Post,
            ][of_four],
            positions: positions.clone(),
            n_token_types: of_three,
            mask: [Mask::Bidirectional, Mask::Causal][of_two],
            attn_scale: 0.353_553_390_593_273_8,
            attn_scale_by_inverse_layer: is_even,
            mlp: [MlpKind::Plain, MlpKind::Gated, MlpKind::None][of_three],
            activation: activations[of_eight],
            unembed: [Unembed::None, Unembed::Linear { tied: is_even }, Unembed::MaskedWord { tied: is_even }]
                [of_three],
            d_embed: is_even.then_some(16),
            embed_scale: is_even.then_some(5.656_854),
            token_dropout: is_even.then_some(4),
            embed_norm: is_even,
            pos_offset: of_four,
            pad_id: is_even.then_some(1),
            norm_adds_one: !is_even,
            block: [BlockKind::Sequential, BlockKind::Parallel, BlockKind::ParallelOneNorm][of_three],
            qk_norm: [None, Some(QkNorm::PerHead), Some(QkNorm::AllHeads), Some(QkNorm::EachHead)][of_four],
            local: is_even.then(|| Local { layers: vec![0, 2], reach: 7, rotary: None }),
            unrotated_layers: vec![index],
            relative_bias: is_even.then_some(RelativeBias { n_buckets: 32, max_distance: 128 }),
            disentangled: is_even.then_some(Disentangled {
                n_buckets: 256,
                max_distance: 512,
                content_to_position: true,
                position_to_content: false,
            }),
            conv: is_even.then_some(Conv { kernel: 3, activation: Activation::Gelu }),
            sinks: is_even,
            attn_softcap: is_even.then_some(50.0),
            experts: is_even.then(|| Experts {
                layers: vec![0, index],
                n_experts: 8,
                n_per_token: 2,
                d_mlp: 24,
                d_shared: of_three,
                sums_to_one: is_even,
                limit: is_even.then_some(7.0),
            }),
            logit_softcap: (!is_even).then_some(30.0),
            clip_qkv: is_even.then_some(8.0),
            resid_scale: (!is_even).then_some(0.22),
            logit_scale: is_even.then_some(0.125),
            head_activation: (!is_even).then_some(activations[of_eight]),
            labels: is_even.then(|| LabelHead {
                names: vec!["yes".to_owned(), "no".to_owned()],
                kind: LabelKind::OneOf,
                reads: LabelReads::Last { pad_id: Some(index as u32) },
                activation: Some(activations[of_eight]),
                is_normed: of_three == 0,
            }),
            encoder: is_even.then(|| Box::new(Spec::default())),
        };
        let read = Spec::read(serde_json::to_value(&spec).unwrap());
        assert_eq!(read, Ok(spec));
    }
}

#[test]
fn the_field_that_makes_no_structure_is_named() {
    let mut json = serde_json::to_value(Spec::default()).unwrap();
    json["positions"] = serde_json::json!({"rotary": {"theta": 1e4, "dims": 8, "scaling": {"stretched": {}}}});
    let wrong = Spec::read(json.clone()).unwrap_err();
    assert_eq!(wrong, "field \"positions\": field \"rotary\": field \"scaling\": unknown variant `stretched`");
    json["positions"] = "beside".into();
    let wrong = Spec::read(json).unwrap_err();
    assert_eq!(wrong, "field \"positions\": expected a way in which positions enter, found \"beside\"");
}
