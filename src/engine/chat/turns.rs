//! Which part of a conversation's text is of which message: the content, and what the template writes before and after it.
//!
//! The content is found by a second rendering, in which every message carries two letters of its own that no text has, at the
//! beginning and at the end of what it says. What follows a content belongs to the same turn as far as the template
//! writes it too when the conversation ends with that message; the rest is the beginning of the next turn. So turns are right
//! for any template that writes messages one after another, and where the letters would change what a template does, the
//! contents are looked for in the text itself. Nothing is said of what cannot be found.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};

use super::TextTurn;
use super::render::Program;
use crate::trace::{Chat, ChatMessage};

/// The most renderings of shorter conversations: a footer mostly depends on the role alone.
const MAX_FOOTERS: usize = 12;

/// Letters that stand for nothing: Unicode's area for private use.
const MARKS: RangeInclusive<char> = '\u{E000}'..='\u{F8FF}';

/// A text with the place of each message's content in it.
struct Placed {
    text: String,
    /// By message; none where the template leaves the content out.
    contents: Vec<Option<Range<usize>>>,
}

/// The turns of a text that a program wrote of a conversation.
pub(super) fn find(program: &Program<'_>, chat: &Chat, text: &str) -> Vec<TextTurn> {
    let messages = chat.messages.as_slice();
    let placed = place(program, messages, chat.adds_prompt, text.to_owned());
    let mut order: Vec<(usize, Range<usize>)> =
        placed.contents.iter().cloned().enumerate().filter_map(|(index, at)| Some((index, at?))).collect();
    order.sort_by_key(|(_, content)| content.end);
    let Some((first, first_content)) = order.first() else { return Vec::new() };
    let mut footers = Footers::of(program, messages);
    let mut start = first_start(program, &messages[*first], text, first_content.start);
    let mut turns = Vec::new();
    for (place, (index, content)) in order.iter().enumerate() {
        let next = order.get(place + 1).map(|(_, next)| next);
        let end = match next {
            None if !chat.adds_prompt => text.len(),
            next => {
                // Where the next content's beginning is unknown, it stands at that content's end.
                let until = next.map_or(text.len(), |next| next.start.max(content.end));
                content.end + footers.length(*index, &text[content.end..until])
            }
        };
        let role = messages[*index].role.clone();
        turns.push(TextTurn { role, message: Some(*index), range: start..end });
        start = end;
    }
    if chat.adds_prompt && start < text.len() {
        turns.push(TextTurn { role: "assistant".to_owned(), message: None, range: start..text.len() });
    }
    turns
}

/// Where the first turn begins: after what the template adds by itself, such as BOS and a system message. That is known by what it
/// writes before a later message of the same role, as SmolLM2's BOS is also the beginning of every turn.
fn first_start(program: &Program<'_>, message: &ChatMessage, text: &str, content_start: usize) -> usize {
    let before = &text[..content_start];
    let bos = program.template.token("bos_token").filter(|bos| before.starts_with(*bos)).map_or(0, str::len);
    let other = if message.role == "user" { "assistant" } else { "user" };
    let again = [message.clone(), ChatMessage::new(other, "Yes"), message.clone()];
    let header = || {
        let placed = place(program, &again, false, program.run(&again, false).ok()?);
        let (second, third) = (placed.contents[1].clone()?, placed.contents[2].clone()?);
        let between = placed.text.get(second.end..third.start)?;
        let footer = Footers::of(program, &again).length(1, between);
        before.ends_with(&between[footer..]).then(|| content_start - (between.len() - footer))
    };
    header().filter(|start| *start < content_start).unwrap_or(bos)
}

/// What a template writes after a content, up to the next turn.
struct Footers<'a> {
    program: &'a Program<'a>,
    messages: &'a [ChatMessage],
    /// By role.
    known: Vec<(String, String)>,
    n_made: usize,
}

impl<'a> Footers<'a> {
    fn of(program: &'a Program<'a>, messages: &'a [ChatMessage]) -> Self {
        Self { program, messages, known: Vec::new(), n_made: 0 }
    }

