//! Which kept files are dropped and fetched again when a checkpoint cannot be read.
//!
//! A file may have been spoilt before it was kept (by the sign-in page of a network) or since (by a disk). Without a
//! second download, every later visit would fail in the same way.

/// A file of a checkpoint that cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct ReadFile<'a> {
    /// Its name in the checkpoint.
    pub name: &'a str,
    /// Whether it was kept before this load, rather than fetched by it.
    pub was_kept: bool,
    /// Whether it has the listed SHA-256; `None` where none is listed.
    pub is_intact: Option<bool>,
}

/// The files to fetch again, as indices: kept ones that do not have their SHA-256, and kept ones without a SHA-256 that
/// the reason names, or all of those where it names no file.
pub fn spoilt(reason: &str, files: &[ReadFile<'_>]) -> Vec<usize> {
    let names_none = !files.iter().any(|file| names(reason, file.name));
    let is_spoilt = |file: &ReadFile<'_>| {
        file.was_kept
            && match file.is_intact {
                Some(is_intact) => !is_intact,
                None => names_none || names(reason, file.name),
            }
    };
    files.iter().enumerate().filter(|(_, file)| is_spoilt(file)).map(|(index, _)| index).collect()
}

/// What the reader is told of files that were dropped; goes on with "and fetched again" once they were.
pub fn dropped(names: &[&str], reason: &str) -> String {
    let (files, were) = (names.join(", "), if names.len() == 1 { "was" } else { "were" });
    format!("{files}, kept from an earlier download, could not be read ({reason}) and {were} dropped")
}

/// Whether a sentence names a file: "tokenizer_config.json" does not name "config.json".
fn names(sentence: &str, file: &str) -> bool {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    sentence.match_indices(file).any(|(at, _)| {
        let (before, after) = (&sentence[..at], &sentence[at + file.len()..]);
        let mut rest = after.chars();
        let goes_on = match rest.next() {
            Some('.') => rest.next().is_some_and(belongs),
            Some(next) => belongs(next),
            None => false,
        };
        !goes_on && !before.ends_with(|c| belongs(c) || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, was_kept: bool, is_intact: Option<bool>) -> ReadFile<'_> {
        ReadFile { name, was_kept, is_intact }
    }

    #[test]
    fn the_named_file_is_fetched_again_and_others_are_left() {
        let files = [
            file("config.json", true, None),
            file("tokenizer_config.json", true, None),
            file("tokenizer.json", false, None),
            file("model.safetensors", true, Some(true)),
        ];
        for (reason, expected) in [
            ("config.json: cannot be read as JSON", &[0][..]),
            ("tokenizer_config.json: cannot be read", &[1]),
            ("The file is config.json.", &[0]),
            // Fetched a moment ago: another copy would be the same.
            ("tokenizer.json: cannot be read", &[]),
            // Its contents are the listed ones.
            ("model.safetensors: the header is no JSON", &[]),
            ("tensor wte.weight is missing", &[0, 1]),
        ] {
            assert_eq!(spoilt(reason, &files), expected, "{reason}");
        }
        let damaged = [file("config.json", true, None), file("model.safetensors", true, Some(false))];
        assert_eq!(spoilt("model.safetensors: the header is no JSON", &damaged), [1]);
        assert_eq!(spoilt("tensor wte.weight is missing", &damaged), [0, 1]);
    }

    #[test]
    fn the_reader_is_told_which() {
        assert_eq!(
            dropped(&["config.json"], "it is no JSON"),
            "config.json, kept from an earlier download, could not be read (it is no JSON) and was dropped"
        );
        assert!(
            dropped(&["a", "b"], "x").starts_with("a, b, kept") && dropped(&["a", "b"], "x").ends_with("were dropped")
        );
    }
}
