//! What each kind of token looks like, as tables.

use proptest::prelude::*;

use super::*;

const BYTE_LEVEL: TokenForm = TokenForm::ByteLevel;
const SENTENCEPIECE: TokenForm = TokenForm::Sentencepiece;
const WORDPIECE: TokenForm = TokenForm::Wordpiece;
const PLAIN: TokenForm = TokenForm::Plain;

#[test]
fn plain_strings() {
    let table = [
        (BYTE_LEVEL, "The", "The"),
        (BYTE_LEVEL, "Ġquick", "·quick"),
        (BYTE_LEVEL, "ĠĠ", "··"),
        (BYTE_LEVEL, "Ċ", "↵"),
        (BYTE_LEVEL, "ĊĊ", "↵↵"),
        (BYTE_LEVEL, "ĉ", "⇥"),
        (BYTE_LEVEL, "č", "␍"),
        (BYTE_LEVEL, "Ã©", "é"),
        (BYTE_LEVEL, "ĠâĢľ", "·“"),
        (BYTE_LEVEL, "âĿ", "‹E2 9D›"),
        (BYTE_LEVEL, "ĠâĿ", "·‹E2 9D›"),
        (BYTE_LEVEL, "Ñ", "‹D1›"),
        (BYTE_LEVEL, "¤ï¸ı", "‹A4›‹U+FE0F›"),
        (BYTE_LEVEL, "âĿ¤ï¸ı", "❤\u{fe0f}"),
        (BYTE_LEVEL, "Â\u{143}", "‹U+00AD›"),
        (BYTE_LEVEL, "Ł", "‹9F›"),
        (BYTE_LEVEL, "<|im_start|>", "<|im_start|>"),
        (BYTE_LEVEL, "<|a b|>", "<|a·b|>"),
        (BYTE_LEVEL, "日本", "日本"),
        (SENTENCEPIECE, "▁the", "·the"),
        (SENTENCEPIECE, "▁", "·"),
        (SENTENCEPIECE, "ing", "ing"),
        (SENTENCEPIECE, "<0x0A>", "↵"),
        (SENTENCEPIECE, "<0xE2>", "‹E2›"),
        (SENTENCEPIECE, "<0x41>", "A"),
        (SENTENCEPIECE, "<0xZZ>", "<0xZZ>"),
        (SENTENCEPIECE, "<s>", "<s>"),
        (WORDPIECE, "##ing", "##ing"),
        (WORDPIECE, "##", "##"),
        (WORDPIECE, "[CLS]", "[CLS]"),
        (WORDPIECE, "Ġ", "Ġ"),
        (PLAIN, "a b\u{0}", "a·b␀"),
        (PLAIN, "\u{7f}", "␡"),
        (PLAIN, "\u{202e}evil", "‹U+202E›evil"),
        (PLAIN, "\u{200b}", "‹U+200B›"),
        (PLAIN, "", "∅"),
        (PLAIN, "שלום", "\u{2068}שלום\u{2069}"),
        (BYTE_LEVEL, "ĠÙħ", "\u{2068}·م\u{2069}"),
    ];
    for (form, token, expected) in table {
        assert_eq!(token_label(token, form).plain, expected, "{form:?} {token:?}");
    }
}

#[test]
fn columns_of_a_fixed_width_font() {
    for (token, expected) in [("Ġquick", 6), ("日本", 4), ("e\u{301}", 1), ("🙂", 2), ("âĿ", 7)] {
        assert_eq!(token_label(token, BYTE_LEVEL).n_columns(), expected, "{token:?}");
    }
}

