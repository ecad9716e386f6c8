//! Derives what is shown of a token from its text: the one place that does.
//!
//! Invariant: nothing in a label is invisible, and no label can disturb the text around it. Spaces, controls and bytes
//! that are not whole UTF-8 become visible marks, right-to-left text is isolated, and a label of any token, however
//! long, is short.

use super::tokens::TokenForm;

/// Stands for a space, whichever way the tokenizer writes it.
pub const SPACE_MARK: &str = "·";

/// Bytes of the longest character in UTF-8.
const MAX_BYTES_PER_CHAR: usize = 4;

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// The most characters of a label. Vocabularies have tokens of up to 128 spaces; a trace may have tokens of megabytes.
pub const MAX_CHARS: usize = 160;

/// The most combining marks in a row: more than any script stacks on a letter.
const MAX_MARKS: usize = 8;

/// Stands at the end of a label that leaves something out.
const CUT_MARK: &str = "…";

/// What a part of a label is, so that marks can be shown fainter than text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A stretch of the text that was read, shown as it is.
    Text,
    /// A space.
    Space,
    /// A control or an invisible character.
    Control,
    /// Bytes that are not whole UTF-8, in hexadecimal.
    Bytes,
    /// WordPiece's `##`: this piece continues a word.
    Continuation,
}

/// A part of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// What to show.
    pub text: String,
}

/// What is shown of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLabel {
    /// The label's parts in reading order, not isolated: put them into an element of their own (`<bdi>`).
    pub pieces: Vec<Piece>,
    /// The whole label as one string for tooltips and sentences, isolated where it is right-to-left.
    pub plain: String,
    /// Whether it holds right-to-left letters.
    pub is_right_to_left: bool,
}

impl TokenLabel {
    /// How many columns of a fixed-width font it takes: two for East Asian letters and emoji, none for combining marks.
    pub fn n_columns(&self) -> usize {
        self.pieces.iter().flat_map(|piece| piece.text.chars()).map(n_columns).sum()
    }
}

fn n_columns(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36f | 0x200c..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The label of a token as the tokenizer's `id_to_token` writes it.
pub fn token_label(token: &str, form: TokenForm) -> TokenLabel {
    let start = start_of(token);
    let mut label = Builder { is_cut: start.len() < token.len(), ..Builder::default() };
    let token = start;
    match form {
        TokenForm::ByteLevel => match byte_level_bytes(token) {
            Some(bytes) => label.bytes(&bytes),
            // An added token of a trace from elsewhere may hold characters outside the alphabet: it was never encoded.
            None => label.text(token),
        },
        TokenForm::Sentencepiece => match byte_piece(token) {
            Some(byte) => label.bytes(&[byte]),
            None => label.text(&token.replace('▁', " ")),
        },
        TokenForm::Wordpiece => match token.strip_prefix("##") {
            Some(rest) if !rest.is_empty() => {
                label.push(PieceKind::Continuation, "##");
                label.text(rest);
            }
            _ => label.text(token),
        },
        TokenForm::Plain => label.text(token),
    }
    label.finish()
}

/// The bytes of the text that a token stands for, as far as its form tells: WordPiece's `##` is left out, spaces are
/// spaces.
pub fn token_bytes(token: &str, form: TokenForm) -> Vec<u8> {
    match form {
        TokenForm::ByteLevel => byte_level_bytes(token).unwrap_or_else(|| token.as_bytes().to_vec()),
        TokenForm::Sentencepiece => {
            byte_piece(token).map_or_else(|| token.replace('▁', " ").into_bytes(), |byte| vec![byte])
        }
        TokenForm::Wordpiece => token.strip_prefix("##").unwrap_or(token).as_bytes().to_vec(),
        TokenForm::Plain => token.as_bytes().to_vec(),
    }
}

/// The label of several tokens that are shown as one: the pieces of a word.
pub fn joined_label(tokens: &[String], form: TokenForm) -> TokenLabel {
    if let [token] = tokens {
        return token_label(token, form);
    }
    let n_most = MAX_CHARS * MAX_BYTES_PER_CHAR;
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| token_bytes(start_of(token), form)).take(n_most).collect();
    let is_cut = bytes.len() == n_most || tokens.iter().any(|token| start_of(token).len() < token.len());
    let mut label = Builder { is_cut, ..Builder::default() };
    // A word that starts in the middle of another one keeps its mark.
    if form == TokenForm::Wordpiece && tokens.first().is_some_and(|token| token.starts_with("##")) {
        label.push(PieceKind::Continuation, "##");
    }
    label.bytes(&bytes);
    label.finish()
}

/// The part of a token that can be in its label: a byte-level token has a character for each byte of its text.
fn start_of(token: &str) -> &str {
    let end = token.char_indices().nth(MAX_CHARS * MAX_BYTES_PER_CHAR);
    end.map_or(token, |(at, _)| &token[..at])
}

/// Undoes GPT-2's `bytes_to_unicode`; `None` if a character is not of its alphabet.
fn byte_level_bytes(token: &str) -> Option<Vec<u8>> {
    token.chars().map(byte_level_byte).collect()
}

/// A text in GPT-2's alphabet: what [`token_bytes`] reads back.
pub fn byte_level_token(text: &str) -> String {
    text.bytes().filter_map(byte_level_character).collect()
}

fn byte_level_character(byte: u8) -> Option<char> {
    let code = u32::from(byte);
    char::from_u32(match code {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => code,
        0..=0x20 => code + 256,
        0x7f..=0xa0 => code - 127 + 289,
        _ => 323,
    })
}

