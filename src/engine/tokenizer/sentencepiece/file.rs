//! A SentencePiece model file (`*.spm`, `spiece.model`): the few fields of its protocol buffer that say how text is split.
//!
//! The message is sentencepiece_model.proto's `ModelProto`. Fields that are not asked for are passed over.

use super::super::TokenizerError;
use super::super::limits::check_token;

/// What a file says.
#[derive(Debug)]
pub(super) struct SpmFile {
    /// In the order of their ids.
    pub pieces: Vec<Piece>,
    /// The id of what no piece stands for.
    pub unknown: usize,
    /// How pieces are chosen.
    pub method: Method,
    /// Whether unknown characters become pieces for their bytes.
    pub byte_fallback: bool,
    /// What characters become; empty where they stay.
    pub charsmap: Vec<u8>,
    /// Whether a text begins as if after a space.
    pub adds_prefix: bool,
    /// Whether spaces at the ends go and runs of them become one.
    pub collapses_spaces: bool,
    /// Names of the pieces that stand for what is unknown, the beginning and the end of a text, where the file has them.
    pub unk_piece: Option<String>,
    pub bos_piece: Option<String>,
    pub eos_piece: Option<String>,
}

/// A token.
#[derive(Debug)]
pub(super) struct Piece {
    pub text: String,
    pub score: f32,
    pub kind: u64,
}

/// How pieces are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// The most likely sequence.
    Unigram,
    /// The best pair first.
    Bpe,
}

/// `Piece.kind`: stands for what is unknown.
pub(super) const UNKNOWN: u64 = 2;
/// Never found in a text.
pub(super) const CONTROL: u64 = 3;
/// Always found where it stands.
pub(super) const USER_DEFINED: u64 = 4;
/// An ordinary one.
pub(super) const NORMAL: u64 = 1;

/// A field of a message.
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
    /// A field of four bytes.
    Fixed([u8; 4]),
    /// A field of eight bytes.
    Wide,
}

