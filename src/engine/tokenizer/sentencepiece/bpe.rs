//! SentencePiece's BPE as merges, for GGUF metadata and model files alike.
//!
//! SentencePiece joins, again and again, the two neighbours whose joint piece has the highest score. That is BPE with a merge for
//! every way of cutting a piece in two, in the order of the pieces' scores, which is how Hugging Face converts such models too.

use tokenizers::models::bpe::Vocab;

use super::file::{CONTROL, UNKNOWN};

/// `Piece.kind`: a byte.
const BYTE: u64 = 6;

/// Every way of cutting a piece into two of the vocabulary, the best pieces first. `pieces`: text, score and kind by id; unknown,
/// control and byte pieces are not made by joining.
pub(in super::super) fn merges<'p>(
    pieces: impl Iterator<Item = (&'p str, f32, u64)>,
    vocab: &Vocab,
) -> Vec<(String, String)> {
    let mut joined: Vec<(&str, f32)> = pieces
        .filter(|(.., kind)| ![UNKNOWN, CONTROL, BYTE].contains(kind))
        .map(|(text, score, _)| (text, score))
        .collect();
    joined.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut merges = Vec::new();
    for (piece, _) in joined {
        let cuts = piece.char_indices().skip(1).map(|(at, _)| piece.split_at(at));
        let known = cuts.filter_map(|(left, right)| Some((vocab.get(left)?, vocab.get(right)?, left, right)));
        let mut known: Vec<_> = known.collect();
        known.sort_by_key(|(left, right, ..)| (**left, **right));
        merges.extend(known.into_iter().map(|(.., left, right)| (left.to_owned(), right.to_owned())));
    }
    merges
}
