//! The tour: five places on the page, each with what is done there.

/// A step of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Selectors of the place: the first one that is on screen is pointed at.
    pub places: &'static [&'static str],
    /// What the place is.
    pub title: &'static str,
    /// What is done there.
    pub text: &'static str,
}

/// The steps, in order.
pub const STEPS: [Step; 5] = [
    Step {
        places: &[".entry", ".topbar"],
        title: "Any text",
        text: "Type a text and press Enter: the model reads it in this page, and nothing leaves your device. The arrow at its end opens the \
               examples.",
    },
    Step {
        places: &[".rail", ".choosing", ".scale-bar"],
        title: "All heads",
        text: "Each cell is the attention of one head. Click one to see it large; layer and head are chosen in the bar above as well.",
    },
    Step {
        places: &[".figure", ".stage"],
        title: "One head",
        text: "Lines run from the token that reads (left) to the token that is read (right). Hover a token to see its weights, click to \
               pin it.",
    },
    Step {
        places: &[".inspector > .tabs", ".inspector"],
        title: "Numbers and changes",
        text: "Selected has the numbers of what you look at, Predicts what the model expects, Matters the heads ranked by a score. In Change \
               you edit the model and see what becomes of its answer.",
    },
    Step {
        places: &["#commands", ".scale-bar"],
        title: "Everything by name",
        text: "Ctrl+K, or /, finds every action, head (L9H4), token, example and model. ? lists the keys.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_says_something_and_points_somewhere() {
        for step in STEPS {
            assert!(!step.places.is_empty() && step.title.len() < 24, "{}", step.title);
            assert!(step.text.ends_with('.') && !step.text.contains("  "), "{}", step.text);
        }
    }
}