impl SpmFile {
    /// Reads the file; `file` is its name for messages.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, TokenizerError> {
        let refuse = |reason: String| TokenizerError::Json { file: file.to_owned(), reason };
        let message = |bytes| fields(bytes).map_err(|reason| refuse(reason.to_owned()));
        let text = |bytes| {
            let text = str::from_utf8(bytes).map_err(|_| refuse("names a piece that is no UTF-8".to_owned()))?;
            check_token(file, text).map(|()| text.to_owned())
        };
        let mut spm = SpmFile {
            pieces: Vec::new(),
            unknown: 0,
            method: Method::Unigram,
            byte_fallback: false,
            charsmap: Vec::new(),
            adds_prefix: true,
            collapses_spaces: true,
            unk_piece: Some("<unk>".to_owned()),
            bos_piece: Some("<s>".to_owned()),
            eos_piece: Some("</s>".to_owned()),
        };
        for field in message(bytes)? {
            match field {
                (1, Field::Bytes(piece)) => {
                    let (number, piece) = (spm.pieces.len(), message(piece)?);
                    spm.pieces.push(self::piece(&piece).map_err(|what| refuse(format!("piece {number} {what}")))?);
                    check_token(file, &spm.pieces[number].text)?;
                }
                (2, Field::Bytes(trainer)) => {
                    for field in message(trainer)? {
                        match field {
                            (3, Field::Number(1)) => spm.method = Method::Unigram,
                            (3, Field::Number(2)) => spm.method = Method::Bpe,
                            (3, Field::Number(_)) => {
                                return Err(refuse("splits by words or characters, which is not read".to_owned()));
                            }
                            (24, Field::Number(1)) => {
                                return Err(refuse("writes spaces after words, which is not read".to_owned()));
                            }
                            (35, Field::Number(switch)) => spm.byte_fallback = switch != 0,
                            // An id below zero means that there is no such piece.
                            (41, Field::Number(id)) if (id as i64) < 0 => spm.bos_piece = None,
                            (42, Field::Number(id)) if (id as i64) < 0 => spm.eos_piece = None,
                            (45, Field::Bytes(name)) => spm.unk_piece = Some(text(name)?),
                            (46, Field::Bytes(name)) => spm.bos_piece = spm.bos_piece.and(Some(text(name)?)),
                            (47, Field::Bytes(name)) => spm.eos_piece = spm.eos_piece.and(Some(text(name)?)),
                            _ => {}
                        }
                    }
                }
                (3, Field::Bytes(normalizer)) => {
                    for field in message(normalizer)? {
                        match field {
                            (2, Field::Bytes(map)) => spm.charsmap = map.to_vec(),
                            (3, Field::Number(switch)) => spm.adds_prefix = switch != 0,
                            (4, Field::Number(switch)) => spm.collapses_spaces = switch != 0,
                            (5, Field::Number(0)) => return Err(refuse("keeps spaces, which is not read".to_owned())),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        let unknown = spm.pieces.iter().position(|piece| piece.kind == UNKNOWN);
        spm.unknown = unknown.ok_or_else(|| refuse("has no piece for what is unknown".to_owned()))?;
        Ok(spm)
    }
}

fn piece(fields: &[(u64, Field<'_>)]) -> Result<Piece, &'static str> {
    let mut piece = Piece { text: String::new(), score: 0.0, kind: 1 };
    for field in fields {
        match field {
            (1, Field::Bytes(text)) => str::from_utf8(text).map_err(|_| "is no UTF-8")?.clone_into(&mut piece.text),
            (2, Field::Fixed(score)) => piece.score = f32::from_le_bytes(*score),
            (3, Field::Number(kind)) => piece.kind = *kind,
            _ => {}
        }
    }
    match piece.score.is_finite() {
        _ if piece.text.is_empty() => Err("is empty"),
        false => Err("has a score that is no number"),
        true => Ok(piece),
    }
}

/// All fields of a message with their numbers.
fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Field<'_>)>, &'static str> {
    const ENDS_EARLY: &str = "ends within a field: it is no SentencePiece model, or not whole";
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes).ok_or(ENDS_EARLY)?;
        let field = match tag & 7 {
            0 => varint(&mut bytes).map(Field::Number),
            1 => bytes.split_off(..8).map(|_| Field::Wide),
            2 => {
                let len = varint(&mut bytes).and_then(|len| usize::try_from(len).ok());
                len.and_then(|len| bytes.split_off(..len)).map(Field::Bytes)
            }
            5 => bytes.split_off(..4).and_then(|four| four.first_chunk()).map(|four| Field::Fixed(*four)),
            _ => return Err("is no SentencePiece model: it has a field of an unknown form"),
        };
        fields.push((tag >> 3, field.ok_or(ENDS_EARLY)?));
    }
    Ok(fields)
}

/// Seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2, bytes.len() as u8];
        field.extend(bytes);
        field
    }

    #[test]
    fn what_is_wrong_is_named() {
        let piece = |text: &[u8], score: f32, kind: u8| {
            let mut piece = field(1, text);
            piece.push(2 << 3 | 5);
            piece.extend(score.to_le_bytes());
            piece.extend([3 << 3, kind]);
            field(1, &piece)
        };
        let unknown = piece(b"<unk>", 0.0, 2);
        let spm = SpmFile::parse("a.spm", &[piece("▁a".as_bytes(), -1.5, 1), unknown.clone()].concat()).unwrap();
        assert_eq!((spm.pieces[0].text.as_str(), spm.pieces[0].score, spm.unknown), ("▁a", -1.5, 1));
        for (bytes, expected) in [
            (Vec::new(), "a.spm: has no piece for what is unknown"),
            (b"<!DOCTYPE html>".to_vec(), "a.spm: is no SentencePiece model"),
            (unknown[..unknown.len() - 1].to_vec(), "a.spm: ends within a field"),
            (piece(b"", 0.0, 1), "a.spm: piece 0 is empty"),
            (piece(b"\xff", 0.0, 1), "a.spm: piece 0 is no UTF-8"),
            ([unknown.clone(), piece(b"a", f32::NAN, 1)].concat(), "a.spm: piece 1 has a score that is no number"),
            ([unknown.clone(), field(2, &[3 << 3, 4])].concat(), "a.spm: splits by words or characters"),
            ([unknown, field(3, &[5 << 3, 0])].concat(), "a.spm: keeps spaces"),
            (vec![0xff; 20], "a.spm: "),
        ] {
            let message = SpmFile::parse("a.spm", &bytes).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}\nexpected: {expected}");
        }
    }
}
