//! Examples: a text, a head, what to look at there, and what would refute it.
//!
//! `tests/gallery.rs` measures every claim on the bundled models; a claim that the measurement refutes is dropped or
//! reworded. It holds the small picture of each example to the head's weights, too.

use crate::protocol::{Input, InputText, TargetAsked};

/// An example of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Title on the page.
    pub title: &'static str,
    /// Id of the model in the catalogue.
    pub model: &'static str,
    /// The input.
    pub text: ExampleText,
    /// Layer to look at.
    pub layer: usize,
    /// Head to look at.
    pub head: usize,
    /// Positions of marked queries.
    pub queries: &'static [usize],
    /// Positions of marked keys.
    pub keys: &'static [usize],
    /// Sentence that says what to look at.
    pub look: &'static str,
    /// Sentence that says what would refute the claim.
    pub refuted: &'static str,
    /// The answer that the claim is about and the token that it is compared with, each with its space.
    pub outcome: Option<(&'static str, &'static str)>,
    /// The token whose rank the stream view shows, for an example that opens there.
    pub in_stream: Option<&'static str>,
    /// The text whose values “Matters” patches in, for an example that opens there.
    pub patched_from: Option<&'static str>,
}

/// The input of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleText {
    /// One text.
    One(&'static str),
    /// Two texts.
    Two(&'static str, &'static str),
    /// A block of random tokens, read twice.
    Block {
        /// Length of the block, in tokens.
        n_tokens: u32,
        /// Seed of the random tokens.
        seed: u32,
    },
}

/// Most rows of a picture: longer texts are reduced to so many.
pub const MOST_ROWS: usize = 32;

/// For each example, in order: the number of rows in one byte, then the picture's cells. Made by `tests/gallery.rs`.
const PICTURES: &[u8] = include_bytes!("gallery/pictures.bin");

/// The pattern of an example's head, small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Rows, and columns.
    pub n_rows: usize,
    /// The largest weight in each cell, in 255ths [row, column]: queries down, keys across.
    pub cells: &'static [u8],
}

/// The picture of an example, by its place among [`EXAMPLES`].
pub fn picture(index: usize) -> Option<Picture> {
    let mut rest = PICTURES;
    for at in 0..=index {
        let (&n_rows, after) = rest.split_first()?;
        let n_rows = usize::from(n_rows);
        let (cells, after) = after.split_at_checked(n_rows * n_rows)?;
        if at == index {
            return Some(Picture { n_rows, cells });
        }
        rest = after;
    }
    None
}

/// Id of the sentence embedder.
pub const MINILM: &str = "all-MiniLM-L6-v2";
/// Id of the language model.
pub const SMOLLM2: &str = "SmolLM2-135M-Instruct-Q4_1";

const CAT: ExampleText = ExampleText::Two("The cat sat on the mat", "The cat lay on the rug");
const MARY: ExampleText = ExampleText::One("When Mary and John went to the store, John gave a drink to");
const FOX: ExampleText = ExampleText::One("The quick, brown fox jumps over the lazy");

/// A story of a thousand words that ends with the name it begins with.
const THOUSAND_WORDS: &str = include_str!("gallery/thousand_words.txt");

