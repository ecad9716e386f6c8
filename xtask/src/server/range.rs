//! The header `Range`.

/// Which bytes of a file are wanted.
#[derive(Debug, PartialEq, Eq)]
pub enum Range {
    /// All of them.
    Whole,
    /// So many from the first one on.
    Part { first: u64, len: u64 },
    /// None: the file ends before.
    Impossible,
}

/// One range. By the standard, several ranges and malformed ones may be answered with the whole file.
pub fn parse_range(value: Option<&str>, size: u64) -> Range {
    let Some((from, to)) = value.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return Range::Whole;
    };
    let (first, last) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) if to.trim().is_empty() => (first, size.saturating_sub(1)),
        (Err(_), Ok(0)) if from.trim().is_empty() => return Range::Impossible,
        (Err(_), Ok(count)) if from.trim().is_empty() => (size.saturating_sub(count), size.saturating_sub(1)),
        _ => return Range::Whole,
    };
    if first >= size { Range::Impossible } else { Range::Part { first, len: last - first + 1 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |first, len| Range::Part { first, len };
        let cases = [
            (None, Range::Whole),
            (Some("bytes=0-9"), part(0, 10)),
            (Some("bytes=10-"), part(10, 90)),
            (Some("bytes=-5"), part(95, 5)),
            (Some("bytes=-500"), part(0, 100)),
            (Some("bytes=90-500"), part(90, 10)),
            (Some("bytes=100-"), Range::Impossible),
            (Some("bytes=-0"), Range::Impossible),
            (Some("bytes=9-3"), Range::Whole),
            (Some("bytes=0-1,5-6"), Range::Whole),
            (Some("lines=1-2"), Range::Whole),
        ];
        for (value, expected) in cases {
            assert_eq!(parse_range(value, 100), expected, "{value:?}");
        }
    }
}
