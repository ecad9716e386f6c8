//! Places of words and patterns in texts, as tables.

use super::*;

fn found(linked: &Linked, text: &str, is_causal: bool) -> Option<[String; 2]> {
    let marked = linked.rows(&[Row::of_text(text)], is_causal).rows.pop()?;
    let word = |name| marked.marked(name).unwrap().to_owned();
    Some([word(READING), word(READ)])
}

#[test]
fn the_nearest_two_words_count() {
    for (reading, read, text, is_causal, expected) in [
        ("she", "nurse", "The nurse saw that a nurse said She slept.", true, Some(("She", 32, 21))),
        ("she", "nurse", "She saw a nurse.", true, None),
        ("she", "nurse", "She saw a nurse.", false, Some(("She", 0, 10))),
        ("she", "nurse", "A nurse was here, and she saw the nurse.", false, Some(("she", 22, 34))),
        ("she", "nurse", "A nurse was here, and she saw the nurse.", true, Some(("she", 22, 2))),
        ("the", "the", "the cat and the dog", true, Some(("the", 12, 0))),
        ("new york", "*ed", "He called from 'New York'.", true, Some(("New York", 16, 3))),
        ("she|he", "doctor*", "The doctors agreed that he left.", true, Some(("he", 24, 4))),
        ("he", "doctor", "The doctors agreed that he left.", true, None),
    ] {
        let linked = Linked::of_words(reading, read).unwrap();
        let places = linked.places(text, is_causal);
        let described = places.map(|[(from, to), (key, _)]| (&text[from..to], from, key));
        assert_eq!(described, expected, "{reading} → {read}: {text}");
    }
}

#[test]
fn parts_of_patterns_are_found() {
    for (pattern, text, expected) in [
        ("the [*] … (she|he)", "The cat saw the nurse. Then she left.", Some(["she", "nurse"])),
        ("the [*] said (she)", "The cat saw the nurse. Then she left.", None),
        ("[Mary] … and … (John)", "Mary went, and then John and John", Some(["John", "Mary"])),
        ("(she) … [nurse]", "she is a nurse", Some(["she", "nurse"])),
        ("[a b] (c)", "a b, c", Some(["c", "a b"])),
        ("… [*ing] (was|is) …", "Running is nice; walking was", Some(["is", "Running"])),
    ] {
        let linked = Linked::of_pattern(pattern).unwrap();
        let expected = expected.map(|words| words.map(str::to_owned));
        assert_eq!(found(&linked, text, false), expected, "{pattern}: {text}");
    }
    let backwards = Linked::of_pattern("(she) … [nurse]").unwrap();
    assert!(backwards.check(true).is_err_and(|error| error.contains("left to right")));
    assert_eq!(backwards.check(false), Ok(()));
}

#[test]
fn what_is_wrong_with_a_pattern_is_said() {
    for (pattern, expected) in [
        ("", "No part reads"),
        ("the (she", "A part is not closed"),
        ("(she)", "No part is read"),
        ("(a) [b] (c)", "one part of each kind"),
        ("(a [b])", "inside another part"),
        ("(a] [b]", "closes nothing"),
        ("() [b]", "A part is empty"),
        ("(a … b) [c]", "inside a part"),
    ] {
        let error = Linked::of_pattern(pattern).unwrap_err();
        assert!(error.contains(expected), "{pattern}: {error}");
    }
    assert!(Linked::of_words(" ", "x").is_err_and(|error| error.contains("that reads")));
    assert!(Linked::of_words("x", "?!").is_err_and(|error| error.contains("is read")));
}

#[test]
fn stars_stand_for_any_letters() {
    for (wanted, word, expected) in [
        ("*", "x", true),
        ("*ing", "going", true),
        ("*ing", "ingot", false),
        ("a*b*c", "abbc", true),
        ("a*a", "a", false),
    ] {
        assert_eq!(fits(wanted, word), expected, "{wanted} {word}");
    }
}
