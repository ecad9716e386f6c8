//! Conversations through chat templates, against transformers' `apply_chat_template` (`tests/fixtures/make_chat.py`).
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::support;
use crate::support::cli;
use crate::support::{SMOLLM2_GGUF, fixture, model_file, read};
use headlight::engine::chat::{ChatError, ChatFiles, ChatTemplate, Date, MAX_MESSAGES};
use headlight::engine::files::Parsed;
use headlight::engine::files::gguf::{Gguf, parse_header};
use headlight::engine::tokenizer::{Tokenizer, TokenizerFiles};
use headlight::trace::{Chat, ChatMessage};
use serde::Deserialize;

const FAMILIES: [&str; 9] = ["smollm2", "llama3", "qwen2_5", "qwen3", "gemma", "mistral", "phi3", "zephyr", "python"];

/// What transformers makes of a conversation: a text, or the template's refusal.
#[derive(Deserialize)]
struct Case {
    messages: Vec<ChatMessage>,
    add_generation_prompt: bool,
    text: Option<String>,
    error: Option<String>,
    #[serde(default)]
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Cases {
    #[serde(default)]
    date: [u32; 6],
    cases: Vec<Case>,
}

impl Cases {
    fn of(name: &str) -> Self {
        serde_json::from_slice(&read(&fixture(&format!("chat/{name}.json")))).unwrap()
    }

    fn date(&self) -> Date {
        let [year, month, day, hour, minute, second] = self.date;
        Date { year: i64::from(year), month, day, hour, minute, second }
    }
}

impl Case {
    fn chat(&self) -> Chat {
        Chat { messages: self.messages.clone(), adds_prompt: self.add_generation_prompt }
    }
}

/// The template of a fixture's folder.
fn template(name: &str) -> ChatTemplate {
    let folder = fixture("chat").join(name);
    let (mut chat, mut tokenizer) = (ChatFiles::default(), TokenizerFiles::default());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (name, bytes) = (path.file_name().unwrap().to_str().unwrap().to_owned(), read(&path));
        assert!(tokenizer.take(&name, &bytes) || chat.take(&name, &bytes), "{name} is read");
    }
    let own = tokenizer.tokenizers("llama", 64).unwrap().own;
    chat.template(tokenizer.config.as_deref(), &own).unwrap().expect("a template")
}

fn gguf() -> (Gguf, ChatTemplate, Tokenizer) {
    let file = std::fs::File::open(model_file(SMOLLM2_GGUF)).unwrap();
    let len = file.metadata().unwrap().len();
    let mut head = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, 4 << 20), &mut head).unwrap();
    let Parsed::Complete(gguf) = parse_header("smollm2.gguf", len, &head).unwrap() else { panic!("a longer header") };
    let tokenizer = Tokenizer::from_gguf(&gguf).unwrap();
    let mut chat = ChatFiles::default();
    chat.take_gguf(&gguf);
    let template = chat.template(None, &tokenizer).unwrap().expect("a template");
    (gguf, template, tokenizer)
}

fn compare(name: &str, template: &ChatTemplate, cases: &Cases) -> usize {
    let mut n_texts = 0;
    for case in &cases.cases {
        let rendered = template.render(&case.chat(), &cases.date());
        let about = format!("{name}, {:?}", case.chat());
        match (&case.text, &case.error) {
            (Some(text), None) => {
                assert_eq!(rendered.as_ref().map(|rendered| &rendered.text), Ok(text), "{about}");
                let turns = rendered.unwrap().turns;
                assert!(turns.windows(2).all(|two| two[0].range.end <= two[1].range.start), "{about}: {turns:?}");
                assert!(turns.iter().all(|turn| text.get(turn.range.clone()).is_some()), "{about}: {turns:?}");
                n_texts += 1;
            }
            (None, Some(error)) => {
                assert_eq!(rendered.unwrap_err(), ChatError::Refused(error.clone()), "{about}");
            }
            _ => panic!("{about}: neither text nor error"),
        }
    }
    n_texts
}

