//! SentencePiece's BPE as merges, for GGUF metadata and model files alike.
//!
//! SentencePiece joins, again and again, the two neighbours whose joint piece has the highest score. That is BPE with a merge for
//! every way of cutting a piece in two, in the order of the pieces' scores, which is how Hugging Face converts such models too.

use tokenizers::models::bpe::{Merges, Vocab};

use super::super::limits::{MAX_CUT_BYTES, MAX_MERGE_BYTES, MAX_PIECE_CHARS, short};
use super::file::{CONTROL, UNKNOWN};

/// `Piece.kind`: a byte.
const BYTE: u64 = 6;

/// A way of cutting a piece in two: ids and texts of the halves.
pub(super) type Cut<'p> = (u32, u32, &'p str, &'p str);

/// Every way of cutting a piece into two of the vocabulary, the best pieces first. `pieces`: text, score and kind by id; unknown,
/// control and byte pieces are not made by joining.
///
/// # Errors
/// A reason, where there are more ways than a real vocabulary has.
pub(in super::super) fn merges_by_score<'p>(
    pieces: impl Iterator<Item = (&'p str, f32, u64)>,
    vocab: &Vocab,
) -> Result<Merges, String> {
    let mut joined: Vec<(&str, f32)> = pieces
        .filter(|(.., kind)| ![UNKNOWN, CONTROL, BYTE].contains(kind))
        .map(|(text, score, _)| (text, score))
        .collect();
    joined.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let by_ids = |cuts: &mut [Cut<'_>]| cuts.sort_by_key(|(left, right, ..)| (*left, *right));
    merges(joined.into_iter().map(|(text, _)| text), vocab, by_ids)
}

/// Every way of cutting pieces into two of the vocabulary, in the order of the pieces; `order` puts the ways of one piece in order,
/// which come with the shortest left half first.
///
/// # Errors
/// A reason, where there are more ways than a real vocabulary has.
pub(super) fn merges<'p>(
    pieces: impl Iterator<Item = &'p str>,
    vocab: &Vocab,
    order: impl Fn(&mut [Cut<'p>]),
) -> Result<Merges, String> {
    let mut merges = Vec::new();
    let (mut n_cut_bytes, mut n_merge_bytes) = (0_u64, 0);
    for piece in pieces {
        let n_chars = piece.chars().count();
        if n_chars > MAX_PIECE_CHARS {
            let start = short(piece);
            return Err(format!(
                "the piece \"{start}\" has {n_chars} characters; at most {MAX_PIECE_CHARS} are read, since every way of \
                 cutting a piece in two is tried"
            ));
        }
        n_cut_bytes = n_cut_bytes.saturating_add(n_chars as u64 * piece.len() as u64);
        let cuts = piece.char_indices().skip(1).map(|(at, _)| piece.split_at(at));
        let known = cuts.filter_map(|(left, right)| Some((*vocab.get(left)?, *vocab.get(right)?, left, right)));
        let mut known: Vec<_> = known.collect();
        order(&mut known);
        n_merge_bytes += known.len() * (piece.len() + size_of::<(String, String)>());
        if n_cut_bytes > MAX_CUT_BYTES || n_merge_bytes > MAX_MERGE_BYTES {
            return Err(format!(
                "its pieces can be cut in two in too many ways: their halves take more than {MAX_MERGE_BYTES} bytes, and a real \
                 vocabulary's a tenth of it"
            ));
        }
        merges.extend(known.into_iter().map(|(.., left, right)| (left.to_owned(), right.to_owned())));
    }
    Ok(merges)
}