    /// The length of what belongs to message `index`, of the text between its content and the next one.
    fn length(&mut self, index: usize, between: &str) -> usize {
        let role = self.messages[index].role.as_str();
        let known = self.known.iter().find(|(known, footer)| known == role && between.starts_with(footer.as_str()));
        if let Some((_, footer)) = known {
            return footer.len();
        }
        let Some(after) = self.at_the_end(index) else { return 0 };
        let n_shared = shared(between, &after);
        let n_bytes = if n_shared == after.len() { n_shared } else { before_open_tag(&between[..n_shared]) };
        self.known.push((role.to_owned(), between[..n_bytes].to_owned()));
        n_bytes
    }

    /// What follows the content where the conversation ends with this message.
    fn at_the_end(&mut self, index: usize) -> Option<String> {
        if self.n_made >= MAX_FOOTERS {
            return None;
        }
        self.n_made += 1;
        let messages = &self.messages[..=index];
        let text = self.program.run(messages, false).ok()?;
        let placed = place(self.program, messages, false, text);
        let content = placed.contents[index].clone()?;
        let is_last = placed.contents.iter().flatten().all(|other| other.end <= content.end);
        placed.text.get(content.end..).filter(|_| is_last).map(str::to_owned)
    }
}

/// How many bytes two texts begin with alike.
fn shared(one: &str, other: &str) -> usize {
    one.char_indices()
        .zip(other.chars())
        .find(|((_, a), b)| a != b)
        .map_or(one.len().min(other.len()), |((at, _), _)| at)
}

/// The length of a text without a tag that is begun in it and not ended: "<|end|>\n<|us".
fn before_open_tag(text: &str) -> usize {
    let open = text.rfind(['<', '[']);
    open.filter(|at| !text[*at..].contains(['>', ']'])).unwrap_or(text.len())
}

/// Finds the contents of messages in the text that was made of them.
fn place(program: &Program<'_>, messages: &[ChatMessage], adds_prompt: bool, text: String) -> Placed {
    let mut contents = marked(program, messages, adds_prompt, &text).unwrap_or_else(|| searched(messages, &text));
    for (content, message) in contents.iter_mut().zip(messages) {
        if let Some(content) = content {
            // White space at its ends, where the template writes it.
            let (before, after) = around(&message.content);
            if text[..content.start].ends_with(before) {
                content.start -= before.len();
            }
            if text[content.end..].starts_with(after) {
                content.end += after.len();
            }
        }
    }
    Placed { text, contents }
}

/// The white space before and after what a text says.
fn around(text: &str) -> (&str, &str) {
    let rest = text.trim_start();
    (&text[..text.len() - rest.len()], &rest[rest.trim_end().len()..])
}

/// The contents by letters at both ends; none where the text would be another with them.
fn marked(
    program: &Program<'_>,
    messages: &[ChatMessage],
    adds_prompt: bool,
    text: &str,
) -> Option<Vec<Option<Range<usize>>>> {
    let contents = messages.iter().map(|message| message.content.as_str());
    let used: HashSet<char> = contents.chain([text, program.template.source()]).flat_map(str::chars).collect();
    let marks: Vec<char> = MARKS.filter(|mark| !used.contains(mark)).take(2 * messages.len()).collect();
    let pairs = marks.chunks_exact(2);
    if pairs.len() < messages.len() {
        return None;
    }
    let with_marks = |(message, pair): (&ChatMessage, &[char])| {
        // Inside of white space, which templates take off.
        let ((before, after), inner) = (around(&message.content), message.content.trim());
        let content = format!("{before}{}{inner}{}{after}", pair[0], pair[1]);
        ChatMessage { role: message.role.clone(), content }
    };
    let with_marks: Vec<ChatMessage> = messages.iter().zip(pairs).map(with_marks).collect();
    let rendered = program.run(&with_marks, adds_prompt).ok()?;
    let (mut plain, mut places) = (String::with_capacity(text.len()), vec![None; marks.len()]);
    for letter in rendered.chars() {
        match marks.binary_search(&letter) {
            Ok(mark) => places[mark] = Some(plain.len()),
            Err(_) => plain.push(letter),
        }
    }
    let range = |pair: &[Option<usize>]| {
        let end = pair[1]?;
        Some(pair[0].filter(|start| *start <= end).unwrap_or(end)..end)
    };
    (plain == text).then(|| places.chunks_exact(2).map(range).collect())
}