#[test]
fn texts_are_those_of_transformers() {
    let n_texts: usize = FAMILIES.iter().map(|name| compare(name, &template(name), &Cases::of(name))).sum();
    assert!(n_texts > 150, "{n_texts} texts");
}

#[test]
fn smollm2_reads_the_ids_that_transformers_gives() {
    let (_, template, tokenizer) = gguf();
    let cases = Cases::of("smollm2_gguf");
    assert_eq!(compare("smollm2_gguf", &template, &cases), cases.cases.len());
    for case in &cases.cases {
        let tokens = tokenizer.encode_bare(case.text.as_deref().unwrap()).unwrap();
        assert_eq!(tokens.ids, case.ids, "{:?}", case.text);
    }
}

/// A conversation's turns as "role: text", `?` where the model is to answer.
fn turns(template: &ChatTemplate, messages: &[(&str, &str)], adds_prompt: bool) -> Vec<String> {
    let messages = messages.iter().map(|(role, content)| ChatMessage::new(role, content)).collect();
    let rendered = template.render(&Chat { messages, adds_prompt }, &Date::of_unix_time(0)).unwrap();
    let shown = |turn: &headlight::engine::chat::TextTurn| {
        let mark = if turn.message.is_none() { "?" } else { "" };
        format!("{}{mark}: {}", turn.role, &rendered.text[turn.range.clone()])
    };
    rendered.turns.iter().map(shown).collect()
}

/// Two questions after a system message, in each family.
#[test]
fn every_turn_is_known() {
    let messages = [("system", " Be brief. "), ("user", "Hi"), ("assistant", "Yes?"), ("user", "Bye")];
    let table: [(&str, &[&str]); 8] = [
        (
            "smollm2",
            &[
                "system: <|im_start|>system\n Be brief. <|im_end|>\n",
                "user: <|im_start|>user\nHi<|im_end|>\n",
                "assistant: <|im_start|>assistant\nYes?<|im_end|>\n",
                "user: <|im_start|>user\nBye<|im_end|>\n",
                "assistant?: <|im_start|>assistant\n",
            ],
        ),
        (
            "llama3",
            &[
                "system: <|start_header_id|>system<|end_header_id|>\n\nKnowledge ends in: March 2023\nIt is now: 01 Jan 1970\n\n\
                 Be brief.<|eot_id|>",
                "user: <|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
                "assistant: <|start_header_id|>assistant<|end_header_id|>\n\nYes?<|eot_id|>",
                "user: <|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>",
                "assistant?: <|start_header_id|>assistant<|end_header_id|>\n\n",
            ],
        ),
        (
            "qwen2_5",
            &[
                "system: <|im_start|>system\n Be brief. <|im_end|>\n",
                "user: <|im_start|>user\nHi<|im_end|>\n",
                "assistant: <|im_start|>assistant\nYes?<|im_end|>\n",
                "user: <|im_start|>user\nBye<|im_end|>\n",
                "assistant?: <|im_start|>assistant\n",
            ],
        ),
        (
            "qwen3",
            &[
                "system: <|im_start|>system\n Be brief. <|im_end|>\n",
                "user: <|im_start|>user\nHi<|im_end|>\n",
                "assistant: <|im_start|>assistant\nYes?<|im_end|>\n",
                "user: <|im_start|>user\nBye<|im_end|>\n",
                "assistant?: <|im_start|>assistant\n",
            ],
        ),
        (
            // The user's first turn takes the system message in.
            "gemma",
            &[
                "system: <start_of_turn>user\n Be brief. ",
                "user: \n\nHi<end_of_turn>\n",
                "assistant: <start_of_turn>model\nYes?<end_of_turn>\n",
                "user: <start_of_turn>user\nBye<end_of_turn>\n",
                "assistant?: <start_of_turn>model\n",
            ],
        ),
        (
            // So does the user's last turn.
            "mistral",
            &["user: [INST] Hi[/INST]", "assistant:  Yes?</s>", "system: [INST]  Be brief. ", "user: \n\nBye[/INST]"],
        ),
        (
            "phi3",
            &[
                "system: <|system|>\n Be brief. <|end|>\n",
                "user: <|user|>\nHi<|end|>\n",
                "assistant: <|assistant|>\nYes?<|end|>\n",
                "user: <|user|>\nBye<|end|>\n",
                "assistant?: <|assistant|>\n",
            ],
        ),
        (
            "zephyr",
            &[
                "system: <|system|>\n Be brief. </s>\n",
                "user: <|user|>\nHi</s>\n",
                "assistant: <|assistant|>\nYes?</s>\n",
                "user: <|user|>\nBye</s>\n",
                "assistant?: <|assistant|>\n",
            ],
        ),
    ];
    for (name, expected) in table {
        assert_eq!(turns(&template(name), &messages, true), expected, "{name}");
    }
}

