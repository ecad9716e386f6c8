//! Text of any length made short enough to be read: for messages, which quote names, numbers and lists from files.

use std::borrow::Cow;

/// The longest message, in characters: about eight lines.
const MAX_CHARS: usize = 600;

/// Characters of the end that are kept: what to do about it often stands there.
const END_CHARS: usize = 200;

/// The message itself, or its beginning and its end.
pub fn shortened(message: &str) -> Cow<'_, str> {
    // In bytes first: a message of megabytes is not counted.
    if message.len() <= MAX_CHARS || message.chars().nth(MAX_CHARS).is_none() {
        return Cow::Borrowed(message);
    }
    let begin = message.char_indices().nth(MAX_CHARS - END_CHARS).map_or(message.len(), |(at, _)| at);
    let end = message.char_indices().rev().nth(END_CHARS - 1).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{} … {}", message[..begin].trim_end(), message[end..].trim_start()))
}

/// A name from a file, or its beginning with a mark where it is longer than a line.
pub fn name(text: &str) -> String {
    const MAX_NAME_CHARS: usize = 160;
    match text.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The sizes of a shape, the first ones where there are many: "[2, 3, 3]".
pub fn dims<T: std::fmt::Debug>(shape: &[T]) -> String {
    const MAX_AXES: usize = 8;
    match shape.get(..MAX_AXES).filter(|_| shape.len() > MAX_AXES) {
        None => format!("{shape:?}"),
        Some(first) => {
            let first = format!("{first:?}");
            format!("{}, … ({} axes)]", first.trim_end_matches(']'), shape.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_keeps_its_beginning_and_its_end() {
        for (short, n_chars) in [("", 0), ("as it is", 8)] {
            assert!(matches!(shortened(short), Cow::Borrowed(same) if same.chars().count() == n_chars));
        }
        let whole = "é".repeat(MAX_CHARS);
        assert_eq!(shortened(&whole), whole);
        let long = format!("t.safetensors: shape [{} is too large: make it smaller", "9, ".repeat(10_000_000));
        let short = shortened(&long);
        assert!(short.chars().count() <= MAX_CHARS + 3 && short.contains(" … "), "{short}");
        assert!(short.starts_with("t.safetensors: shape [9, 9") && short.ends_with("too large: make it smaller"));
    }

    #[test]
    fn a_long_name_keeps_its_beginning() {
        let long = "né".repeat(1 << 20);
        let short = name(&long);
        assert!(short.chars().count() == 161 && short.ends_with('…'), "{short}");
        assert_eq!((name(&short[..10]), name("")), (short[..10].to_owned(), String::new()));
    }

    #[test]
    fn a_shape_of_many_axes_is_counted() {
        assert_eq!(dims(&[2, 3, 3]), "[2, 3, 3]");
        assert_eq!(dims::<u64>(&[]), "[]");
        assert_eq!(dims(&[1; 2_000_000]), "[1, 1, 1, 1, 1, 1, 1, 1, … (2000000 axes)]");
    }
}
