//! Each rule alone, on logits that grow with the id.

use super::*;

/// The ids that may be next after a text, and the most likely one, with logits 0, 1, 2, … of `n` tokens.
#[track_caller]
fn next(json: &str, n: usize, text: TextSoFar<'_>) -> (Vec<usize>, usize) {
    let config = GenerationConfig::read(&Config::parse("generation_config.json", json.as_bytes()).unwrap()).unwrap();
    let mut logits: Vec<f32> = (0..n).map(|id| id as f32).collect();
    config.apply(&mut logits, text);
    let allowed = (0..n).filter(|id| logits[*id] > f32::NEG_INFINITY).collect();
    let best = (0..n).reduce(|best, id| if logits[id] > logits[best] { id } else { best }).unwrap();
    (allowed, best)
}

fn after(ids: &[u32]) -> TextSoFar<'_> {
    TextSoFar { ids, n_prompt: ids.len(), source: &[], max_length: None }
}

#[test]
fn each_rule_bans_or_forces() {
    let text = after(&[1, 2]);
    let written = TextSoFar { n_prompt: 1, ..text };
    let last = TextSoFar { max_length: Some(3), ..written };
    let read = TextSoFar { source: &[2, 3], ..text };
    for (json, text, allowed) in [
        ("{}", text, &[0, 1, 2, 3][..]),
        (r#"{"bad_words_ids":[[3],[2,0],[1,1],[4,2,1]]}"#, text, &[1, 2]),
        (r#"{"bad_words_ids":[[3]],"eos_token_id":[3,0]}"#, text, &[0, 1, 2, 3]),
        (r#"{"suppress_tokens":[3,-1,9]}"#, text, &[0, 1, 2]),
        (r#"{"begin_suppress_tokens":[3]}"#, text, &[0, 1, 2]),
        (r#"{"begin_suppress_tokens":[3]}"#, written, &[0, 1, 2, 3]),
        (r#"{"begin_suppress_tokens":[3],"forced_bos_token_id":2}"#, after(&[0]), &[2]),
        (r#"{"begin_suppress_tokens":[3],"forced_bos_token_id":2}"#, written, &[0, 1, 2]),
        (r#"{"forced_bos_token_id":2}"#, text, &[0, 1, 2, 3]),
        (r#"{"forced_eos_token_id":[1,2]}"#, last, &[1, 2]),
        (r#"{"forced_eos_token_id":1}"#, written, &[0, 1, 2, 3]),
        (r#"{"min_length":3,"eos_token_id":3}"#, text, &[0, 1, 2]),
        (r#"{"min_length":2,"eos_token_id":3}"#, text, &[0, 1, 2, 3]),
        (r#"{"min_new_tokens":1,"eos_token_id":3}"#, text, &[0, 1, 2]),
        (r#"{"min_new_tokens":1,"eos_token_id":3}"#, written, &[0, 1, 2, 3]),
        (r#"{"sequence_bias":[[[3],-1e30],[[2,0],-1e39],[[1,1],-1e39]]}"#, text, &[1, 2, 3]),
        (r#"{"no_repeat_ngram_size":1}"#, text, &[0, 3]),
        (r#"{"no_repeat_ngram_size":2}"#, after(&[1, 2, 0, 1]), &[0, 1, 3]),
        (r#"{"encoder_no_repeat_ngram_size":2}"#, read, &[0, 1, 2]),
    ] {
        assert_eq!(next(json, 4, text).0, allowed, "{json}");
    }
}

#[test]
fn penalties_move_logits_towards_the_less_likely() {
    // 3 / 2 is below 2.
    assert_eq!(next(r#"{"repetition_penalty":2.0}"#, 4, after(&[3, 3])).1, 2);
    // 2 · 2 is above 3.
    let text = TextSoFar { source: &[2], ..after(&[0]) };
    assert_eq!(next(r#"{"encoder_repetition_penalty":2.0}"#, 4, text).1, 2);
    let mut logits = [-1.0, 1.0];
    penalise(&mut logits, &[0, 1, 0], 2.0);
    assert_eq!(logits, [-2.0, 0.5]);
}

#[test]
fn biases_are_added_and_ends_grow_likelier() {
    // 1 + 2.5 is above 3; the second sequence is not completed, the third one is.
    let biases = r#"{"sequence_bias":[[[1],2.5],[[9,0],100.0],[[0,2],0.5]]}"#;
    assert_eq!(next(biases, 4, after(&[0])).1, 1);
    // 1 · 1.5² is below 3, 1 · 1.5³ above; nothing grows before the start.
    let decay = r#"{"exponential_decay_length_penalty":[1,1.5],"eos_token_id":1}"#;
    let written =
        |n: usize| TextSoFar { ids: &[2, 2, 2, 2, 2, 2][..2 + n], n_prompt: 2, source: &[], max_length: None };
    assert_eq!([0, 1, 3, 4].map(|n| next(decay, 4, written(n)).1), [3, 3, 3, 1]);
    // A text that may not end yet does not end.
    let held = r#"{"exponential_decay_length_penalty":[0,9.0],"eos_token_id":1,"min_new_tokens":9}"#;
    assert_eq!(next(held, 4, written(4)).0, [0, 2, 3]);
}

#[test]
fn what_is_not_applied_is_said() {
    let note = |json: &str| {
        GenerationConfig::read(&Config::parse("generation_config.json", json.as_bytes()).unwrap()).unwrap().note()
    };
    for usual in
        ["{}", r#"{"num_beams":1,"guidance_scale":1.0,"penalty_alpha":0.0,"stop_strings":[],"do_sample":true}"#]
    {
        assert_eq!(note(usual), None);
    }
    assert_eq!(note(r#"{"num_beams":4}"#).unwrap(), "num_beams 4 is not applied when the model writes text.");
    assert_eq!(
        note(r#"{"guidance_scale":1.5,"stop_strings":["\n\n"]}"#).unwrap(),
        "guidance_scale 1.5, stop_strings [\"\\n\\n\"] are not applied when the model writes text."
    );
}

#[test]
fn wrong_values_are_named() {
    for (json, expected) in [
        (r#"{"bad_words_ids":[3]}"#, "generation_config.json: bad_words_ids: expected a list of lists of token ids"),
        (r#"{"eos_token_id":"</s>"}"#, "generation_config.json: eos_token_id: expected a token id or a list of them"),
        (
            r#"{"sequence_bias":[[3,1.0]]}"#,
            "generation_config.json: sequence_bias: expected a list of [token ids, number]",
        ),
        (
            r#"{"exponential_decay_length_penalty":1.5}"#,
            "generation_config.json: exponential_decay_length_penalty: expected a list of a number of tokens and a factor",
        ),
        (r#"{"min_length":-1}"#, "generation_config.json: min_length: expected a whole number, found -1"),
        (r#"{"repetition_penalty":0}"#, "generation_config.json: repetition_penalty: expected a positive number"),
    ] {
        let config = Config::parse("generation_config.json", json.as_bytes()).unwrap();
        let message = GenerationConfig::read(&config).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}
