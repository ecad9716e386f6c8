//! Short texts of several kinds for an atlas: stories, lists, talk, directions, with names and words that come again.

use super::template::filled;
use crate::random::SplitMix64;
use crate::sets::Row;

const NAMES: [&str; 16] = [
    "Clara", "Hugo", "Nina", "Oscar", "Ruth", "Simon", "Vera", "Walter", "Ida", "Felix", "Greta", "Leo", "Marta",
    "Noah", "Olga", "Theo",
];
const PLACES: [&str; 12] = [
    "market", "harbour", "library", "garden", "station", "kitchen", "museum", "forest", "school", "bridge", "theatre",
    "bakery",
];
const THINGS: [&str; 16] = [
    "basket", "letter", "lantern", "bicycle", "map", "violin", "blanket", "clock", "ladder", "mirror", "camera",
    "kettle", "notebook", "umbrella", "ring", "drum",
];
const FOODS: [&str; 10] = ["apples", "pears", "bread", "cheese", "plums", "carrots", "honey", "rice", "onions", "tea"];
const QUALITIES: [&str; 10] = ["old", "small", "heavy", "blue", "broken", "new", "strange", "warm", "quiet", "bright"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const NUMBERS: [&str; 8] = ["two", "three", "four", "five", "seven", "nine", "twelve", "twenty"];

/// Kinds of texts, each of some fifty words.
const TEXTS: [&str; 8] = [
    "On {day} {first} walked to the {place} with a {quality} {thing}. {second} was already there, waiting under the clock. \
     \"Is that the {thing} you told me about?\" {second} asked. {first} nodded and put the {thing} on the ground. They looked at \
     it for a while, and then they went home without it.",
    "At the {place} they sold {food}, {drink}, {other} and flowers. {first} bought {number} bags of {food} and some {drink}. \
     {second} only wanted the {other}, but the {other} had been sold out since {day}. So {first} gave {second} half of the \
     {food}, and they carried everything back over the bridge.",
    "To find the {place}, go straight on until you see a {quality} house. Turn left, count {number} doors, and turn left again. \
     The {place} is behind the wall. If the gate is closed, ring twice; if nobody comes, ask for {first}. {first} has had the \
     key since {day}, because {second} lost the other one.",
    "{first} and {second} had shared the {thing} for {number} years. When {first} moved away, {second} kept it in the {place}. \
     Nobody used the {thing} any more, and it became {quality}. Last {day} {first} came back and asked for it. \"I thought you \
     had forgotten,\" {second} said, and went to fetch it.",
    "Dear {first}, thank you for the {thing}. It arrived on {day}, a little {quality} but in one piece. I have put it next to \
     the window, where {second} can see it from the {place}. We still have {number} jars of {food} for you. Please come before \
     the {food} is gone, and bring {drink}. Yours, {second}",
    "The {place} opens at {number} on {day}. Visitors may not bring {food} or {drink}. The {quality} {thing} in the first room \
     belongs to {first}, who found it in a field. Do not touch the {thing}. In the second room there is a picture of {second}, \
     {first}'s teacher, holding the same {thing}.",
    "First wash the {food} and cut the {other} into {number} pieces. Put the {food} into a {quality} pot, add the {other}, and \
     wait. After {number} minutes add the {drink}. Stir it, wait again, and stir it once more. {first} likes it hot; {second} \
     likes it cold. Serve it on {day}, when everybody is at home.",
    "Why did {first} leave the {place} so early? Some said that {first} had seen {second} with the {thing}. Others said that \
     the {thing} was never there. {second} said nothing. On {day} somebody found a {quality} {thing} near the {place}, with \
     {first}'s name on it, and {number} people claimed that they had always known.",
];

pub(super) fn texts(n_rows: usize, seed: u64) -> Vec<Row> {
    let row = |index: usize| {
        let mut random = SplitMix64::new(SplitMix64::nth(seed, index as u64));
        let (mut names, mut foods) = (NAMES, FOODS);
        random.shuffle(&mut names);
        random.shuffle(&mut foods);
        let mut pick = |list: &[&'static str]| list[random.below(list.len())];
        let words = [
            ("first", names[0]),
            ("second", names[1]),
            ("place", pick(&PLACES)),
            ("thing", pick(&THINGS)),
            ("food", foods[0]),
            ("drink", foods[1]),
            ("other", foods[2]),
            ("quality", pick(&QUALITIES)),
            ("day", pick(&DAYS)),
            ("number", pick(&NUMBERS)),
        ];
        let kind = index % TEXTS.len();
        let mut row = filled(TEXTS[kind], &words);
        row.marks.clear();
        row.pair_id = Some(format!("kind{kind}/{}#{index}", words[3].1));
        row
    };
    (0..n_rows).map(row).collect()
}
