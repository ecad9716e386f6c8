//! How things are drawn, as parts of a link: only what differs from how the page begins.
//!
//! `scale` is of the format's first version; the others joined it later and are passed over, with a notice, by pages that
//! do not know them:
//!
//! | part | what it says |
//! |---|---|
//! | `scale=log` | weights on a logarithmic scale |
//! | `ends=row` | the scale ends at each row's largest weight |
//! | `min=0.05` | smaller weights are not drawn |
//! | `drawn=norm`, `drawn=value_zeroing`, `drawn=rollout` | what stands in the place of weights |
//! | `drawing=matrix` | cells instead of lines |
//! | `heads_as=split` | a picture for each head |
//! | `without=special,first` | left out |
//! | `words=joined` | the pieces of a word as one |
//! | `beside=stream` | a second view; `1` for the head view or, beside it, the neuron view |
//! | `cells=lines`, `cells=number` | what a cell of the model view shows |
//! | `cell_is=mean` | what a reduced cell says of the weights it stands for |
//! | `number=strongest`, `number=decay` | which number, by its name with `_` for spaces |
//! | `sorted=1` | by that number |
//! | `hidden_layers=0,1`, `hidden_heads=3` | left out of the model view |
//! | `order=pair`, `order=total` | neurons by what they add to a key, or to all |
//! | `before_rotation=1` | queries and keys as projected |
//! | `stream=entropy` | what a cell of the stream view shows |
//! | `token= Mary` | the token whose numbers the stream view shows |
//! | `first_on_top=1` | the first layer above the output |
//! | `ranked=mlp_neurons` | what is ranked by its estimated effect |
//! | `patched_from=A text` | the text whose values are patched in, where parts are not zeroed |

use super::View;
use super::link::{list, numbers};
use super::matters::{MattersChoice, Ranked};
use super::options::{Arrangement, Display, Drawing};
use super::scales::options::{CellNumber, CellStyle, MapOptions, NeuronOptions, NeuronOrder};
use super::stream::options::{StreamNumber, StreamOptions};
use super::typed;
use crate::analysis::scores::Score;
use crate::protocol::{Quantity, Reduce};

/// How things are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedOptions {
    /// How weights are drawn.
    pub display: Display,
    /// The second view.
    pub beside: Option<View>,
    /// Options of the model view.
    pub map: MapOptions,
    /// Options of the neuron view.
    pub neuron: NeuronOptions,
    /// Options of the stream view.
    pub stream: StreamOptions,
    /// What is ranked, and for which edit.
    pub matters: MattersChoice,
}