#[test]
fn what_a_template_adds_by_itself_is_in_no_turn() {
    for (name, expected) in [
        ("smollm2", "user: <|im_start|>user\nHi<|im_end|>\n"),
        ("llama3", "user: <|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"),
        ("qwen2_5", "user: <|im_start|>user\nHi<|im_end|>\n"),
        ("gemma", "user: <start_of_turn>user\nHi<end_of_turn>\n"),
        ("mistral", "user: [INST] Hi[/INST]"),
    ] {
        assert_eq!(turns(&template(name), &[("user", "Hi")], false), [expected], "{name}");
    }
}

#[test]
fn a_thought_that_the_template_leaves_out_moves_no_turn() {
    let answer = "<think>\nHm.\n</think>\n\nYes.";
    let messages = [("user", "Hi"), ("assistant", answer), ("user", "Sure?"), ("assistant", answer)];
    assert_eq!(
        turns(&template("qwen3"), &messages, false),
        [
            "user: <|im_start|>user\nHi<|im_end|>\n",
            "assistant: <|im_start|>assistant\nYes.<|im_end|>\n",
            "user: <|im_start|>user\nSure?<|im_end|>\n",
            "assistant: <|im_start|>assistant\n<think>\nHm.\n</think>\n\nYes.<|im_end|>\n",
        ]
    );
}

fn refused(source: &str, n_messages: usize) -> String {
    let chat = Chat { messages: vec![ChatMessage::new("user", "Hi"); n_messages], adds_prompt: true };
    let template = ChatTemplate::new(source, Vec::new());
    template.render(&chat, &Date::of_unix_time(0)).unwrap_err().to_string()
}

