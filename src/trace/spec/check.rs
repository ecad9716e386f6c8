//! Whether the sizes of a structure agree with each other, and its numbers can be computed with.
//!
//! Whoever reads a structure from elsewhere (a trace, a configuration) checks it here once; attention, rotation and views
//! then divide, multiply and make room by it without looking again.

use super::{Rotary, RotaryScaling, Spec};

/// The most layers, and heads of a layer.
pub const MAX_DEPTH: usize = 4_096;

/// The widest stream, head and MLP, and all heads of a layer together: products of two sizes stay far below 2³², which is all
/// that a browser's `usize` holds.
const MAX_WIDTH: usize = 1 << 20;

/// The largest vocabulary: 64 times the largest of published models.
const MAX_VOCAB: usize = 1 << 24;

/// The most labels of a classifier.
const MAX_LABELS: usize = 1 << 16;

/// Bytes of a label, of all labels together, and of the name of an architecture: all of them are shown.
const MAX_LABEL: usize = 1 << 10;
const MAX_LABELS_TOGETHER: usize = 1 << 20;
const MAX_ARCHITECTURE: usize = 128;

/// The most experts of all layers together: each has tensors that are looked for before anything is read.
const MAX_EXPERTS: usize = 1 << 16;

/// The longest input that a rotation is asked for.
const MAX_POSITIONS: usize = 1 << 20;

/// A size or number of a structure that does not fit the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}, found {found}")]
pub struct SpecFault {
    /// Which field, as it is named in JSON.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Spec {
    /// Checks the structure, its encoder's included.
    ///
    /// # Errors
    /// The first field that does not fit.
    pub fn check(&self) -> Result<(), SpecFault> {
        self.check_stack()?;
        let Some(encoder) = &self.encoder else { return Ok(()) };
        if encoder.encoder.is_some() {
            return Err(fault("encoder.encoder", "none: an encoder reads no other encoder", "one"));
        }
        encoder.check_stack().map_err(|fault| SpecFault { field: format!("encoder.{}", fault.field), ..fault })
    }