impl LinkedOptions {
    /// Takes a part of a link. `None` where the part is not about how things are drawn; else whether its value can be
    /// read, or what would be right.
    pub fn set(&mut self, name: &str, value: &str) -> Option<Result<(), &'static str>> {
        let Self { display, beside, map, neuron, stream, matters } = self;
        Some(match name {
            "scale" => one_of(value, &[("linear", false), ("log", true)], "linear or log", &mut display.is_log),
            "ends" => one_of(value, &[("one", false), ("row", true)], "one or row", &mut display.is_per_row),
            "min" => match typed::number(value) {
                Some(weight) if (0.0..=1.0).contains(&weight) => {
                    display.min_weight_thousandths = (weight * 1e3).round() as u16;
                    Ok(())
                }
                _ => Err("a weight from 0 to 1"),
            },
            "drawn" => {
                let each = Quantity::EACH.map(|quantity| (quantity.name(), quantity));
                one_of(value, &each, "weight, norm, value_zeroing or rollout", &mut display.quantity)
            }
            "drawing" => {
                let each = [("lines", Drawing::Lines), ("matrix", Drawing::Matrix)];
                one_of(value, &each, "lines or matrix", &mut display.drawing)
            }
            "heads_as" => {
                let each = [("mean", Arrangement::Mean), ("split", Arrangement::SideBySide)];
                one_of(value, &each, "mean or split", &mut display.arrangement)
            }
            "without" => {
                let parts: Vec<&str> = value.split(',').collect();
                if parts.iter().any(|part| !["special", "first"].contains(part)) {
                    return Some(Err("special, first, or both"));
                }
                display.leaves_out_special = parts.contains(&"special");
                display.leaves_out_first = parts.contains(&"first");
                Ok(())
            }
            "words" => {
                one_of(value, &[("joined", true), ("apart", false)], "joined or apart", &mut display.joins_words)
            }
            "beside" => {
                let each = [("0", None), ("1", Some(View::Neuron))];
                let each = each
                    .into_iter()
                    .chain(View::EACH.iter().map(|view| (view.name(), Some(*view))))
                    .collect::<Vec<_>>();
                one_of(value, &each, "the name of a view", beside)
            }
            "cells" => {
                let each = [("heat", CellStyle::Heat), ("lines", CellStyle::Lines), ("number", CellStyle::Number)];
                one_of(value, &each, "heat, lines or number", &mut map.style)
            }
            "cell_is" => one_of(value, &[("max", Reduce::Max), ("mean", Reduce::Mean)], "max or mean", &mut map.reduce),
            "number" => match each_number().find(|number| name_of(*number) == value) {
                Some(number) => {
                    map.number = number;
                    Ok(())
                }
                None => Err("the name of a number"),
            },
            "sorted" => one_of(value, &SWITCH, "0 or 1", &mut map.is_sorted),
            "hidden_layers" | "hidden_heads" => match numbers(value) {
                Some(hidden) => {
                    let list = if name == "hidden_layers" { &mut map.hidden_layers } else { &mut map.hidden_heads };
                    *list = hidden.into_iter().collect();
                    Ok(())
                }
                None => Err("a list of numbers"),
            },
            "order" => {
                let each = [("index", NeuronOrder::Index), ("pair", NeuronOrder::Pair), ("total", NeuronOrder::Total)];
                one_of(value, &each, "index, pair or total", &mut neuron.order)
            }
            "before_rotation" => one_of(value, &SWITCH, "0 or 1", &mut neuron.is_plain),
            "stream" => {
                let each = StreamNumber::EACH.map(|number| (number.name(), number));
                one_of(value, &each, "the name of a number of the stream", &mut stream.number)
            }
            "token" => {
                value.clone_into(&mut stream.token);
                Ok(())
            }
            "first_on_top" => one_of(value, &SWITCH, "0 or 1", &mut stream.is_first_on_top),
            "ranked" => {
                let each = Ranked::EACH.map(|ranked| (ranked.name(), ranked));
                one_of(value, &each, "the name of what is ranked", &mut matters.ranked)
            }
            "patched_from" => {
                matters.from = Some(value.to_owned());
                Ok(())
            }
            _ => return None,
        })
    }

    /// Writes what differs from how the page begins.
    pub fn write(&self, mut put: impl FnMut(&str, Option<String>)) {
        let Self { display, beside, map, neuron, stream, matters } = self;
        let mut put_if = |name: &str, differs: bool, value: &str| put(name, differs.then(|| value.to_owned()));
        put_if("scale", display.is_log, "log");
        put_if("ends", display.is_per_row, "row");
        let thousandths = display.min_weight_thousandths;
        put_if("min", thousandths > 0, &(f64::from(thousandths) / 1e3).to_string());
        put_if("drawn", display.quantity != Quantity::Weights, display.quantity.name());
        put_if("drawing", display.drawing == Drawing::Matrix, "matrix");
        put_if("heads_as", display.arrangement == Arrangement::SideBySide, "split");
        let without = match (display.leaves_out_special, display.leaves_out_first) {
            (true, true) => "special,first",
            (true, false) => "special",
            (false, _) => "first",
        };
        put_if("without", display.leaves_out_special || display.leaves_out_first, without);
        put_if("words", display.joins_words, "joined");
        put_if("beside", beside.is_some(), beside.map_or("", View::name));
        put_if("cells", map.style != CellStyle::Heat, if map.style == CellStyle::Lines { "lines" } else { "number" });
        put_if("cell_is", map.reduce == Reduce::Mean, "mean");
        put_if("number", map.number != CellNumber::default(), &name_of(map.number));
        put_if("sorted", map.is_sorted, "1");
        put_if("hidden_layers", !map.hidden_layers.is_empty(), &list(&map.hidden_layers));
        put_if("hidden_heads", !map.hidden_heads.is_empty(), &list(&map.hidden_heads));
        let order = if neuron.order == NeuronOrder::Pair { "pair" } else { "total" };
        put_if("order", neuron.order != NeuronOrder::Index, order);
        put_if("before_rotation", neuron.is_plain, "1");
        put_if("stream", stream.number != StreamNumber::default(), stream.number.name());
        put_if("token", !stream.token.is_empty(), &stream.token);
        put_if("first_on_top", stream.is_first_on_top, "1");
        put_if("ranked", matters.ranked != Ranked::default(), matters.ranked.name());
        put_if("patched_from", matters.from.is_some(), matters.from.as_deref().unwrap_or_default());
    }
}

