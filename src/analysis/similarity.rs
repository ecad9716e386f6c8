//! Similarity of two texts to a sentence embedder: the cosine of two embeddings, each the mean of the last stream over all
//! tokens, special tokens included (docs/methods.md, "Similarity of two texts").

/// Mean over all positions of a stream [pos, d_model], in f64.
pub fn mean_pooled(stream: &[f32], d_model: usize) -> Vec<f64> {
    let mut mean = vec![0.0; d_model];
    let rows = stream.chunks_exact(d_model.max(1));
    let n_rows = rows.len().max(1) as f64;
    for row in rows {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    mean.iter_mut().for_each(|mean| *mean /= n_rows);
    mean
}

/// Cosine of the angle between two vectors; `None` where one has no length.
pub fn cosine(one: &[f64], other: &[f64]) -> Option<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(one, one) * dot(other, other)).sqrt();
    (lengths > 0.0).then(|| (dot(one, other) / lengths).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_and_compared() {
        let one = mean_pooled(&[1.0, 0.0, 3.0, 2.0], 2);
        assert_eq!(one, [2.0, 1.0]);
        assert_eq!(cosine(&one, &[4.0, 2.0]), Some(1.0));
        assert_eq!(cosine(&one, &[-1.0, 2.0]), Some(0.0));
        assert_eq!(cosine(&one, &[0.0, 0.0]), None);
    }
}
