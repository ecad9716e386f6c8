//! What positions add to scores in DeBERTa's disentangled attention (He et al. 2021): with c the content of a token and δ(i, j) the
//! place of a distance among the vectors of positions,
//!
//! ```text
//! score(i, j) = (q_i · k_j  +  q_i · pk[δ(i, j)]  +  k_j · pq[δ(i, j)]) · scale
//!               content →      content →             position →
//!               content        position              content
//! ```

use super::reverse::HeadGradients;
use super::{AttnLayer, Keys, SquarePart};
use crate::kernels::{PackedRows, Panels};
use crate::trace::BlockSite;
use crate::trace::spec::Disentangled;

/// Keys and queries of positions in one layer, [2 · span, n_heads · d_head] each; empty where the model has none.
#[derive(Clone, Debug, Default)]
pub struct PositionVectors {
    /// What queries of contents are multiplied with.
    pub keys: Vec<f32>,
    /// What keys of contents are multiplied with.
    pub queries: Vec<f32>,
}

/// Returns δ: the row of the vectors of positions that a query reads for a key `distance` positions before it (negative: after it).
/// Near distances have a row each, far ones share rows that widen logarithmically (Hugging Face `make_log_bucket_position`, whose
/// rounding in f32 is kept).
pub fn position_row(kind: &Disentangled, distance: isize) -> usize {
    let (away, middle) = (distance.unsigned_abs(), kind.n_buckets / 2);
    let away = if middle == 0 || away <= middle {
        away
    } else {
        let whole = ((kind.max_distance - 1) as f64 / middle as f64) as f32;
        let share = (away as f32 / middle as f32).ln() / whole.ln();
        ((share * (middle - 1) as f32).ceil() as usize).saturating_add(middle)
    };
    let span = kind.span();
    match distance < 0 {
        true => span.saturating_sub(away),
        false => span.saturating_add(away).min(2 * span - 1),
    }
}

/// The rows of the vectors of positions that a part of the scores reads, and for each row of scores those of its keys.
struct Places {
    first: usize,
    n: usize,
    /// By distance, from that of the first query to the last key on.
    rows: Vec<usize>,
}

impl Places {
    fn of(kind: &Disentangled, part: &SquarePart) -> Self {
        let distances = part.rows.start as isize - part.n_key as isize + 1..part.rows.end as isize;
        let rows: Vec<usize> = distances.map(|distance| position_row(kind, distance)).collect();
        let first = rows.first().copied().unwrap_or_default();
        let n = rows.last().map_or(0, |last| last + 1 - first);
        Self { first, n, rows: rows.into_iter().map(|row| row - first).collect() }
    }

    /// Calls `act` with each query's index, each key's, and the row between them.
    fn each(&self, part: &SquarePart, mut act: impl FnMut(usize, usize, usize)) {
        for query in 0..part.rows.len() {
            for key in 0..part.n_key {
                act(query, key, self.rows[query + part.n_key - 1 - key]);
            }
        }
    }
}

