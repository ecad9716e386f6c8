//! How a cell can be changed, with the fields of each way.

use leptos::prelude::*;

use crate::state::editing::inside::CellEdit;
use crate::state::typed;
use crate::ui::erased::{Derived, view};

/// A way to change a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It becomes 0.
    Zero,
    /// It is multiplied.
    Scale,
    /// It becomes its mean over positions.
    Mean,
    /// It takes the other text's values.
    OtherText,
    /// A token's direction is added.
    Token,
    /// What differs between two texts is added.
    Texts,
    /// Neurons of the MLP are multiplied.
    Neurons,
}

/// In the order in which they are offered.
pub const HOWS: [How; 7] = [How::Zero, How::Scale, How::Mean, How::OtherText, How::Token, How::Texts, How::Neurons];

impl How {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            How::Zero => "zero",
            How::Scale => "scale",
            How::Mean => "mean over positions",
            How::OtherText => "patch from the other text",
            How::Token => "add a token’s direction",
            How::Texts => "steer: add a difference of texts",
            How::Neurons => "scale neurons of the MLP",
        }
    }

    /// What it does, where the name does not say it.
    pub fn hint(self) -> &'static str {
        match self {
            How::Zero | How::Scale => "",
            How::Mean => "The mean over all positions of this text, special and later ones included.",
            How::OtherText => {
                "Values of the other text that the original is compared with, position by position: choose one under Change, “Compare with”."
            }
            How::Token => {
                "The token’s row of the unembedding, scaled to the length of the stream here; the factor is in units of that length."
            }
            How::Texts => {
                "The stream at the end of the first text minus that of the second, scaled to the length of the stream here (Turner et al. 2023); the factor is in units of that length."
            }
            How::Neurons => "Neurons of this layer’s MLP: their numbers, separated by commas.",
        }
    }
}

/// What the fields hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    factor: String,
    texts: [String; 2],
}

impl Default for Typed {
    fn default() -> Self {
        Self { factor: "1".to_owned(), texts: Default::default() }
    }
}

impl Typed {
    /// The change that the fields describe; nothing where one of them is not filled.
    pub fn edit(&self, how: How) -> Option<CellEdit> {
        let factor = || typed::number(&self.factor).map(|factor| factor as f32).filter(|factor| factor.is_finite());
        let text = |text: &String| (!text.trim().is_empty()).then(|| text.clone());
        let [first, second] = &self.texts;
        Some(match how {
            How::Zero => CellEdit::Scale(0.0),
            How::Scale => CellEdit::Scale(factor()?),
            How::Mean => CellEdit::Mean,
            How::OtherText => CellEdit::FromOtherText,
            How::Token => CellEdit::Token(text(first)?, factor()?),
            How::Texts => CellEdit::Texts([text(first)?, text(second)?], factor()?),
            How::Neurons => {
                let neurons = first.split(',').map(|number| number.trim().parse().ok());
                CellEdit::Neurons(neurons.collect::<Option<Vec<usize>>>()?, factor()?)
            }
        })
    }
}

/// The fields of a way.
#[component]
pub fn CellFields(how: Derived<How>, typed: RwSignal<Typed>) -> impl IntoView {
    let text = move |at: usize, label: &'static str| {
        view! {
            <label>
                {label}
                <input
                    type="text"
                    prop:value=move || typed.with(|typed| typed.texts[at].clone())
                    on:input:target=move |event| typed.update(|typed| typed.texts[at] = event.target().value())
                />
            </label>
        }
    };
    let factor = move || {
        view! {
            <label>
                "Factor"
                <input
                    type="number"
                    step="any"
                    prop:value=move || typed.with(|typed| typed.factor.clone())
                    on:input:target=move |event| typed.update(|typed| typed.factor = event.target().value())
                />
            </label>
        }
    };
    move || match how.get() {
        How::Zero | How::Mean | How::OtherText => ().into_any(),
        How::Scale => factor(),
        How::Token => view! { {text(0, "Token")} {factor()} },
        How::Texts => view! { {text(0, "Towards")} {text(1, "Away from")} {factor()} },
        How::Neurons => view! { {text(0, "Neurons")} {factor()} },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_make_a_change_once_they_are_filled() {
        let typed = |factor: &str, first: &str, second: &str| Typed {
            factor: factor.to_owned(),
            texts: [first.to_owned(), second.to_owned()],
        };
        assert_eq!(typed("", "", "").edit(How::Zero), Some(CellEdit::Scale(0.0)));
        assert_eq!(typed("x", "", "").edit(How::Scale), None);
        assert_eq!(typed("2", "1, 5", "").edit(How::Neurons), Some(CellEdit::Neurons(vec![1, 5], 2.0)));
        assert_eq!(typed("2", "1, five", "").edit(How::Neurons), None);
        assert_eq!(typed("2", " love", "").edit(How::Texts), None);
        let both = [" love".to_owned(), " hate".to_owned()];
        assert_eq!(typed("2", " love", " hate").edit(How::Texts), Some(CellEdit::Texts(both, 2.0)));
    }
}
