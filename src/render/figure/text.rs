//! Widths and line breaks of text in a font as wide as Helvetica.

/// Widths of the characters from space to `~`, in thousandths of the size (Adobe's Helvetica; Arial and Liberation Sans
/// have the same).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// The same of Helvetica Bold.
const BOLD_WIDTHS: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
];

/// Width of a text in the unit of `size`; letters outside the table count as wide ones.
pub fn width(text: &str, size: f32) -> f32 {
    width_by(&WIDTHS, text, size)
}

/// The same of a text in bold.
pub fn bold_width(text: &str, size: f32) -> f32 {
    width_by(&BOLD_WIDTHS, text, size)
}

fn width_by(widths: &[u16; 95], text: &str, size: f32) -> f32 {
    let width_of = |letter: char| match u32::from(letter) {
        code @ 0x20..=0x7e => f32::from(widths.get(code as usize - 0x20).copied().unwrap_or(556)) / 1e3,
        0x300..=0x36f | 0x200b..=0x200f | 0x2066..=0x2069 | 0xfe00..=0xfe0f => 0.0,
        0xa0..=0x2e7f => 0.64,
        _ => 1.05,
    };
    text.chars().map(width_of).sum::<f32>() * size
}

/// Breaks a text into lines no wider than `room`; a word that is too long is broken.
pub fn wrapped(text: &str, size: f32, room: f32) -> Vec<String> {
    broken(text, room, |text| width(text, size))
}

/// The same of a text in bold.
pub fn wrapped_bold(text: &str, size: f32, room: f32) -> Vec<String> {
    broken(text, room, |text| bold_width(text, size))
}

fn broken(text: &str, room: f32, width: impl Fn(&str) -> f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or("", String::as_str);
        let gap = if last.is_empty() { "" } else { " " };
        if width(last) + width(gap) + width(word) <= room {
            append(&mut lines, gap);
            append(&mut lines, word);
            continue;
        }
        if !last.is_empty() {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let mut buffer = [0; 4];
            let letter: &str = letter.encode_utf8(&mut buffer);
            let last = lines.last().map_or("", String::as_str);
            if !last.is_empty() && width(last) + width(letter) > room {
                lines.push(String::new());
            }
            append(&mut lines, letter);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn append(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

/// The beginning of a text that fits into `room`, with `…` where it is cut.
pub fn shortened(text: &str, n_columns: usize) -> String {
    if text.chars().count() <= n_columns {
        return text.to_owned();
    }
    let start: String = text.chars().take(n_columns.saturating_sub(1)).collect();
    format!("{start}…")
}

/// The beginning of a text that is no wider than `room`, with `…` where it is cut.
pub fn fitted(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept, size) + width("…", size) > room {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_helveticas() {
        assert!((width("Headlight", 10.0) - 42.24).abs() < 0.01, "{}", width("Headlight", 10.0));
        assert_eq!(width("", 10.0), 0.0);
        assert!(width("東京", 10.0) > 20.0);
    }

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let text = "Opacity: weight. Weights below 0.004 would be too faint and are not drawn.";
        for room in [30.0, 90.0, 200.0, 1_000.0] {
            let lines = wrapped(text, 8.0, room);
            assert!(lines.iter().all(|line| width(line, 8.0) <= room || line.chars().count() == 1), "{lines:?}");
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(squeezed(&lines.concat()), squeezed(text));
        }
        for room in [20.0, 60.0] {
            let cut = fitted("WWW internationalisation", 8.0, room);
            assert!(width(&cut, 8.0) <= room && cut.ends_with('…') && cut.starts_with('W'), "{cut}");
        }
        assert_eq!(fitted("abc", 8.0, 60.0), "abc");
        assert_eq!(wrapped("", 8.0, 50.0), Vec::<String>::new());
        assert_eq!((shortened("abcdef", 4).as_str(), shortened("abc", 4).as_str()), ("abc…", "abc"));
    }
}