/// The contents where they are found one after another.
fn searched(messages: &[ChatMessage], text: &str) -> Vec<Option<Range<usize>>> {
    let mut from = 0;
    let mut next = |message: &ChatMessage| {
        let inner = message.content.trim();
        let at = from + text[from..].find(inner).filter(|_| !inner.is_empty())?;
        from = at + inner.len();
        Some(at..from)
    };
    messages.iter().map(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chat::{ChatTemplate, Date};

    /// The turns as "role: text".
    fn turns(template: &str, roles: &[&str], adds_prompt: bool) -> Vec<String> {
        let content = |(index, role): (usize, &&str)| ChatMessage::new(role, &format!(" m{index} "));
        let chat = Chat { messages: roles.iter().enumerate().map(content).collect(), adds_prompt };
        let template = ChatTemplate::new(template, vec![("bos_token", "<s>".to_owned())]);
        let rendered = template.render(&chat, &Date::of_unix_time(0)).unwrap();
        let shown = |turn: &TextTurn| {
            format!(
                "{}{}: {}",
                turn.role,
                if turn.message.is_none() { "?" } else { "" },
                &rendered.text[turn.range.clone()]
            )
        };
        rendered.turns.iter().map(shown).collect()
    }

    const TAGS: &str = "{{ bos_token }}{% if messages[0].role != 'system' %}<|system|>\nKind.<|end|>\n{% endif %}\
        {% for m in messages %}<|{{ m.role }}|>\n{{ m.content | trim }}<|end|>\n{% endfor %}\
        {% if add_generation_prompt %}<|assistant|>\n{% else %}</s>{% endif %}";

    #[test]
    fn a_turn_is_a_content_with_its_tags() {
        assert_eq!(
            turns(TAGS, &["user", "assistant", "user"], true),
            [
                "user: <|user|>\nm0<|end|>\n",
                "assistant: <|assistant|>\nm1<|end|>\n",
                "user: <|user|>\nm2<|end|>\n",
                "assistant?: <|assistant|>\n"
            ]
        );
        assert_eq!(
            turns(TAGS, &["system", "user"], false),
            ["system: <|system|>\nm0<|end|>\n", "user: <|user|>\nm1<|end|>\n</s>"]
        );
    }

    #[test]
    fn a_content_that_another_message_takes_in_is_a_turn_of_its_own() {
        let template = "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content | trim + '\n\n' %}\
            {% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}\
            {% for m in rest %}{% if m.role == 'user' %}[INST] {{ system if loop.last else '' }}{{ m.content | trim }}[/INST]\
            {% else %}{{ m.content | trim }}</s>{% endif %}{% endfor %}";
        assert_eq!(
            turns(template, &["system", "user", "assistant", "user"], true),
            ["user: [INST] m1[/INST]", "assistant: m2</s>", "system: [INST] m0", "user: \n\nm3[/INST]"]
        );
    }

    #[test]
    fn contents_are_searched_where_letters_would_change_the_text() {
        let template = "{% for m in messages %}{% if m.content | length < 5 %}<{{ m.role }}>{{ m.content }}</>{% endif %}{% endfor %}";
        assert_eq!(
            turns(template, &["user", "assistant"], false),
            ["user: <user> m0 </>", "assistant: <assistant> m1 </>"]
        );
    }

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        assert!(turns("{{ messages | length }}", &["user"], true).is_empty());
        assert_eq!(turns("{{ messages[0].content }}", &["user", "assistant"], false), ["user:  m0 "]);
    }
}
