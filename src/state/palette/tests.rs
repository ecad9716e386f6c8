//! What is offered, and what typing finds.

use super::*;
use crate::state::tests::Page;
use crate::state::{StartEvent, View};
use crate::trace::Side;

/// The names that typing finds on a page, the best first.
fn names(page: &Page, typed: &str) -> Vec<String> {
    let commands = page.state.commands();
    found(&commands, typed).into_iter().map(|at| commands[at].name.clone()).collect()
}

/// Carries out the first command that typing finds.
fn do_first(page: &mut Page, typed: &str) {
    let commands = page.state.commands();
    let first = found(&commands, typed)[0];
    page.event(commands[first].act.clone().event().expect("an event"));
}

#[test]
fn a_head_a_token_an_example_and_a_model_are_found_by_their_names() {
    let mut page = Page::with_result();
    do_first(&mut page, "l3h2");
    assert_eq!((page.state.selection.layer, page.state.selection.heads.clone()), (3, [2].into()));
    assert_eq!(names(&page, "L3")[0], "Layer 3", "a layer before its heads");
    let about = |name: &str| page.state.commands().into_iter().find(|command| command.name == name).map(|it| it.about);
    assert_eq!([about("Layer 3"), about("L3H2")], [Some(About::Layer), Some(About::Head)]);
    // "Go to a token" goes on with the tokens.
    let commands = page.state.commands();
    let Act::Type(typed) = commands[found(&commands, "go to token")[0]].act else { panic!("something to type") };
    let is_token = |at: &usize| commands[*at].about == About::Token;
    assert!(found(&commands, typed)[..5].iter().all(is_token), "{:?}", names(&page, typed));
    // A token is found by its text as well, with or without what it is.
    let places = |typed: &str| {
        let acts = found(&commands, typed).into_iter().map(|at| commands[at].act.clone());
        acts.filter_map(|act| if let Act::GoToToken(token) = act { Some(token.position) } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!((places("token b"), places("b")[0], places("Token B")), (vec![3], 3, vec![3]));
    assert!(places("token xqzw").is_empty() && places("query b").is_empty());
    do_first(&mut page, "token 3");
    do_first(&mut page, "token 3");
    assert_eq!(page.state.selection.queries, [3].into(), "going there twice marks it still");
    let commands = page.state.commands();
    let token = commands.iter().find(|command| command.about == About::Token && command.name == "b");
    assert_eq!(token.unwrap().act, Act::GoToToken(TokenRef { side: Side::Query, position: 3 }));
    assert_eq!(names(&page, "mary and")[0], "Mary and John");
    assert_eq!(names(&page, "large")[0], "Large, Q4_1");
    do_first(&mut page, "neuron view");
    assert_eq!(page.state.selection.view, View::Neuron);
}

#[test]
fn untyped_the_keys_are_listed_first_and_neither_heads_nor_tokens() {
    let page = Page::with_result();
    let commands = page.state.commands();
    let listed: Vec<&Command> = found(&commands, " ").into_iter().map(|at| &commands[at]).collect();
    let n_keys = commands.iter().filter(|command| !command.keys.is_empty()).count();
    assert!(n_keys >= 9 && listed[..n_keys].iter().all(|command| !command.keys.is_empty()));
    assert!(
        listed.iter().all(|command| !matches!(command.about, About::Layer | About::Head | About::Token | About::Edit))
    );
    assert!(listed.len() <= N_LISTED && found(&commands, "l").len() <= N_LISTED);
    assert!(names(&page, "xqzw").is_empty());
}

/// What somebody may type for a name: up to `n_left` letters, from the beginnings of some of its words, in order.
fn typings(words: &[&str], n_left: usize, so_far: &str, found: &mut Vec<String>) {
    for (index, word) in words.iter().enumerate() {
        for n in 1..=n_left.min(word.chars().count()) {
            let typed = format!("{so_far}{}", word.chars().take(n).collect::<String>());
            typings(&words[index + 1..], n_left - n, &typed, found);
            found.push(typed);
        }
    }
}

/// How few keystrokes carry a command out once the palette is open, at most five: letters, arrow keys and Enter.
fn keystrokes(commands: &[Command], at: usize) -> Option<usize> {
    let name = commands[at].name.to_lowercase();
    let words: Vec<&str> =
        name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut typed = vec![String::new()];
    typings(&words, 4, "", &mut typed);
    let n_keys = |typed: &String| {
        let listed = found(commands, typed);
        let place = listed.iter().position(|found| *found == at)?;
        // The list goes round.
        Some(typed.chars().count() + place.min(listed.len() - place) + 1)
    };
    typed.iter().filter_map(n_keys).find(|n_keys| *n_keys <= 5)
}

#[test]
fn every_action_takes_at_most_five_keystrokes() {
    let mut page = Page::with_result();
    for has_edit in [false, true] {
        if has_edit {
            do_first(&mut page, "l1h1");
            do_first(&mut page, "zero l1h1");
        }
        let commands = page.state.commands();
        let is_named = |command: &Command| !matches!(command.about, About::Layer | About::Head | About::Token);
        let each = commands.iter().enumerate().filter(|(_, command)| is_named(command));
        let long: Vec<&str> = each
            .filter(|(at, _)| keystrokes(&commands, *at).is_none())
            .map(|(_, command)| command.name.as_str())
            .collect();
        assert_eq!(long, [""; 0]);
    }
}

#[test]
fn what_cannot_be_done_is_not_offered() {
    let mut page = Page::with_result();
    let has = |page: &Page, name: &str| page.state.commands().iter().any(|command| command.name == name);
    assert!(!has(&page, "Undo") && !has(&page, "Redo") && !has(&page, "Show: Edited") && !has(&page, "Stop"));
    assert!(has(&page, "Zero L0H0") || has(&page, "Zero every head of layer 0") || has(&page, "Edit what is selected"));
    do_first(&mut page, "l1h1");
    do_first(&mut page, "zero l1h1");
    assert_eq!(page.state.editing.list.len(), 1);
    assert!(has(&page, "Undo") && has(&page, "Stop"), "the edited run is under way");
    do_first(&mut page, "undo");
    assert!(page.state.editing.list.is_empty() && has(&page, "Redo"));
}

#[test]
fn a_saved_page_offers_what_needs_no_model() {
    let mut page = Page::at(crate::state::Home::File);
    page.event(Event::Start(StartEvent::Opened));
    page.event(Event::Start(StartEvent::FirstCame(Ok(crate::state::tests::opened()))));
    let commands = page.state.commands();
    let has = |name: &str| commands.iter().any(|command| command.name == name);
    assert!(has("Next layer") && has("Head view") && has("Save trace") && has("L0H0"));
    assert!(!has("Run the text") && !has("Copy link") && !has("Inspector: Change") && !has("Mary and John"));
}