    fn check_stack(&self) -> Result<(), SpecFault> {
        let label_lens = || self.labels.iter().flat_map(|head| &head.names).map(String::len);
        for (field, found, least, most) in [
            ("bytes of architecture", self.architecture.len(), 0, MAX_ARCHITECTURE),
            ("bytes of a label in labels.names", label_lens().max().unwrap_or(0), 0, MAX_LABEL),
            ("bytes of labels.names", label_lens().sum(), 0, MAX_LABELS_TOGETHER),
            ("n_layers", self.n_layers, 1, MAX_DEPTH),
            ("n_heads", self.n_heads, 1, MAX_DEPTH),
            ("n_key_value_heads", self.n_key_value_heads, 1, MAX_DEPTH),
            ("d_head", self.d_head, 1, MAX_WIDTH),
            ("n_heads × d_head", self.n_heads.saturating_mul(self.d_head), 1, MAX_WIDTH),
            ("d_model", self.d_model, 1, MAX_WIDTH),
            ("d_mlp", self.d_mlp, 0, MAX_WIDTH),
            ("d_embed", self.embed_width(), 1, MAX_WIDTH),
            ("d_vocab", self.d_vocab, 0, MAX_VOCAB),
            ("labels.names", self.labels.as_ref().map_or(1, |head| head.names.len()), 1, MAX_LABELS),
            ("local.layers", self.local.as_ref().map_or(0, |local| local.layers.len()), 0, MAX_DEPTH),
            ("unrotated_layers", self.unrotated_layers.len(), 0, MAX_DEPTH),
            ("relative_bias.n_buckets", self.relative_bias.map_or(0, |bias| bias.n_buckets), 0, MAX_WIDTH),
        ] {
            if found < least || found > most {
                return Err(fault(field, &format!("{least} to {most}"), &found.to_string()));
            }
        }
        if !self.n_heads.is_multiple_of(self.n_key_value_heads) {
            let expected = format!("a divisor of the {} query heads", self.n_heads);
            return Err(fault("n_key_value_heads", &expected, &self.n_key_value_heads.to_string()));
        }
        if let Some(experts) = &self.experts {
            for (field, found, least, most) in [
                ("experts.layers", experts.layers.len(), 1, self.n_layers),
                ("experts.n_experts", experts.n_experts, 1, MAX_DEPTH),
                ("experts.n_per_token", experts.n_per_token, 1, experts.n_experts),
                ("experts of all layers", experts.layers.len().saturating_mul(experts.n_experts), 1, MAX_EXPERTS),
                ("experts.d_mlp", experts.d_mlp, 1, MAX_WIDTH),
                ("experts.d_shared", experts.d_shared, 0, MAX_WIDTH),
            ] {
                if found < least || found > most {
                    return Err(fault(field, &format!("{least} to {most}"), &found.to_string()));
                }
            }
            experts.limit.map_or(Ok(()), |limit| positive("experts.limit", limit))?;
        }
        if let Some(kind) = &self.disentangled {
            let least = if kind.n_buckets > 0 { kind.n_buckets / 2 + 2 } else { 1 };
            if kind.n_buckets > MAX_WIDTH || kind.n_buckets == 1 {
                return Err(fault("disentangled.n_buckets", "0 or 2 to 1048576", &kind.n_buckets.to_string()));
            }
            if kind.max_distance < least || kind.max_distance > MAX_WIDTH {
                let expected = format!("{least} to {MAX_WIDTH}");
                return Err(fault("disentangled.max_distance", &expected, &kind.max_distance.to_string()));
            }
        }
        if let Some(conv) = self.conv.filter(|conv| conv.kernel % 2 == 0 || conv.kernel > MAX_DEPTH) {
            return Err(fault("conv.kernel", &format!("an odd number up to {MAX_DEPTH}"), &conv.kernel.to_string()));
        }
        if self.pad_id.is_some() && self.pos_offset == 0 {
            return Err(fault("pos_offset", "at least 1, since padding reads the row before", "0"));
        }
        finite("attn_scale", self.attn_scale)?;
        self.resid_scale.map_or(Ok(()), |scale| finite("resid_scale", scale))?;
        for (field, cap) in
            [("attn_softcap", self.attn_softcap), ("logit_softcap", self.logit_softcap), ("clip_qkv", self.clip_qkv)]
        {
            cap.map_or(Ok(()), |cap| positive(field, cap))?;
        }
        if let Some(rotary) = self.rotary() {
            rotary.check("positions.rotary", self.d_head)?;
        }
        let local = self.local.as_ref().and_then(|local| local.rotary.as_ref());
        local.map_or(Ok(()), |rotary| rotary.check("local.rotary", self.d_head))
    }
}

impl Rotary {
    fn check(&self, field: &str, d_head: usize) -> Result<(), SpecFault> {
        let field = |name: &str| format!("{field}.{name}");
        // Rounded up to whole pairs. Not by `n_pairs`: nothing is multiplied before it is known to be small.
        if self.dims == 0 || self.dims > d_head || self.dims.next_multiple_of(2) > d_head {
            let expected = format!("1 to {d_head}, the neurons of a head, in pairs");
            return Err(fault(&field("dims"), &expected, &self.dims.to_string()));
        }
        positive(&field("theta"), self.theta)?;
        let lists: &[(&str, &[f64])] = match &self.scaling {
            RotaryScaling::LongRope { short, long, .. } => &[("scaling.short", short), ("scaling.long", long)],
            RotaryScaling::Divisors { divisors, .. } => &[("scaling.divisors", divisors)],
            _ => &[],
        };
        for (name, list) in lists {
            if list.len() != self.n_pairs() {
                let expected = format!("{} numbers, one per pair of neurons", self.n_pairs());
                return Err(fault(&field(name), &expected, &list.len().to_string()));
            }
        }
        if !self.magnitude().is_finite() {
            return Err(fault(&field("scaling.magnitude"), "a number that f32 holds", "one that it does not"));
        }
        for n_pos in [1, MAX_POSITIONS] {
            let is_wrong = |frequency: &f64| !(frequency * MAX_POSITIONS as f64).is_finite();
            if let Some(found) = self.frequencies(n_pos).into_iter().find(is_wrong) {
                let expected = "factors that give finite frequencies";
                return Err(fault(&field("scaling"), expected, &format!("{found} radians per position")));
            }
        }
        Ok(())
    }
}

