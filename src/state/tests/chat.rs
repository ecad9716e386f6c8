//! Conversations in the fields, in results and in links.

use super::*;
use crate::trace::{Chat, ChatMessage, Side, Turn};

fn field(change: EntryChange) -> Event {
    Event::Entry(EntryEvent::FieldChanged(change))
}

/// A page whose fields hold a conversation of two messages, without a generation prompt.
fn page_with_chat() -> (Page, Chat) {
    let mut page = Page::with_result();
    for change in [
        EntryChange::Kind(EntryKind::Chat),
        EntryChange::Bos(Some(true)),
        EntryChange::Chat(ChatChange::Role(0, "system".to_owned())),
        EntryChange::Chat(ChatChange::Content(0, "Be brief.".to_owned())),
        EntryChange::Chat(ChatChange::Added),
        EntryChange::Chat(ChatChange::Content(1, "Hi".to_owned())),
        EntryChange::Chat(ChatChange::Prompt(false)),
    ] {
        page.event(field(change));
    }
    let messages = vec![ChatMessage::new("system", "Be brief."), ChatMessage::new("user", "Hi")];
    (page, Chat { messages, adds_prompt: false })
}

fn asked(page: &Page) -> Input {
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("{:?}", page.last()) };
    inputs[0].clone()
}

#[test]
fn a_conversation_is_run_as_it_stands_in_the_fields() {
    let (mut page, chat) = page_with_chat();
    page.event(Event::Work(WorkEvent::RunAsked));
    let expected = Input { text: InputText::Chat(chat), cut: false, bos: None, target: TargetAsked::Generated };
    assert_eq!(asked(&page), expected, "the template decides about BOS");
    page.fails(About::Input);
    assert!(page.state.notices.input.is_some() && page.state.shown.is_some(), "the last result stays");
}

#[test]
fn a_conversation_without_a_word_is_not_run() {
    let mut page = Page::with_result();
    page.event(field(EntryChange::Kind(EntryKind::Chat)));
    let n_sent = page.sent.len();
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(page.sent.len(), n_sent);
    assert!(page.state.notices.input.as_ref().is_some_and(|notice| notice.message.contains("no message")));
}

#[test]
fn chat_is_offered_where_the_model_has_a_template() {
    let mut page = Page::with_result();
    assert!(page.state.offers_chat());
    page.state.work.model.as_mut().unwrap().has_chat = false;
    assert!(!page.state.offers_chat());
    page.event(field(EntryChange::Kind(EntryKind::Chat)));
    assert!(page.state.offers_chat(), "a link may have brought one");
    let mut page = Page::new();
    assert!(!page.state.offers_chat(), "no model is loaded");
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    assert!(!page.state.offers_chat());
}

#[test]
fn a_link_holds_the_conversation_and_leads_back_to_it() {
    let (mut page, chat) = page_with_chat();
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    page.give_patterns();
    let written = page.state.link().unwrap().write();
    assert!(written.contains("&chat=[%7B%22role%22:%22system%22") && written.contains("&prompt=0&view"), "{written}");
    assert!(!written.contains("text=") && !written.contains("ids="), "{written}");
    assert!(page.state.trace_metadata().unwrap().text.is_none(), "the text alone would be read in another way");
    let caption = page.state.caption(View::Head, "").unwrap();
    assert!(caption.text.contains("Conversation: “system: Be brief. / user: Hi”."), "{}", caption.text);

    let mut other = Page::with_result();
    other.event(Event::Link(LinkEvent::Came(written.replace("layer=0", "layer=3"))));
    assert_eq!((other.state.entry.kind, &other.state.entry.chat), (EntryKind::Chat, &chat));
    assert_eq!(asked(&other).text, InputText::Chat(chat));
    other.finish_run();
    assert_eq!(other.state.selection.layer, 3, "what the link chose");
    assert!(!other.state.linking.is_pending());
}

#[test]
fn turns_belong_to_the_result_and_grow_with_the_answer() {
    let (mut page, _) = page_with_chat();
    page.event(Event::Work(WorkEvent::RunAsked));
    let request = page.last_request();
    let turn = |role: &str, message, start, end| Turn { role: role.to_owned(), message, start, end };
    let turns = vec![turn("user", Some(0), 0, 3), turn("assistant", None, 3, 5)];
    let info = RunInfo { turns, ..run(request, &["a", "b", "c", "d", "e"]) };
    page.says(FromWorker::RunsDone { request, runs: vec![info] });
    let shown = page.state.shown.clone().unwrap();
    assert_eq!(shown.turns(Side::Key).len(), 2);
    let tokens = run(0, &["a", "b", "c", "d", "e", "f"]).tokens;
    page.state.grew(request + 1, tokens, Vec::new(), Vec::new(), &mut Vec::new());
    let shown = page.state.shown.clone().unwrap();
    assert_eq!(shown.turns(Side::Query), [turn("user", Some(0), 0, 3), turn("assistant", None, 3, 6)]);
    page.event(Event::Entry(EntryEvent::TextEdited("plain".to_owned())));
    page.event(field(EntryChange::Kind(EntryKind::Text)));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert!(page.state.shown.unwrap().turns(Side::Query).is_empty());
}