const SWITCH: [(&str, bool); 2] = [("0", false), ("1", true)];

/// Sets what a word stands for.
fn one_of<T: Copy>(value: &str, each: &[(&str, T)], expected: &'static str, place: &mut T) -> Result<(), &'static str> {
    let (_, found) = each.iter().find(|(word, _)| *word == value).ok_or(expected)?;
    *place = *found;
    Ok(())
}

fn each_number() -> impl Iterator<Item = CellNumber> {
    let scores = (0..Score::ALL.len()).map(CellNumber::Score);
    CellNumber::BEFORE_SCORES.into_iter().chain(scores)
}

/// The name of a number in links; numbers other than scores have a word of their own.
fn name_of(number: CellNumber) -> String {
    match number {
        CellNumber::Entropy => "row_entropy".to_owned(),
        CellNumber::Strongest => "strongest".to_owned(),
        CellNumber::Direct => "direct_effect".to_owned(),
        CellNumber::Estimate => "estimated_effect".to_owned(),
        CellNumber::Score(score) => Score::ALL.get(score).map_or("", |score| score.name()).replace(' ', "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[(&str, &str)]) -> LinkedOptions {
        let mut options = LinkedOptions::default();
        for (name, value) in parts {
            assert_eq!(options.set(name, value), Some(Ok(())), "{name}={value}");
        }
        options
    }

    fn written(options: &LinkedOptions) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        options.write(|name, value| parts.extend(value.map(|value| (name.to_owned(), value))));
        parts
    }

    #[test]
    fn every_part_comes_back() {
        let parts = [
            ("scale", "log"),
            ("ends", "row"),
            ("min", "0.05"),
            ("drawn", "value_zeroing"),
            ("drawing", "matrix"),
            ("heads_as", "split"),
            ("without", "special,first"),
            ("words", "joined"),
            ("beside", "stream"),
            ("cells", "number"),
            ("cell_is", "mean"),
            ("number", "previous_token"),
            ("sorted", "1"),
            ("hidden_layers", "0,5"),
            ("hidden_heads", "3"),
            ("order", "total"),
            ("before_rotation", "1"),
            ("stream", "kl"),
            ("token", " Mary"),
            ("first_on_top", "1"),
            ("ranked", "mlp_neurons"),
            ("patched_from", "Mary and\nJohn"),
        ];
        let options = read(&parts);
        let found = written(&options);
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, parts);
        assert!(written(&LinkedOptions::default()).is_empty(), "what is as it begins is not said");
        for number in each_number() {
            let options = LinkedOptions { map: MapOptions { number, ..Default::default() }, ..Default::default() };
            let parts = written(&options);
            assert_eq!(read(&parts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()), options);
        }
    }

    #[test]
    fn what_is_broken_says_what_would_be_right() {
        for (name, value, expected) in [
            ("scale", "cubic", "linear or log"),
            ("min", "2", "a weight from 0 to 1"),
            ("min", "NaN", "a weight from 0 to 1"),
            ("without", "last", "special, first, or both"),
            ("number", "beauty", "the name of a number"),
            ("hidden_heads", "x", "a list of numbers"),
            ("stream", "water", "the name of a number of the stream"),
            ("ranked", "hats", "the name of what is ranked"),
        ] {
            assert_eq!(LinkedOptions::default().set(name, value), Some(Err(expected)), "{name}={value}");
        }
        assert_eq!(LinkedOptions::default().set("text", "a"), None);
    }
}