#[test]
fn what_a_template_cannot_do_is_a_sentence() {
    let nested = format!("{}{}", "{% if true %}".repeat(300), "{% endif %}".repeat(300));
    let deep = format!("{{{{ {}", "(".repeat(5_000));
    let table = [
        ("{% for m in messages %}", "fails at its line 1: syntax error"),
        ("\n\n{{ messages[0].content.nonsense() }}", "fails at its line 3: unknown method"),
        ("{{ messages | nonsense }}", "unknown filter"),
        ("{{ nonsense() }}", "fails at its line 1"),
        ("{% include 'other' %}", "fails at its line 1"),
        ("{{ nothing.here }}", "undefined value"),
        ("{{ 'a' + 1 }}", "invalid operation"),
        ("{{ raise_exception('Only ' ~ 2 ~ ' turns') }}", "refuses these messages: Only 2 turns"),
        ("{% macro m() %}{{ raise_exception('inside') }}{% endmacro %}{{ m() }}", "refuses these messages: inside"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "does not come to an end"),
        ("{% for a in range(99999999999) %}x{% endfor %}", ""),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "fails at its line 1"),
        ("{{ 'abcdefgh' * 1000000000 }}", ""),
        (
            "{% set n = namespace(t='ab') %}{% for a in range(60) %}{% set n.t = n.t + n.t %}{% endfor %}",
            "does not come to an end",
        ),
        (
            "{% set n = namespace(t=[]) %}{% for a in range(99999) %}{% set n.t = [n.t] %}{% endfor %}",
            "does not come to an end",
        ),
        (
            "{% set n = namespace(t=[]) %}{% for a in range(99) %}{% set n.t = [n.t] %}{% endfor %}{{ n.t | tojson }}",
            "nested too deeply",
        ),
        ("{{ undefined_name | tojson }}", "has no JSON"),
        (nested.as_str(), "fails at its line 1"),
        (deep.as_str(), "fails at its line 1"),
    ];
    for (source, expected) in table {
        let start: String = source.chars().take(120).collect();
        let message = refused(source, 1);
        assert!(message.contains(expected), "{start}: {message}");
        assert!(message.starts_with("the model's chat template ") && message.len() < 1_000, "{start}: {message}");
    }
    assert!(refused("{{ 1 }}", 0).contains("write at least one message"));
    assert!(refused("{{ 1 }}", MAX_MESSAGES + 1).contains("at most 512"));
}

#[test]
fn a_long_conversation_is_written_and_its_turns_are_found() {
    let message = |index: usize| match index % 2 {
        0 => ChatMessage::new("user", &format!("Question {index}: {}", "word ".repeat(20))),
        _ => ChatMessage::new("assistant", &format!("<think>\nIt is {index}.\n</think>\n\nAnswer {index}.")),
    };
    let chat = Chat { messages: (0..MAX_MESSAGES).map(message).collect(), adds_prompt: true };
    for name in FAMILIES.into_iter().filter(|name| *name != "python") {
        let rendered = template(name).render(&chat, &Date::of_unix_time(0)).unwrap();
        // Mistral's template writes nothing before an answer.
        let n_prompts = usize::from(name != "mistral");
        assert_eq!(rendered.turns.len(), MAX_MESSAGES + n_prompts, "{name}");
    }
}

#[test]
fn the_command_line_reads_a_conversation() {
    let folder = cli::folder("chat");
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(support::golden("llama").join(name), folder.join(name)).unwrap();
    }
    let template =
        "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}{{ 'the' if add_generation_prompt }}";
    std::fs::write(folder.join("chat_template.jinja"), template).unwrap();
    let messages = folder.join("messages.json");
    let path = messages.to_str().unwrap();
    let write = |json: &str| std::fs::write(&messages, json).unwrap();
    write(&ChatMessage::list_to_json(&[ChatMessage::new("user", "cat"), ChatMessage::new("assistant", "sat")]));
    let tokenizer = Tokenizer::from_tokenizer_json("t", &read(&folder.join("tokenizer.json"))).unwrap();
    for (arguments, text) in [
        (&["--json"][..], "user cat assistant sat the"),
        (&["--json", "--no-generation-prompt"], "user cat assistant sat "),
    ] {
        let out = cli::succeeds(cli::trace(&folder, &[&["--chat", path], arguments].concat()));
        let ids = serde_json::from_str::<cli::Json>(&out).unwrap().input_ids;
        assert_eq!(ids, tokenizer.encode_bare(text).unwrap().ids, "{text}");
    }

    let complaint = cli::fails(cli::trace(&support::golden("llama"), &["--chat", path]));
    assert!(complaint.contains("this model has no chat template"), "{complaint}");
    write(r#"[{"role":"user"}]"#);
    let complaint = cli::fails(cli::trace(&folder, &["--chat", path]));
    assert!(complaint.contains("messages.json: message 1: missing field `content`"), "{complaint}");
    write("[]");
    let complaint = cli::fails(cli::trace(&folder, &["--chat", path]));
    assert!(complaint.contains("write at least one message"), "{complaint}");
}
