//! How well typed letters fit the name of a command.

/// How well a name fits: the smaller, the better. First how it fits, then how closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    fit: Fit,
    distance: usize,
}

/// The ways in which a name fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is what was typed.
    Whole,
    /// It begins with what was typed.
    Prefix,
    /// Each typed word begins one of its words, in order.
    Words,
    /// Each typed letter begins one of its words, in order.
    Initials,
    /// The typed letters occur in it, in order.
    Letters,
}

/// How well a name fits what was typed; `None` where it does not. Upper and lower case are the same.
pub fn rank(typed: &str, name: &str) -> Option<Rank> {
    let (typed, name) = (typed.trim().to_lowercase(), name.trim().to_lowercase());
    if typed.is_empty() {
        return None;
    }
    let rank = |fit, distance| Some(Rank { fit, distance });
    if name == typed {
        return rank(Fit::Whole, 0);
    }
    if name.starts_with(&typed) {
        return rank(Fit::Prefix, name.chars().count());
    }
    if let Some(first) = first_word(&typed, &name) {
        return rank(Fit::Words, first);
    }
    if let Some(n_words) = initials(&typed, &name) {
        return rank(Fit::Initials, n_words);
    }
    rank(Fit::Letters, spread(&typed, &name)?)
}

/// Where the first of the words stands that the typed words begin, counted in words.
fn first_word(typed: &str, name: &str) -> Option<usize> {
    let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).enumerate();
    let mut first = None;
    for part in typed.split_whitespace() {
        let (at, _) = words.find(|(_, word)| word.starts_with(part))?;
        first = first.or(Some(at));
    }
    first
}

/// In how many of its first words each typed letter begins one, in order.
fn initials(typed: &str, name: &str) -> Option<usize> {
    let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).enumerate();
    let mut n_words = None;
    for wanted in typed.chars().filter(|letter| !letter.is_whitespace()) {
        n_words = Some(words.find(|(_, word)| word.starts_with(wanted))?.0 + 1);
    }
    n_words
}

/// Over how many letters of the name the typed letters are spread, blanks aside.
fn spread(typed: &str, name: &str) -> Option<usize> {
    let mut letters = name.chars().enumerate();
    let (mut first, mut last) = (None, 0);
    for wanted in typed.chars().filter(|letter| !letter.is_whitespace()) {
        (last, _) = letters.find(|(_, letter)| *letter == wanted)?;
        first = first.or(Some(last));
    }
    Some(last - first? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that fit, the best first.
    fn ranked<'a>(typed: &str, names: &[&'a str]) -> Vec<&'a str> {
        let mut fitting: Vec<_> = names.iter().filter_map(|name| Some((rank(typed, name)?, *name))).collect();
        fitting.sort();
        fitting.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn the_whole_name_then_its_beginning_then_words_then_letters() {
        let names = ["Rubber head", "Model view", "Head view", "Go ahead", "head", "The dark Head", "Hide each word"];
        assert_eq!(
            ranked("HEAD", &names),
            ["head", "Head view", "Rubber head", "The dark Head", "Go ahead", "Hide each word"]
        );
    }

    #[test]
    fn heads_stand_in_the_order_of_their_numbers() {
        assert_eq!(ranked("l9h1", &["L9H11", "L19H1", "L9H1", "L9H10"]), ["L9H1", "L9H10", "L9H11", "L19H1"]);
    }

    #[test]
    fn words_are_begun_in_order_and_letters_may_be_left_out() {
        assert_eq!(ranked("z hea", &["Zero every head", "A head at zero"]), ["Zero every head"]);
        assert_eq!(ranked("zl9h4", &["Zero L9H4", "Zero L9H3"]), ["Zero L9H4"]);
        // Initials before letters that stand anywhere, close to the beginning first.
        let names = ["Of sides", "Views side by side", "Verbose bias", "View of the result beside"];
        assert_eq!(ranked("vsb", &names), ["Views side by side", "Verbose bias", "View of the result beside"]);
        assert_eq!(ranked("ÜB", &["über", "Tüb"]), ["über", "Tüb"]);
    }

    #[test]
    fn nothing_fits_where_a_letter_is_missing_or_nothing_is_typed() {
        assert_eq!(ranked("heax", &["Head view"]), [""; 0]);
        assert_eq!(rank("  ", "Head view"), None);
        assert_eq!(rank("a", ""), None);
    }
}