impl AttnLayer<'_> {
    /// What positions add to the scores of one head, [rows.len(), n_key], by the names of the parts. `queries` of all heads of the rows.
    pub(super) fn position_parts(&self, part: &SquarePart, queries: &[f32], keys: &Keys) -> Vec<(BlockSite, Vec<f32>)> {
        let (Some(kind), Some(vectors)) = (&self.spec.disentangled, self.positions) else { return Vec::new() };
        let (d_head, width) = (self.spec.d_head, self.spec.n_heads * self.spec.d_head);
        let columns = part.head * d_head..(part.head + 1) * d_head;
        let (places, scale) = (Places::of(kind, part), self.spec.attn_scale_of(part.layer));
        let read = places.first * width..(places.first + places.n) * width;
        let mut parts = Vec::new();
        if let Some(rows) = vectors.keys.get(read.clone()) {
            let rows: Vec<f32> = rows.chunks_exact(width).flat_map(|row| &row[columns.clone()]).copied().collect();
            let mut products = vec![0.0; part.rows.len() * places.n];
            let packed = PackedRows::pack(queries, width, columns.clone());
            Panels::pack(&rows, d_head).matmul(&packed, 0..d_head, &mut products, places.n, 0);
            let mut scores = vec![0.0; part.rows.len() * part.n_key];
            places.each(part, |query, key, row| {
                scores[query * part.n_key + key] = products[query * places.n + row] * scale;
            });
            parts.push((BlockSite::ScoresC2p, scores));
        }
        if let Some(rows) = vectors.queries.get(read) {
            let mut products = vec![0.0; places.n * part.n_key];
            let packed = PackedRows::pack(rows, width, columns);
            keys.heads[part.head / self.spec.queries_per_key_head()].matmul(
                &packed,
                0..d_head,
                &mut products,
                part.n_key,
                0,
            );
            let mut scores = vec![0.0; part.rows.len() * part.n_key];
            places.each(part, |query, key, row| {
                scores[query * part.n_key + key] = products[row * part.n_key + key] * scale;
            });
            parts.push((BlockSite::ScoresP2c, scores));
        }
        parts
    }

    /// The reverse of one of these parts: adds to the gradients by queries or keys what the gradient by the part, before the scale,
    /// gives them. `grad` [rows.len(), n_key]
    pub(super) fn position_part_reverse(
        &self,
        site: BlockSite,
        part: &SquarePart,
        grad: &[f32],
        into: &mut HeadGradients<'_>,
    ) {
        let (Some(kind), Some(vectors)) = (&self.spec.disentangled, self.positions) else { return };
        let (d_head, width) = (self.spec.d_head, self.spec.n_heads * self.spec.d_head);
        let columns = part.head * d_head..(part.head + 1) * d_head;
        let places = Places::of(kind, part);
        let is_of_queries = site == BlockSite::ScoresC2p;
        let (vectors, to) = match is_of_queries {
            true => (&vectors.keys, &mut *into.q),
            false => (&vectors.queries, &mut *into.k),
        };
        let n_rows = if is_of_queries { part.rows.len() } else { part.n_key };
        let mut by_product = vec![0.0; n_rows * places.n];
        places.each(part, |query, key, row| {
            let to = if is_of_queries { query } else { key };
            by_product[to * places.n + row] += grad[query * part.n_key + key];
        });
        let mut sum = vec![0.0; n_rows * d_head];
        let rows = &vectors[places.first * width..(places.first + places.n) * width];
        let packed = PackedRows::pack(&by_product, places.n, 0..places.n);
        Panels::pack_columns(rows, width, columns).matmul(&packed, 0..places.n, &mut sum, d_head, 0);
        to.iter_mut().zip(&sum).for_each(|(to, sum)| *to += sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(n_buckets: usize, max_distance: usize) -> Disentangled {
        Disentangled { n_buckets, max_distance, content_to_position: true, position_to_content: true }
    }

    /// Values of Hugging Face transformers 5.24, `make_log_bucket_position`, with the span added and cut off at both ends.
    #[test]
    fn far_distances_share_rows() {
        let v3 = kind(256, 512);
        let published = [
            (0, 256),
            (1, 257),
            (-1, 255),
            (127, 383),
            (128, 384),
            (-128, 128),
            (129, 385),
            (130, 386),
            (-131, 125),
            (200, 425),
            (-300, 49),
            (400, 489),
            (511, 511),
            (-512, 0),
            (1500, 511),
            (-1500, 0),
        ];
        for (distance, row) in published {
            assert_eq!(position_row(&v3, distance), row, "distance {distance}");
        }
        let plain = kind(0, 6);
        let rows: Vec<usize> = (-8..9).map(|distance| position_row(&plain, distance)).collect();
        assert_eq!(rows, [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 11, 11]);
    }

    #[test]
    fn rows_never_leave_the_vectors_and_never_fall() {
        for kind in [kind(4, 8), kind(6, 10), kind(7, 64), kind(0, 1), kind(256, 512)] {
            let rows: Vec<usize> = (-2000..2000).map(|distance| position_row(&kind, distance)).collect();
            assert!(rows.is_sorted() && rows.iter().all(|row| *row < 2 * kind.span()), "{kind:?}");
        }
    }
}