fn finite(field: &str, number: f64) -> Result<(), SpecFault> {
    if (number as f32).is_finite() {
        return Ok(());
    }
    Err(fault(field, "a number that f32 holds", &number.to_string()))
}

fn positive(field: &str, number: f64) -> Result<(), SpecFault> {
    finite(field, number)?;
    if number as f32 > 0.0 { Ok(()) } else { Err(fault(field, "a number above 0", &number.to_string())) }
}

fn fault(field: &str, expected: &str, found: &str) -> SpecFault {
    SpecFault { field: field.to_owned(), expected: expected.to_owned(), found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::spec::{
        Activation, Conv, Disentangled, Experts, LabelHead, LabelKind, LabelReads, Local, Positions,
    };

    fn whole() -> Spec {
        Spec {
            architecture: "llama".to_owned(),
            n_layers: 2,
            n_heads: 6,
            n_key_value_heads: 3,
            d_model: 24,
            d_head: 4,
            d_vocab: 9,
            ..Spec::default()
        }
    }

    fn rotated(rotary: Rotary) -> Spec {
        Spec { positions: Positions::Rotary(rotary), ..whole() }
    }

    fn labelled(names: &[String]) -> Spec {
        let (kind, reads) = (LabelKind::OneOf, LabelReads::First);
        let head = LabelHead { names: names.to_vec(), kind, reads, activation: None, is_normed: false };
        Spec { labels: Some(head), ..whole() }
    }

    fn disentangled(n_buckets: usize, max_distance: usize) -> Spec {
        let (content_to_position, position_to_content) = (true, true);
        let kind = Disentangled { n_buckets, max_distance, content_to_position, position_to_content };
        Spec { disentangled: Some(kind), ..whole() }
    }

    fn experts_of(layers: Vec<usize>, n_experts: usize, n_per_token: usize, d_mlp: usize) -> Spec {
        let experts = Experts { layers, n_experts, n_per_token, d_mlp, d_shared: 0, sums_to_one: true, limit: None };
        Spec { experts: Some(experts), ..whole() }
    }

    fn experts(n_experts: usize, n_per_token: usize, d_mlp: usize) -> Spec {
        experts_of(vec![0], n_experts, n_per_token, d_mlp)
    }

    fn rotary(dims: usize, scaling: RotaryScaling) -> Rotary {
        Rotary { theta: 1e4, dims, scaling, pairing: Default::default() }
    }

    #[test]
    fn structures_of_models_pass() {
        let long =
            RotaryScaling::LongRope { short: vec![1.0; 2], long: vec![8.0; 2], original_n_ctx: 4, magnitude: 1.0 };
        let two_stacks = Spec { encoder: Some(Box::new(whole())), ..whole() };
        let linear = rotary(3, RotaryScaling::Linear { factor: 4.0 });
        for spec in
            [whole(), rotated(rotary(4, RotaryScaling::None)), rotated(rotary(4, long)), two_stacks, rotated(linear)]
        {
            assert_eq!(spec.check(), Ok(()));
        }
    }

    #[test]
    fn sizes_that_do_not_fit_each_other_are_named() {
        let local = Local { layers: vec![0], reach: 1, rotary: Some(rotary(6, RotaryScaling::None)) };
        let nested = Spec { encoder: Some(Box::new(whole())), ..whole() };
        let divisors = RotaryScaling::Divisors { divisors: vec![1.0], magnitude: 1.0 };
        let cases = [
            (Spec { n_heads: 5, ..whole() }, "n_key_value_heads: expected a divisor of the 5 query heads, found 3"),
            (Spec { n_heads: 2, ..whole() }, "n_key_value_heads: expected a divisor of the 2 query heads, found 3"),
            (Spec { n_key_value_heads: 0, ..whole() }, "n_key_value_heads: expected 1 to 4096, found 0"),
            (Spec { n_layers: usize::MAX, ..whole() }, "n_layers: expected 1 to 4096, found"),
            (Spec { d_head: 0, ..whole() }, "d_head: expected 1 to"),
            (Spec { d_head: 1 << 19, ..whole() }, "n_heads × d_head: expected 1 to"),
            (Spec { d_head: usize::MAX, ..whole() }, "d_head: expected 1 to"),
            (Spec { d_vocab: 1 << 25, ..whole() }, "d_vocab: expected 0 to"),
            (
                Spec { architecture: "a".repeat(1 << 20), ..whole() },
                "bytes of architecture: expected 0 to 128, found 1048576",
            ),
            (labelled(&["a".repeat(2_000)]), "bytes of a label in labels.names: expected 0 to 1024, found 2000"),
            (labelled(&vec!["a".repeat(1_000); 2_000]), "bytes of labels.names: expected 0 to 1048576, found 2000000"),
            (disentangled(1, 9), "disentangled.n_buckets: expected 0 or 2 to 1048576, found 1"),
            (disentangled(8, 5), "disentangled.max_distance: expected 6 to 1048576, found 5"),
            (disentangled(0, 0), "disentangled.max_distance: expected 1 to 1048576, found 0"),
            (
                Spec { conv: Some(Conv { kernel: 2, activation: Activation::Tanh }), ..whole() },
                "conv.kernel: expected an odd number up to 4096, found 2",
            ),
            (experts(8, 9, 4), "experts.n_per_token: expected 1 to 8, found 9"),
            (experts(0, 1, 4), "experts.n_experts: expected 1 to 4096, found 0"),
            (experts(8, 2, 0), "experts.d_mlp: expected 1 to 1048576, found 0"),
            (
                Spec { n_layers: 4096, ..experts_of((0..4096).collect(), 4096, 1, 4) },
                "experts of all layers: expected 1 to 65536, found 16777216",
            ),
            (Spec { pad_id: Some(1), ..whole() }, "pos_offset: expected at least 1"),
            (Spec { attn_scale: 1e39, ..whole() }, "attn_scale: expected a number that f32 holds, found 1"),
            (Spec { attn_softcap: Some(0.0), ..whole() }, "attn_softcap: expected a number above 0, found 0"),
            (Spec { attn_softcap: Some(f64::NAN), ..whole() }, "attn_softcap: expected a number that f32 holds"),
            (Spec { clip_qkv: Some(-1.0), ..whole() }, "clip_qkv: expected a number above 0, found -1"),
            (Spec { resid_scale: Some(f64::INFINITY), ..whole() }, "resid_scale: expected a number that f32 holds"),
            (rotated(rotary(64, RotaryScaling::None)), "positions.rotary.dims: expected 1 to 4, the neurons of a head"),
            (rotated(rotary(1 << 31, RotaryScaling::None)), "positions.rotary.dims: expected 1 to 4"),
            (rotated(rotary(usize::MAX, RotaryScaling::None)), "positions.rotary.dims: expected 1 to 4"),
            (Spec { d_head: 3, ..rotated(rotary(3, RotaryScaling::None)) }, "positions.rotary.dims: expected 1 to 3"),
            (rotated(rotary(0, RotaryScaling::None)), "positions.rotary.dims: expected 1 to 4"),
            (
                rotated(rotary(4, divisors)),
                "positions.rotary.scaling.divisors: expected 2 numbers, one per pair of neurons",
            ),
            (rotated(rotary(4, RotaryScaling::Linear { factor: 0.0 })), "positions.rotary.scaling: expected factors"),
            (
                rotated(Rotary { theta: -1.0, ..rotary(4, RotaryScaling::None) }),
                "positions.rotary.theta: expected a number above 0",
            ),
            (Spec { local: Some(local), ..whole() }, "local.rotary.dims: expected 1 to 4"),
            (Spec { encoder: Some(Box::new(nested)), ..whole() }, "encoder.encoder: expected none"),
            (
                Spec { encoder: Some(Box::new(Spec { n_heads: 5, ..whole() })), ..whole() },
                "encoder.n_key_value_heads: expected a divisor",
            ),
        ];
        for (spec, expected) in cases {
            let message = spec.check().expect_err(expected).to_string();
            assert!(message.starts_with(expected), "{message}\nexpected: {expected}");
        }
    }
}