/// Every example; the first one is on the first screen.
pub const EXAMPLES: [Example; 15] = [
    Example {
        title: "cat and mat",
        model: MINILM,
        text: CAT,
        layer: 2,
        head: 9,
        queries: &[],
        keys: &[],
        look: "Two sentences are read together. In head L2H9 “cat” reads “cat” across them with 0.89 and “on” reads “on” \
               with 0.67: equal words find each other.",
        refuted: "If the head paired places instead of words, “mat” would read “rug”, which stands in the same place. \
                  It gives it 0.03.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "mat and rug",
        model: MINILM,
        text: CAT,
        layer: 5,
        head: 7,
        queries: &[6],
        keys: &[],
        look: "L5H7 is the head that reads most from the first sentence into the second (score A→B, 0.50), and “mat” \
               reads its counterpart “rug” with 0.44, more than in any other head.",
        refuted: "If that were mere similarity of words, the head would look the other way too. But “rug” reads “mat” \
                  with only 0.15.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "quick brown fox",
        model: MINILM,
        text: FOX,
        layer: 0,
        head: 2,
        queries: &[],
        keys: &[],
        look: "L0H2 reads the word before, always: its score is 1.00 here. L1H8 reads the word after (0.57); press L \
               and pick head 8.",
        refuted: "A head that follows meaning would change with the words. Type another text: the pattern stays.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "the first token as a sink",
        model: SMOLLM2,
        text: FOX,
        layer: 18,
        head: 8,
        queries: &[],
        keys: &[],
        look: "L18H8 rests on the first token with all its weight, and so do most heads of this model: 218 of 270 give \
               it more than half.",
        refuted: "If the word “The” mattered, another first word would end this. Put one in front: the weight moves to \
                  whatever comes first.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "Mary and John",
        model: SMOLLM2,
        text: MARY,
        layer: 24,
        head: 4,
        queries: &[13],
        keys: &[],
        look: "The model completes with “Mary” (0.92). L24H4 reads Mary from the last word with 0.81, more than any other \
               head. It looks like the head that copies the name.",
        refuted: "Take it away: the logit difference between Mary and John, 6.1, does not fall, it rises to 6.8. The head \
                  that matters most is L23H3, which reads the second John; without it the difference halves to 3.1.",
        outcome: Some((" Mary", " John")),
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "where the name appears",
        model: SMOLLM2,
        text: MARY,
        layer: 23,
        head: 3,
        queries: &[13],
        keys: &[],
        look: "The stream view reads every layer as if it were the last. After “to”, “Mary” is not among the first 800 tokens \
               entering layers 1 to 23. Layer 23 lifts it to rank 147; entering the last layer it has rank 19, and the output says “Mary” \
               with 0.92.",
        refuted: "If the name were there all along, early layers would rank it high. But the lens misleads there: it reads a stream \
                  that is not yet written for it, so a low rank does not prove that the name is unknown.",
        outcome: Some((" Mary", " John")),
        in_stream: Some(" Mary"),
        patched_from: None,
    },
    Example {
        title: "who writes the name",
        model: SMOLLM2,
        text: MARY,
        layer: 23,
        head: 3,
        queries: &[13],
        keys: &[],
        look: "Open “Matters”, “Direct effect”: the difference between Mary and John, 6.12, is a sum. L23H3 writes 2.86 of it, \
               more than any other part; the MLP of layer 28 writes 1.83.",
        refuted: "If reading a name were writing it, L24H4, which reads Mary most, would add the most. It takes 1.07 away, and L29H0 \
                  takes 1.01.",
        outcome: Some((" Mary", " John")),
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "a neuron and a capital",
        model: SMOLLM2,
        text: ExampleText::One("The capital of France is"),
        layer: 0,
        head: 0,
        queries: &[4],
        keys: &[],
        look: "The model completes with “Paris” (0.77). Zero one of the 46,080 neurons of its MLPs, number 767 of layer 0 (Stream view, \
               a cell of layer 0, “Change this cell”, everywhere): “Paris” falls to 0.05, and “ the” comes first.",
        refuted: "If the neuron held the fact, other facts would stay. But Rome, Madrid and London fall in the same sentence (0.38, 0.38, 0.59 to \
                  0.01, 0.00, 0.03), and it is active at “of” alone: it is about the sentence, not about France.",
        outcome: Some((" Paris", " London")),
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "random tokens twice",
        model: SMOLLM2,
        text: ExampleText::Block { n_tokens: 50, seed: 1 },
        layer: 18,
        head: 6,
        queries: &[],
        keys: &[],
        look: "Fifty random tokens, then the same fifty again. From each token of the second copy L18H6 reads what followed it \
               in the first: prefix matching 0.89, the most of all heads.",
        refuted: "If that were chance, another block would end it; with seeds 2 and 3 it is 0.89 and 0.91. That the head \
                  also copies what it reads is not shown by this.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "doctor and nurse",
        model: SMOLLM2,
        text: ExampleText::One("The doctor asked the nurse a question. She"),
        layer: 9,
        head: 4,
        queries: &[8],
        keys: &[],
        look: "From “She” L9H4 reads “nurse” with 0.48 and “doctor” with 0.15. Write “He” instead: 0.14 and 0.19.",
        refuted: "If the model simply paired She with nurse, its heads would agree. L9H3 does the opposite: it reads \
                  “nurse” from “He” with 0.54 and “doctor” from “She” with 0.32.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "a place to rest",
        model: MINILM,
        text: FOX,
        layer: 4,
        head: 5,
        queries: &[],
        keys: &[],
        look: "L4H5 gives [CLS] and [SEP] 0.94 of its weight. Yet what the value of [CLS] brings out of this head has \
               length 0.15, those of words 5.2 to 6.7: almost nothing arrives.",
        refuted: "If much were read there, the values of separators would be as long as those of words. The neuron view \
                  shows the length ‖f‖ of each.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "a list of fruit",
        model: MINILM,
        text: ExampleText::One("At the store, she bought apples, oranges, bananas,"),
        layer: 1,
        head: 2,
        queries: &[],
        keys: &[],
        look: "In L1H2 weights fall evenly with distance: by a third with every token (score decay −0.42, R² 0.98).",
        refuted: "If the words made the pattern, other words would break it. On the numbers from one to twelve the slope is \
                  −0.38, R² 0.96.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "a thousand words",
        model: SMOLLM2,
        text: ExampleText::One(THOUSAND_WORDS),
        layer: 17,
        head: 3,
        queries: &[1_227],
        keys: &[9],
        look: "A story of 1,228 tokens, which takes a while to read. It ends with the name that it begins with, and the model \
               completes it (“Brand”, 0.93): from the last token L17H3 reads that name, 1,218 tokens back, with 0.99. Other \
               tokens give it less than 0.001 on average.",
        refuted: "If the model had the name from elsewhere, or the head always looked there, the first sentence would not \
                  matter. Call her Odalys Meyer in it, and the story ends with “Meyer” (0.89).",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
    Example {
        title: "which heads tell the names apart",
        model: SMOLLM2,
        text: MARY,
        layer: 23,
        head: 3,
        queries: &[13],
        keys: &[],
        look: "Under “Matters” press “Estimate”, then “Verify”: one reverse pass ranks all 270 heads by what patching them from the text \
               where Mary gives the drink would do. L23H3 comes first, estimated at −5.39 and exactly −7.08; then L29H1, −2.99 and −3.03.",
        refuted: "If estimates were effects, a head with a small one would matter little. L20H0 is not among the \
                  20 largest, estimated at +0.18: run exactly, it takes 1.87 away.",
        outcome: Some((" Mary", " John")),
        in_stream: None,
        patched_from: Some("When Mary and John went to the store, Mary gave a drink to"),
    },
    Example {
        title: "what a likeness rests on",
        model: MINILM,
        text: CAT,
        layer: 2,
        head: 9,
        queries: &[],
        keys: &[],
        look: "The two sentences have a cosine of 0.711. Under “Matters” press “Saliency”: by integrated gradients “cat” accounts for most, \
               0.20 in the first sentence and 0.21 in the second; then “mat” (0.12) and “rug” (0.16).",
        refuted: "If saliency were a property of a word, each way to measure it would agree. Gradient × embedding gives “cat” −0.01 in both \
                  sentences: it is a slope at this one text.",
        outcome: None,
        in_stream: None,
        patched_from: None,
    },
];

impl ExampleText {
    /// The input as the worker is asked for it.
    pub fn input(self) -> Input {
        let text = match self {
            ExampleText::One(text) => InputText::Single(text.to_owned()),
            ExampleText::Two(text, pair) => InputText::Pair(text.to_owned(), pair.to_owned()),
            ExampleText::Block { n_tokens, seed } => InputText::RandomBlock { n_tokens, seed },
        };
        Input { text, cut: false, bos: None, target: TargetAsked::Generated }
    }
}