fn byte_level_byte(character: char) -> Option<u8> {
    // Printable bytes stand for themselves; the other 68 are numbered from 256 upwards in order.
    match u32::from(character) {
        code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => u8::try_from(code).ok(),
        code @ 256..=288 => u8::try_from(code - 256).ok(),
        code @ 289..=322 => u8::try_from(code - 289 + 127).ok(),
        323 => Some(173),
        _ => None,
    }
}

/// SentencePiece's byte fallback, `<0x0A>`.
fn byte_piece(token: &str) -> Option<u8> {
    let hex = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if hex.len() == 2 { u8::from_str_radix(hex, 16).ok() } else { None }
}

#[derive(Default)]
struct Builder {
    pieces: Vec<Piece>,
    n_chars: usize,
    /// Combining marks since the last character that takes a column.
    n_marks: usize,
    /// Whether something of the token is left out.
    is_cut: bool,
}

impl Builder {
    fn bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match std::str::from_utf8(bytes) {
                Ok(text) => return self.text(text),
                Err(error) => {
                    let (valid, rest) = bytes.split_at(error.valid_up_to());
                    if let Ok(text) = std::str::from_utf8(valid) {
                        self.text(text);
                    }
                    let n_broken = error.error_len().unwrap_or(rest.len());
                    self.broken(&rest[..n_broken]);
                    bytes = &rest[n_broken..];
                }
            }
        }
    }

    fn broken(&mut self, bytes: &[u8]) {
        let room = MAX_CHARS.saturating_sub(self.n_chars);
        self.is_cut |= bytes.len() > room;
        let bytes = &bytes[..bytes.len().min(room)];
        if bytes.is_empty() {
            return;
        }
        self.n_chars += bytes.len();
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let hex = hex.join(" ");
        match self.pieces.last_mut() {
            // Neighbouring runs read as one: ‹E2 9D›, not ‹E2›‹9D›.
            Some(piece) if piece.kind == PieceKind::Bytes => {
                piece.text.pop();
                piece.text.push_str(&format!(" {hex}›"));
            }
            _ => self.push(PieceKind::Bytes, &format!("‹{hex}›")),
        }
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            self.n_marks = if n_columns(character) == 0 { self.n_marks + 1 } else { 0 };
            if self.n_chars >= MAX_CHARS || self.n_marks > MAX_MARKS {
                self.is_cut = true;
                continue;
            }
            self.n_chars += 1;
            let after_text = self.pieces.last().is_some_and(|piece| piece.kind == PieceKind::Text);
            if character == ' ' {
                self.push(PieceKind::Space, SPACE_MARK);
            } else if joins(character) && after_text {
                // Emoji and Indic letters are made of such sequences: they belong to what they follow.
                self.extend_text(character);
            } else if let Some(mark) = control_mark(character) {
                self.push(PieceKind::Control, &mark);
            } else {
                self.extend_text(character);
            }
        }
    }

    fn extend_text(&mut self, character: char) {
        match self.pieces.last_mut() {
            Some(piece) if piece.kind == PieceKind::Text => piece.text.push(character),
            _ => self.push(PieceKind::Text, character.encode_utf8(&mut [0; 4])),
        }
    }

    fn push(&mut self, kind: PieceKind, text: &str) {
        self.pieces.push(Piece { kind, text: text.to_owned() });
    }

    fn finish(mut self) -> TokenLabel {
        if self.pieces.is_empty() {
            self.push(PieceKind::Control, "∅");
        }
        if self.is_cut {
            self.push(PieceKind::Control, CUT_MARK);
        }
        let joined: String = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let is_right_to_left = joined.chars().any(is_right_to_left);
        let plain = if is_right_to_left { format!("{FIRST_STRONG_ISOLATE}{joined}{POP_ISOLATE}") } else { joined };
        TokenLabel { pieces: self.pieces, plain, is_right_to_left }
    }
}

/// The visible stand-in of a character that shows nothing itself.
fn control_mark(character: char) -> Option<String> {
    let code = u32::from(character);
    match code {
        0x09 => Some("⇥".to_owned()),
        0x0a => Some("↵".to_owned()),
        // Control pictures: ␀ ␁ … ␟ and ␡.
        0..=0x1f => char::from_u32(0x2400 + code).map(String::from),
        0x7f => Some("␡".to_owned()),
        _ if is_invisible(code) => Some(format!("‹U+{code:04X}›")),
        _ => None,
    }
}

fn is_invisible(code: u32) -> bool {
    matches!(code,
        // C1 controls, no-break space, soft hyphen, grapheme joiner
        0x80..=0xa0 | 0xad | 0x34f | 0x61c
        // Hangul and Khmer fillers, Ogham space, Mongolian selectors
        | 0x115f | 0x1160 | 0x1680 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        // wide and narrow spaces, zero width, directions, separators, invisible operators
        | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f
        | 0x3000 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        // musical controls, tags and the rest of the special plane; private use has no common picture
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// Joiners and variation selectors, which shape the letter before them.
fn joins(character: char) -> bool {
    matches!(u32::from(character), 0x200c | 0x200d | 0xfe00..=0xfe0f | 0xe0100..=0xe01ef)
}

fn is_right_to_left(character: char) -> bool {
    matches!(u32::from(character),
        0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefc | 0x10800..=0x10fff | 0x1e800..=0x1efff)
}

#[cfg(test)]
#[path = "display_tests.rs"]
mod tests;
