//! The stream as numbers: how long it is, and how much its direction changes (docs/methods.md, "The stream").

/// The stream of one stack as numbers. Rows are the streams entering each layer, then the one leaving the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamTable {
    /// ‖x‖₂, [n_layers + 1, pos]; NaN where a source does not hold the stream, and where f32 does not hold its length.
    pub norms: Vec<f32>,
    /// Cosine to the stream one layer before, [n_layers + 1, pos]; NaN in the first row.
    pub cosines_before: Vec<f32>,
    /// Cosine to the stream leaving the last layer, [n_layers + 1, pos].
    pub cosines_output: Vec<f32>,
    /// ‖·‖₂ of what attention adds, that to an encoder included, [n_layers, pos]; empty where a source does not hold it.
    pub attn_norms: Vec<f32>,
    /// ‖·‖₂ of what the MLP adds, [n_layers, pos]; empty where there is no MLP or a source does not hold it.
    pub mlp_norms: Vec<f32>,
}

impl StreamTable {
    /// Norms and cosines of streams [pos, d_model], one for each layer and the last; empty ones are not known.
    pub fn of_streams(streams: &[&[f32]], n_pos: usize) -> Self {
        let width = |stream: &[f32]| stream.len().checked_div(n_pos).unwrap_or(0);
        let unknown = || vec![f32::NAN; n_pos];
        let (mut table, last) = (Self::default(), streams.last().copied().unwrap_or_default());
        for (index, stream) in streams.iter().enumerate() {
            let before = index.checked_sub(1).map_or(&[][..], |before| streams[before]);
            let to = |other: &[f32]| match other.len() == stream.len() && !other.is_empty() {
                true => cosines(other, stream, width(stream)),
                false => unknown(),
            };
            table.cosines_before.extend(to(before));
            table.cosines_output.extend(to(last));
            table.norms.extend(if stream.is_empty() { unknown() } else { norms(stream, width(stream)) });
        }
        table
    }
}

/// ‖x‖₂ of each row of a stream [pos, d_model]; NaN where it is beyond f32.
pub fn norms(stream: &[f32], d_model: usize) -> Vec<f32> {
    let norm = |row: &[f32]| Some(dot(row, row).sqrt() as f32).filter(|norm| norm.is_finite()).unwrap_or(f32::NAN);
    stream.chunks_exact(d_model.max(1)).map(norm).collect()
}

/// The cosine between each row of two streams [pos, d_model]; NaN where a row has no length.
pub fn cosines(one: &[f32], other: &[f32], d_model: usize) -> Vec<f32> {
    let rows = one.chunks_exact(d_model.max(1)).zip(other.chunks_exact(d_model.max(1)));
    let cosine = |(one, other): (&[f32], &[f32])| {
        let lengths = (dot(one, one) * dot(other, other)).sqrt();
        if lengths > 0.0 { (dot(one, other) / lengths).clamp(-1.0, 1.0) as f32 } else { f32::NAN }
    };
    rows.map(cosine).collect()
}

/// The product of two rows, added up in f64.
pub fn dot(one: &[f32], other: &[f32]) -> f64 {
    one.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_compares_each_stream_with_the_one_before_and_the_last() {
        let table = StreamTable::of_streams(&[&[1.0, 0.0], &[3.0, 4.0], &[0.0, 2.0]], 1);
        assert_eq!(table.norms, [1.0, 5.0, 2.0]);
        assert!(table.cosines_before[0].is_nan());
        assert!((table.cosines_before[1] - 0.6).abs() < 1e-6 && (table.cosines_before[2] - 0.8).abs() < 1e-6);
        assert_eq!(table.cosines_output, [0.0, 0.8, 1.0]);
        let without_last = StreamTable::of_streams(&[&[1.0, 0.0], &[]], 1);
        assert_eq!(without_last.norms[0], 1.0);
        assert!(without_last.norms[1].is_nan() && without_last.cosines_output.iter().all(|cosine| cosine.is_nan()));
    }

    #[test]
    fn lengths_and_directions_of_rows() {
        let stream = [3.0, 4.0, 0.0, 0.0];
        assert_eq!(norms(&stream, 2), [5.0, 0.0]);
        assert!(norms(&[f32::MAX; 2], 2)[0].is_nan() && norms(&[f32::MAX], 1) == [f32::MAX]);
        let found = cosines(&stream, &[6.0, 8.0, 1.0, 0.0], 2);
        assert!((found[0] - 1.0).abs() < 1e-6 && found[1].is_nan());
        assert_eq!(cosines(&[1.0, 0.0], &[0.0, 2.0], 2), [0.0]);
    }
}