#[test]
fn the_label_of_any_token_is_short() {
    let stack = format!("e{}", "\u{301}".repeat(100_000));
    let tokens = [
        "a".repeat(50 << 20),
        stack,
        "🙂\u{200d}".repeat(10_000),
        "Ĥ".repeat(10_000),
        "Ġ".repeat(10_000),
        "\u{202e}".repeat(10_000),
        "ש".repeat(10_000),
    ];
    for form in [BYTE_LEVEL, SENTENCEPIECE, WORDPIECE, PLAIN] {
        for token in &tokens {
            let label = token_label(token, form);
            let start: String = token.chars().take(8).collect();
            // A control or a broken byte is written with up to eight characters.
            assert!(label.plain.chars().count() <= 8 * MAX_CHARS + 8, "{form:?} {start}");
            assert!(label.pieces.last().is_some_and(|piece| piece.text == "…"), "{form:?} {start}");
            let n_marks = label.plain.chars().filter(|&character| character == '\u{301}').count();
            assert!(n_marks <= 8, "{form:?}: {n_marks} marks on one letter");
        }
        let joined = joined_label(&tokens, form);
        assert!(joined.plain.chars().count() <= 8 * MAX_CHARS + 8, "{form:?}");
    }
    // The longest tokens of real vocabularies are shown whole.
    let spaces = token_label(&"Ġ".repeat(128), BYTE_LEVEL);
    assert_eq!((spaces.plain.chars().count(), spaces.plain.contains('…')), (128, false));
}

#[test]
fn kinds() {
    use PieceKind::{Bytes, Continuation, Control, Space, Text};
    let table: [(TokenForm, &str, &[PieceKind]); 5] = [
        (BYTE_LEVEL, "Ġquick", &[Space, Text]),
        (WORDPIECE, "##ing", &[Continuation, Text]),
        (BYTE_LEVEL, "aĊb", &[Text, Control, Text]),
        (BYTE_LEVEL, "ĠâĿ", &[Space, Bytes]),
        (PLAIN, "", &[Control]),
    ];
    for (form, token, expected) in table {
        let kinds: Vec<_> = token_label(token, form).pieces.iter().map(|piece| piece.kind).collect();
        assert_eq!(kinds, expected, "{form:?} {token:?}");
    }
}

#[test]
fn the_byte_alphabet_is_complete() {
    let mut seen = [false; 256];
    for character in (0..0x400).filter_map(char::from_u32) {
        if let Some(byte) = byte_level_byte(character) {
            assert!(!seen[usize::from(byte)], "{byte} twice");
            seen[usize::from(byte)] = true;
        }
    }
    assert!(seen.iter().all(|&seen| seen));
}

fn form() -> impl Strategy<Value = TokenForm> {
    prop::sample::select(vec![BYTE_LEVEL, SENTENCEPIECE, WORDPIECE, PLAIN])
}

proptest! {
    #[test]
    fn any_token_has_a_visible_label(token in any::<String>(), form in form()) {
        let label = token_label(&token, form);
        prop_assert!(!label.pieces.is_empty());
        prop_assert!(label.pieces.iter().all(|piece| !piece.text.is_empty()));
        prop_assert!(!label.plain.chars().any(char::is_control));
        let stray = |character: char| matches!(u32::from(character), 0x202a..=0x202e | 0x2066..=0x2069);
        prop_assert!(!label.pieces.iter().any(|piece| piece.text.chars().any(stray)));
    }

    #[test]
    fn any_bytes_are_shown(bytes in prop::collection::vec(any::<u8>(), 1..12)) {
        let alphabet: Vec<(u8, char)> = (0..0x400)
            .filter_map(char::from_u32)
            .filter_map(|character| byte_level_byte(character).map(|byte| (byte, character)))
            .collect();
        let token: String = bytes
            .iter()
            .filter_map(|byte| alphabet.iter().find(|(known, _)| known == byte).map(|(_, character)| *character))
            .collect();
        let label = token_label(&token, BYTE_LEVEL);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            prop_assert_eq!(label, token_label(text, PLAIN));
        } else {
            prop_assert!(label.pieces.iter().any(|piece| piece.kind == PieceKind::Bytes));
        }
    }
}
