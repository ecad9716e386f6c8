//! Every claim of the gallery, measured on the bundled models through the engine and the head scores.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::sync::Arc;

use crate::support;
use crate::support::engine::finished;
use crate::support::read;
use crate::support::seen::{Seen, at, model, seen};
use headlight::analysis::AttentionSource;
use headlight::analysis::agreement::tried;
use headlight::analysis::inside::direct::Contrast;
use headlight::analysis::inside::lens::LensAsked;
use headlight::analysis::scores::Score;
use headlight::engine::backward::Differentiated;
use headlight::engine::jobs::{
    Baseline, DirectJob, EstimateJob, EstimateOf, ExactJob, HeadPlace, HookEstimate, LensJob, Measure, NeuronJob,
    SaliencyJob, SubjectsJob, complete,
};
use headlight::engine::{Captures, CompiledEdits, Run};
use headlight::gallery::{EXAMPLES, Example, ExampleText, MINILM, MOST_ROWS, SMOLLM2, picture};
use headlight::trace::Attn;

fn example(title: &str) -> &'static Example {
    EXAMPLES.iter().find(|example| example.title == title).expect("an example of the gallery")
}

/// The number as the gallery writes it.
fn says(found: f64, written: f64, n_decimals: i32) {
    let half = 0.5 * 10f64.powi(-n_decimals) + 1e-3;
    assert!((found - written).abs() <= half, "measured {found}, the gallery says {written}");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn the_sentence_embedder() {
    let minilm = model(MINILM);
    let pair = example("cat and mat");
    let of_pair = seen(&minilm, pair.text);
    let (cat, on, mat, rug) = (at(&of_pair, "cat"), at(&of_pair, "on"), at(&of_pair, "mat"), at(&of_pair, "rug"));
    let second = |token: usize| token + 7;
    let shown = (pair.layer, pair.head);
    says(f64::from(of_pair.weight(shown, cat, second(cat))), 0.89, 2);
    says(f64::from(of_pair.weight(shown, on, second(on))), 0.67, 2);
    says(f64::from(of_pair.weight(shown, mat, rug)), 0.03, 2);
    let same = of_pair.ranked_by(Score::SameToken)[0];
    assert_eq!((same.1, same.2), shown, "no head reads equal words more");

    let counterpart = example("mat and rug");
    let shown = (counterpart.layer, counterpart.head);
    assert_eq!(counterpart.queries, [mat]);
    let across = of_pair.ranked_by(Score::AToB)[0];
    assert_eq!((across.1, across.2), shown);
    says(across.0, 0.50, 2);
    let to_rug = of_pair.ranked_by_weight(mat, rug)[0];
    assert_eq!((to_rug.1, to_rug.2), shown);
    says(to_rug.0, 0.44, 2);
    says(f64::from(of_pair.weight(shown, rug, mat)), 0.15, 2);

    let fox = example("quick brown fox");
    let of_fox = seen(&minilm, fox.text);
    let previous = of_fox.ranked_by(Score::Previous)[0];
    assert_eq!((previous.1, previous.2), (fox.layer, fox.head));
    says(previous.0, 1.0, 2);
    let next = of_fox.ranked_by(Score::Next)[0];
    assert_eq!((next.1, next.2), (1, 8));
    says(next.0, 0.57, 2);
    let other = seen(&minilm, ExampleText::One("Nobody expected seven wet umbrellas in the freezer"));
    assert!(other.scores(fox.layer, fox.head).get(Score::Previous).unwrap() > 0.95, "another text, the same pattern");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn the_first_token_as_a_sink() {
    let smollm2 = model(SMOLLM2);
    let sink = example("the first token as a sink");
    let of_fox = seen(&smollm2, sink.text);
    says(of_fox.scores(sink.layer, sink.head).get(Score::First).unwrap(), 1.0, 2);
    let resting = of_fox.ranked_by(Score::First);
    assert_eq!((resting.iter().filter(|(value, ..)| *value > 0.5).count(), resting.len()), (218, 270));
    let with_another_word = seen(&smollm2, ExampleText::One("Yesterday The quick, brown fox jumps over the lazy"));
    let moved = with_another_word.scores(sink.layer, sink.head).get(Score::First).unwrap();
    assert!(moved > 0.9, "the weight moves to whatever comes first: {moved}");
    let left: f32 =
        (2..with_another_word.n()).map(|query| with_another_word.weight((sink.layer, sink.head), query, 1)).sum();
    assert!(left < 0.5, "the word that was first keeps {left} in all");
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn mary_and_john() {
    let smollm2 = model(SMOLLM2);
    let names = example("Mary and John");
    let clean = seen(&smollm2, names.text);
    let (last, mary) = (clean.n() - 1, at(&clean, "ĠMary"));
    assert_eq!(names.queries, [last]);
    let copying = clean.ranked_by_weight(last, mary)[0];
    assert_eq!((copying.1, copying.2), (names.layer, names.head));
    says(copying.0, 0.81, 2);
    assert!(clean.weight((23, 3), last, 9) > 0.7, "L23H3 reads the second John");

    let ids = ["ĠMary", "ĠJohn"].map(|name| smollm2.tokenizer().unwrap().token_to_id(name).unwrap() as usize);
    let difference = |edits_json: &str| {
        let tokens = clean.run.tokens().clone();
        let edits = headlight::edit::parse_list(edits_json).unwrap();
        let edits = CompiledEdits::bind(&edits, smollm2.spec(), tokens.len()).unwrap();
        let run = finished(&smollm2, tokens, edits, Captures::none());
        let logits = run.logits(last..last + 1).unwrap();
        f64::from(logits[ids[0]] - logits[ids[1]])
    };
    let top = headlight::engine::top_predictions(&clean.run, last, 1).unwrap()[0];
    assert_eq!(top.id as usize, ids[0]);
    says(f64::from(top.prob), 0.92, 2);
    says(difference("[]"), 6.1, 1);
    says(difference(r#"[{"kind":"zero_head","layer":24,"head":4}]"#), 6.8, 1);
    says(difference(r#"[{"kind":"zero_head","layer":23,"head":3}]"#), 3.1, 1);

    // Of all 270 heads, by golden values.
    let sweep: serde_json::Value =
        serde_json::from_slice(&read(&support::fixture("golden-real/smollm2/sweep-mary-john.json"))).unwrap();
    let effect = |layer: usize, head: usize| sweep["zero_head"][layer][head][0].as_f64().unwrap();
    let heads = (0..30).flat_map(|layer| (0..9).map(move |head| (layer, head)));
    let most = heads.min_by(|one, other| effect(one.0, one.1).total_cmp(&effect(other.0, other.1)));
    assert_eq!(most, Some((23, 3)));
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn where_the_name_appears_and_who_writes_it() {
    let smollm2 = model(SMOLLM2);
    let name = example("where the name appears");
    let clean = seen(&smollm2, name.text);
    let last = clean.n() - 1;
    assert_eq!((name.queries, name.in_stream), (&[last][..], Some(" Mary")));
    let [mary, john] = [" Mary", " John"].map(|name| smollm2.single_token(name).unwrap());
    let n_layers = smollm2.spec().n_layers;
    let asked = LensAsked { layers: (0..=n_layers).collect(), positions: vec![last], n_top: 1, token: Some(mary) };
    let table = complete(LensJob::new(&clean.run, asked).unwrap()).unwrap();
    let rank = |layer: usize| table.cells[layer].token.unwrap().rank;
    assert!((1..=23).all(|layer| rank(layer) >= 800), "{:?}", (0..=n_layers).map(rank).collect::<Vec<_>>());
    // Ranks among tokens that are almost alike move by a few.
    assert!(rank(24).abs_diff(147) <= 3 && rank(29).abs_diff(19) <= 1, "{} {}", rank(24), rank(29));
    assert_eq!(rank(n_layers), 0);
    says(f64::from(table.cells[n_layers].token.unwrap().prob), 0.92, 2);

    let contrast = Contrast { answers: vec![mary], others: vec![john] };
    let sum = complete(DirectJob::new(&clean.run, contrast, last).unwrap()).unwrap();
    let head = |layer: usize, head: usize| sum.attns[layer].heads[head];
    says(sum.outcome, 6.12, 2);
    says(head(23, 3), 2.86, 2);
    says(sum.mlps[28].whole, 1.83, 2);
    says(head(24, 4), -1.07, 2);
    says(head(29, 0), -1.01, 2);
    let heads = sum.attns.iter().flat_map(|attn| attn.heads.iter().copied());
    let most = heads.chain(sum.mlps.iter().map(|mlp| mlp.whole)).chain([sum.embed, sum.constant]);
    assert_eq!(most.fold(f64::NEG_INFINITY, f64::max), head(23, 3));
    assert_eq!(example("who writes the name").text, name.text);
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn a_neuron_and_a_capital() {
    let smollm2 = model(SMOLLM2);
    let capital = example("a neuron and a capital");
    assert_eq!(smollm2.spec().n_layers * smollm2.spec().d_mlp, 46_080);
    let neuron = r#"[{"kind":"scale","layer":0,"hook":"mlp.hook_post","neuron":767,"factor":0.0}]"#;
    let without = |country: &str, city: &str, edits: &str| {
        let ExampleText::One(text) = capital.text else { panic!("one text") };
        let tokens = smollm2.encode(&text.replace("France", country), None).unwrap();
        let edits = headlight::edit::parse_list(edits).unwrap();
        let edits = CompiledEdits::bind(&edits, smollm2.spec(), tokens.len()).unwrap();
        let run = finished(&smollm2, tokens, edits, Captures::none());
        let last = run.tokens().len() - 1;
        let logits = run.logits(last..last + 1).unwrap();
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        let prob = f64::from(logits[smollm2.single_token(city).unwrap() as usize] - largest).exp() / total;
        (prob, headlight::engine::top_predictions(&run, last, 1).unwrap()[0].id)
    };
    let the = smollm2.single_token(" the").unwrap();
    for (country, city, before, after) in [
        ("France", " Paris", 0.77, 0.05),
        ("Italy", " Rome", 0.38, 0.01),
        ("Spain", " Madrid", 0.38, 0.00),
        ("England", " London", 0.59, 0.03),
    ] {
        says(without(country, city, "[]").0, before, 2);
        let (prob, first) = without(country, city, neuron);
        says(prob, after, 2);
        assert_eq!(first, the, "{country}");
    }
    let clean = seen(&smollm2, capital.text);
    let found = complete(NeuronJob::new(&clean.run, 0, 767, 1).unwrap()).unwrap();
    assert!(found.post[2].abs() > 4.0, "{:?}", found.post);
    let others = [0, 1, 3, 4].map(|position| found.post[position].abs());
    assert!(others.iter().all(|activation| *activation < 0.2), "at “of” alone: {:?}", found.post);
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn random_tokens_twice() {
    let smollm2 = model(SMOLLM2);
    let block = example("random tokens twice");
    for (seed, written) in [(1, 0.89), (2, 0.89), (3, 0.91)] {
        let seen = seen(&smollm2, ExampleText::Block { n_tokens: 50, seed });
        assert_eq!(seen.n(), 101, "BOS in front");
        let best = seen.ranked_by(Score::Induction)[0];
        assert_eq!((best.1, best.2), (block.layer, block.head), "seed {seed}");
        says(best.0, written, 2);
    }
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn doctor_and_nurse() {
    let smollm2 = model(SMOLLM2);
    let she = example("doctor and nurse");
    let of_she = seen(&smollm2, she.text);
    let of_he = seen(&smollm2, ExampleText::One("The doctor asked the nurse a question. He"));
    let (doctor, nurse, last) = (at(&of_she, "Ġdoctor"), at(&of_she, "Ġnurse"), of_she.n() - 1);
    assert_eq!((she.queries, of_he.n()), ([last].as_slice(), of_she.n()));
    let shown = (she.layer, she.head);
    for (seen, head, key, written) in [
        (&of_she, shown, nurse, 0.48),
        (&of_she, shown, doctor, 0.15),
        (&of_he, shown, nurse, 0.14),
        (&of_he, shown, doctor, 0.19),
        (&of_he, (9, 3), nurse, 0.54),
        (&of_she, (9, 3), doctor, 0.32),
    ] {
        says(f64::from(seen.weight(head, last, key)), written, 2);
    }
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn a_place_to_rest_and_a_list_of_fruit() {
    let minilm = model(MINILM);
    let rest = example("a place to rest");
    let seen_fox = seen(&minilm, rest.text);
    let most = seen_fox.ranked_by(Score::Separator)[0];
    assert_eq!((most.1, most.2), (rest.layer, rest.head));
    says(most.0, 0.94, 2);
    let norms = seen_fox.run.value_output_norms(rest.layer, rest.head).unwrap();
    says(f64::from(norms[0]), 0.15, 2);
    let words = &norms[1..norms.len() - 1];
    says(f64::from(words.iter().copied().fold(f32::INFINITY, f32::min)), 5.2, 1);
    says(f64::from(words.iter().copied().fold(0.0, f32::max)), 6.7, 1);

    let fruit = example("a list of fruit");
    let numbers = "one two three four five six seven eight nine ten eleven twelve";
    for (text, slope, fit) in [(fruit.text, -0.42, 0.98), (ExampleText::One(numbers), -0.38, 0.96)] {
        let scores = seen(&minilm, text).scores(fruit.layer, fruit.head);
        says(scores.get(Score::Decay).unwrap(), slope, 2);
        says(scores.get(Score::DecayFit).unwrap(), fit, 2);
    }
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn a_thousand_words() {
    let smollm2 = model(SMOLLM2);
    let story = example("a thousand words");
    let ExampleText::One(text) = story.text else { panic!("one text") };
    assert!(text.split_whitespace().count() > 1_000);
    let of_story = seen(&smollm2, story.text);
    let (last, name) = (of_story.n() - 1, at(&of_story, "ĠBrand"));
    assert_eq!((of_story.n(), story.queries, story.keys), (1_228, [last].as_slice(), [name].as_slice()));
    assert_eq!(last - name, 1_218);
    let completion = |run: &Run| {
        let top = headlight::engine::top_predictions(run, run.tokens().len() - 1, 1).unwrap()[0];
        (smollm2.tokenizer().unwrap().id_to_token(top.id).unwrap(), f64::from(top.prob))
    };
    let (token, prob) = completion(&of_story.run);
    assert_eq!(token, "ĠBrand");
    says(prob, 0.93, 2);
    let pattern = of_story.pattern(story.layer, story.head);
    let weight = |query: usize| f64::from(pattern[query * of_story.n() + name]);
    says(weight(last), 0.99, 2);
    let others = (name + 1..last).map(weight).sum::<f64>() / (last - name - 1) as f64;
    assert!(others < 0.001, "other tokens give the name {others}");
    let most = of_story.ranked_by_weight(last, name)[0];
    assert_eq!((most.1, most.2), (story.layer, story.head));

    let renamed = text.replacen("Odalys Brandt", "Odalys Meyer", 1);
    let tokens = smollm2.encode(&renamed, None).unwrap();
    let run = finished(&smollm2, tokens, CompiledEdits::none(), Captures::none());
    let (token, prob) = completion(&run);
    assert_eq!(token, "ĠMeyer");
    says(prob, 0.89, 2);
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn which_heads_tell_the_names_apart() {
    let smollm2 = model(SMOLLM2);
    let names = example("which heads tell the names apart");
    let clean = seen(&smollm2, names.text);
    let other = smollm2.encode(names.patched_from.unwrap(), None).unwrap();
    let ids = [" Mary", " John"].map(|name| smollm2.single_token(name).unwrap());
    let contrast = Contrast { answers: vec![ids[0]], others: vec![ids[1]] };
    let outcome = Differentiated::Logits { contrast, position: clean.n() - 1 };
    let run = Arc::new(finished(&smollm2, clean.run.tokens().clone(), CompiledEdits::none(), Captures::none()));
    let job = EstimateJob::new(Arc::clone(&run), outcome.clone(), &[EstimateOf::Heads], Some(other)).unwrap();
    let found = complete(job).unwrap();
    let of_layer = |estimate: &HookEstimate| {
        (0..9).map(|head| estimate.values.iter().skip(head).step_by(9).sum::<f32>()).collect::<Vec<f32>>()
    };
    let all: Vec<f32> = found.hooks.iter().flat_map(of_layer).collect();
    let (order, _) = tried(&all, all.len(), 0);
    let place = |(layer, head): (usize, usize)| 9 * layer + head;
    assert_eq!(order[..2], [place((23, 3)), place((29, 1))]);
    assert_eq!(all.len(), 270);
    assert!(!order[..20].contains(&place((20, 0))), "not among the largest");
    let heads = [(23, 3), (29, 1), (20, 0)];
    let places = heads.map(|(layer, head)| HeadPlace { stack: None, attn: Attn::Own, layer, head });
    let exact = complete(ExactJob::new(run, outcome, found.outcome, places.to_vec(), found.patched)).unwrap();
    for ((head, exact), (estimated, measured)) in
        heads.into_iter().zip(exact).zip([(-5.39, -7.08), (-2.99, -3.03), (0.18, -1.87)])
    {
        says(f64::from(all[place(head)]), estimated, 2);
        says(exact, measured, 2);
    }
}

#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn what_a_likeness_rests_on() {
    let minilm = model(MINILM);
    let ExampleText::Two(first, second) = example("what a likeness rests on").text else { panic!("two texts") };
    let texts = [first, second].map(|text| minilm.encode(text, None).unwrap());
    let run = Arc::new(finished(&minilm, texts[0].clone(), CompiledEdits::none(), Captures::none()));
    let subjects = complete(SubjectsJob::new(run, &[], Measure::Cosine(texts)).unwrap()).unwrap();
    for ((run, outcome), (cat, last)) in subjects.into_iter().zip([(0.20, 0.12), (0.21, 0.16)]) {
        let found = complete(SaliencyJob::new(run, outcome, Baseline::of(&minilm)).unwrap()).unwrap();
        says(found.outcome, 0.711, 3);
        says(found.own.integrated[2], cat, 2);
        says(found.own.integrated[6], last, 2);
        says(found.own.saliency[2], -0.01, 2);
        let most = found.own.integrated.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(most, found.own.integrated[2], "“cat” accounts for most");
    }
}

/// The pattern of an example's head as its picture has it: the largest weight in each cell, in 255ths.
fn picture_of(seen: &Seen, example: &Example) -> (usize, Vec<u8>) {
    let (n, pattern) = (seen.n(), seen.pattern(example.layer, example.head));
    let n_rows = n.min(MOST_ROWS);
    let bin = |at: usize| at * n_rows / n;
    let mut largest = vec![0.0_f32; n_rows * n_rows];
    for (index, weight) in pattern.iter().enumerate() {
        let cell = &mut largest[bin(index / n) * n_rows + bin(index % n)];
        *cell = cell.max(*weight);
    }
    (n_rows, largest.iter().map(|weight| (weight * 255.0).round() as u8).collect())
}

/// With HEADLIGHT_WRITE_PICTURES set to a file, the pictures are written there.
#[test]
#[ignore = "needs the bundled models: run cargo xtask setup"]
fn the_pictures_are_those_of_the_heads() {
    let models = [MINILM, SMOLLM2].map(|id| (id, model(id)));
    let pictures: Vec<(usize, Vec<u8>)> = EXAMPLES
        .iter()
        .map(|example| {
            let (_, model) = models.iter().find(|(id, _)| *id == example.model).unwrap();
            picture_of(&seen(model, example.text), example)
        })
        .collect();
    if let Ok(file) = std::env::var("HEADLIGHT_WRITE_PICTURES") {
        let bytes = pictures.iter().flat_map(|(n_rows, cells)| [&[*n_rows as u8], &cells[..]].concat());
        std::fs::write(file, bytes.collect::<Vec<u8>>()).unwrap();
        return;
    }
    for (index, (n_rows, cells)) in pictures.iter().enumerate() {
        let shipped = picture(index).unwrap_or_else(|| panic!("no picture of {}", EXAMPLES[index].title));
        assert_eq!(shipped.n_rows, *n_rows, "{}", EXAMPLES[index].title);
        let far = shipped.cells.iter().zip(cells).filter(|(one, other)| one.abs_diff(**other) > 2).count();
        assert_eq!(far, 0, "{}: {far} cells differ", EXAMPLES[index].title);
    }
    assert_eq!(picture(EXAMPLES.len()), None);
}
