//! Chat templates: a template and the messages that it is given, with a byte 1 between them. Whatever a template does, it comes to an
//! end, and the turns that are found lie in the text.

use headlight::engine::chat::{ChatTemplate, Date};
use headlight::trace::{Chat, ChatMessage};

use super::fixture;

pub fn run(data: &[u8]) {
    let Ok(input) = std::str::from_utf8(data) else { return };
    let (source, json) = input.split_once('\u{1}').unwrap_or((input, ""));
    let messages = ChatMessage::parse_list(json).unwrap_or_else(|error| {
        assert!(!error.is_empty());
        ["system", "user", "assistant", "user"].map(|role| ChatMessage::new(role, " naïve 北京\n")).into()
    });
    let template = ChatTemplate::new(source, vec![("bos_token", "<s>".to_owned()), ("eos_token", "</s>".to_owned())]);
    for adds_prompt in [true, false] {
        let chat = Chat { messages: messages.clone(), adds_prompt };
        match template.render(&chat, &Date::of_unix_time(1_783_328_703)) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(rendered) => {
                for turn in &rendered.turns {
                    assert!(rendered.text.get(turn.range.clone()).is_some(), "{turn:?}");
                    assert!(turn.message.is_none_or(|message| message < messages.len()));
                }
                assert!(rendered.turns.windows(2).all(|two| two[0].range.end <= two[1].range.start));
            }
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let names = ["smollm2", "llama3", "qwen2_5", "qwen3", "gemma", "mistral", "phi3", "zephyr", "python"];
    names.map(|name| fixture(&format!("chat/templates/{name}.jinja"))).into()
}
