//! What matters, from the choice to the parts that were tried.

use super::*;
use crate::protocol::{Answer, EditingReply, FromWorker, OutcomeAsked, OutcomeNumbers, SweepNumbers};
use crate::state::editing::EditEvent;
use crate::state::tests::{Page, answered, causal_page, edited_page};
use crate::state::{Event, Variant, WorkEvent};

fn asks(page: &mut Page, event: MattersEvent) {
    page.event(Event::Matters(event));
}

/// A page with an outcome.
fn page() -> Page {
    let mut page = causal_page();
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens(" a", " b"))));
    page
}

fn last_question(page: &Page) -> (u32, Question) {
    match page.sent.last() {
        Some(ToWorker::Ask { request, question, .. }) => (*request, question.clone()),
        other => panic!("{other:?}"),
    }
}

/// Estimates of six layers of four heads at five positions: that of L2H3 is −5, all others are small.
fn give_estimates(page: &mut Page) {
    asks(page, MattersEvent::EstimateAsked);
    let (request, Question::Estimate(asked)) = last_question(page) else { panic!("no estimate") };
    assert_eq!(asked.of, EstimatedPart::Heads);
    let hooks = (0..6).map(|layer| (format!("blocks.{layer}.attn.hook_z"), vec![5, 4])).collect();
    let mut buffers: Vec<Vec<f32>> = (0..6).map(|layer| vec![0.01 * layer as f32; 20]).collect();
    buffers[2][3] = -5.0;
    answered(page, request, (Answer::Estimates(EstimatesAnswer { outcome: 2.0, hooks }), buffers));
}

#[test]
fn a_ranking_is_asked_for_listed_and_tried() {
    let mut page = page();
    assert_eq!(page.state.listed_matters(), None);
    give_estimates(&mut page);
    let listed = page.state.listed_matters().expect("a ranking");
    assert_eq!((listed.n_parts, listed.outcome, listed.largest[0].name.as_str()), (24, 2.0, "L2H3"));
    assert!((listed.largest[0].estimate - (-5.0 + 0.08)).abs() < 1e-5);
    assert!(listed.about.starts_with("a − b · zeroing · Small, F32 · 5 tokens · without edits"), "{}", listed.about);

    asks(&mut page, MattersEvent::TrialAsked(2));
    let Some(ToWorker::Editing(EditingRequest::Sweep { request, edits, what: SweepAsked::Each(tried), .. })) =
        page.sent.last().cloned()
    else {
        panic!("{:?}", page.sent.last())
    };
    assert!(edits.is_empty() && tried.len() == 4);
    assert_eq!(tried[0].to_json().to_string(), r#"{"head":3,"kind":"zero_head","layer":2}"#);
    for (column, edit) in tried.into_iter().enumerate() {
        let outcome = Some(OutcomeNumbers { value: 1.0, probs: None });
        let cell = SweepNumbers { layer: 0, column: column as u32, edit, outcome };
        page.says(FromWorker::Editing(EditingReply::SweepCell { request, cell }));
    }
    assert_eq!(page.state.under_way().map(|work| work.text).as_deref(), Some("Verifying: 4 of 4"));
    let base = OutcomeNumbers { value: 2.0, probs: None };
    page.says(FromWorker::Editing(EditingReply::SweepDone { request, base, other: None }));
    let listed = page.state.listed_matters().expect("a ranking");
    assert_eq!((listed.largest[0].exact, listed.drawn.len(), listed.progress), (Some(-1.0), 2, Some((4, 4))));
    assert!(listed.parts_ways, "−5 was estimated, and −1 it is");
    let csv = page.state.matters_csv().expect("a table");
    assert!(csv.contains("\r\nattn.hook_z,2,3,,,,-4.92,-1,largest\r\n"), "{csv}");
    assert_eq!((csv.lines().count(), csv.matches(",drawn").count()), (25, 2));
}

/// What is drawn is the mean of all heads that are selected, so the colours of its tokens are of these together.
#[test]
fn tokens_are_coloured_by_all_selected_heads() {
    let mut page = page();
    give_estimates(&mut page);
    page.state.selection.layer = 2;
    page.state.selection.heads = [1, 3].into();
    assert!(page.state.estimated_tokens().is_empty(), "heads are ranked over all positions");
    page.state.matters.choice.ranked = Ranked::HeadPositions;
    let found = page.state.estimated_tokens();
    assert!((found[0] - (-5.0 + 0.02)).abs() < 1e-6 && (found[1] - 0.04).abs() < 1e-6, "{found:?}");
    assert_eq!(found.len(), 5);
    page.state.selection.heads = [1].into();
    assert_eq!(page.state.estimated_tokens(), [0.02; 5]);
}

#[test]
fn what_belongs_to_another_outcome_result_or_choice_is_not_shown() {
    let mut page = page();
    give_estimates(&mut page);
    let outcome = |other: &str| Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens(" a", other)));
    page.event(outcome(" c"));
    assert_eq!(page.state.listed_matters(), None, "another outcome");
    page.event(outcome(" b"));
    assert!(page.state.listed_matters().is_some(), "what was known before is known again");
    let from = Some("x".to_owned());
    asks(&mut page, MattersEvent::Chosen(MattersChoice { from, ..MattersChoice::default() }));
    assert_eq!(page.state.listed_matters(), None, "another edit");
    asks(&mut page, MattersEvent::Chosen(MattersChoice::default()));
    asks(&mut page, MattersEvent::MapShown(true));
    assert!(page.state.shows_sweep());
    page.event(Event::Work(WorkEvent::RunAsked));
    page.finish_run();
    assert_eq!(page.state.listed_matters(), None, "another run");
    assert!(!page.state.shows_sweep(), "its map leaves the stage");
}

#[test]
fn what_cannot_be_estimated_says_why_and_asks_nothing() {
    let mut page = page();
    let choose = |page: &mut Page, ranked: Ranked, from: Option<&str>| {
        asks(page, MattersEvent::Chosen(MattersChoice { ranked, from: from.map(str::to_owned) }));
        page.state.estimates_problem(ranked.part()).unwrap_or_default()
    };
    assert!(choose(&mut page, Ranked::Links, Some("x")).contains("cut, not patched"));
    assert!(choose(&mut page, Ranked::Heads, Some(" ")).contains("other text"));
    let n_sent = page.sent.len();
    asks(&mut page, MattersEvent::EstimateAsked);
    assert_eq!(page.sent.len(), n_sent);
    assert_eq!(choose(&mut page, Ranked::MlpNeurons, Some("x")), "");
    page.state.editing.asked = OutcomeAsked::Cosine { first: "a".to_owned(), second: "b".to_owned() };
    assert!(choose(&mut page, Ranked::Stream, None).contains("positions of their own"));
    assert!(choose(&mut page, Ranked::Heads, Some("x")).contains("two sentences"));
    page.state.editing.asked = OutcomeAsked::default();
    assert!(choose(&mut page, Ranked::Heads, None).contains("Choose an outcome"));
}

/// Three links: one that the outcome reads, one below it, and one that leads nowhere.
#[test]
fn links_make_a_graph_and_the_outcome_is_measured_with_only_these() {
    let mut page = page();
    let choice = |from: Option<&str>| MattersChoice { ranked: Ranked::Links, from: from.map(str::to_owned) };
    asks(&mut page, MattersEvent::Chosen(choice(None)));
    asks(&mut page, MattersEvent::EstimateAsked);
    let (request, Question::Estimate(_)) = last_question(&page) else { panic!("no estimate") };
    let links = vec![5.0, 1.0, 4.0, 2.0, -3.0, 2.0, 0.0, 1.0, 0.0, 2.5, 0.0, 3.0, 2.0, 1.0, 2.0];
    let answer = Answer::Estimates(EstimatesAnswer { outcome: 2.0, hooks: Vec::new() });
    answered(&mut page, request, (answer, vec![Vec::new(), links, vec![4.0]]));
    let graph = page.state.link_graph().expect("a graph");
    let found: Vec<(&str, f32)> = graph.links.iter().map(|(link, from)| (&*link.name, *from)).collect();
    assert!(
        matches!(found[..], [(first, 3.0), (second, 2.0)] if first.starts_with("L5H1") && second.starts_with("L0H3"))
    );
    assert!(page.state.graph_csv().is_some_and(|csv| csv.ends_with(",5,1,4,2,-3,3\r\n,0,3,2,1,2,2\r\n")));
    asks(&mut page, MattersEvent::MapShown(true));
    assert!(page.state.shows_link_graph() && page.state.matters_map().is_none());

    let all_mean = LinkChoice { n: 1, is_mean: true };
    asks(&mut page, MattersEvent::LinksChosen(all_mean));
    asks(&mut page, MattersEvent::KeepAsked);
    let (request, Question::Kept(asked)) = last_question(&page) else { panic!("not asked") };
    assert_eq!((asked.links, asked.counts, asked.is_mean), (vec![[5, 1, 4, 2], [0, 3, 2, 1]], vec![1, 2], true));
    assert!(page.state.under_way().is_some_and(|work| work.text.starts_with("Keeping links")));
    answered(&mut page, request, (Answer::Kept, vec![vec![2.0, 0.5, 1.25, 0.5, 2.0, 0.5]]));
    let kept = page.state.kept_links().expect("outcomes");
    assert_eq!((kept.points.len(), kept.share(kept.points[0].1[0]), kept.share(2.0)), (2, Some(0.5), Some(1.0)));
    let csv = page.state.kept_csv().expect("a table");
    assert!(csv.contains("\r\n0,mean,0.5,0,2,1\r\n1,mean,1.25,0.5,0.5,0\r\n"), "{csv}");

    // Of another outcome neither is shown.
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens(" a", " c"))));
    assert!(page.state.link_graph().is_none() && page.state.kept_links().is_none());
    asks(&mut page, MattersEvent::Chosen(choice(Some("x"))));
    assert!(page.state.kept_problem().is_some_and(|problem| problem.contains("cut, not patched")));
}

#[test]
fn what_feeds_the_selected_head_is_asked_for_and_belongs_to_it() {
    let mut page = page();
    let select = |page: &mut Page, layer| {
        page.event(Event::Select(crate::state::SelectionEvent::HeadPicked { layer, head: 1 }));
    };
    select(&mut page, 0);
    assert!(page.state.feeds_problem().is_some_and(|problem| problem.contains("reads embeddings")));
    select(&mut page, 2);
    asks(&mut page, MattersEvent::FeedsAsked);
    let (request, Question::Feeds(asked)) = last_question(&page) else { panic!("not asked") };
    assert_eq!((asked.layer, asked.head), (2, 1));
    let rows = vec![1.0, 0.0, 3.0, -2.0, -1.5, 0.0, 1.0, -1.0, 0.5, f32::NAN];
    answered(&mut page, request, (Answer::Feeds, vec![vec![0.25, 0.0, -0.5], rows]));
    let csv = page.state.feeds_csv().expect("a table");
    assert_eq!(csv, "through,layer,head,estimate,exact\r\nkey,0,3,-2,-1.5\r\nquery,1,mlp,0.5,\r\n");
    assert_eq!(page.state.feeds().map(|feeds| feeds.rest), Some([0.25, 0.0, -0.5]));
    select(&mut page, 3);
    assert!(page.state.feeds().is_none(), "another head");
}

/// The effects of a sweep stand beside the estimates of the same heads, with the sign of these.
#[test]
fn a_sweep_is_drawn_beside_the_estimates_of_the_same_edit_and_outcome() {
    let mut page = page();
    give_estimates(&mut page);
    let edit = crate::edit::parse_list(r#"[{"kind":"zero_head","layer":2,"head":3}]"#).expect("an edit").remove(0);
    let outcome = |value: f32| OutcomeNumbers { value, probs: None };
    let cell = SweepNumbers { layer: 2, column: 3, edit, outcome: Some(outcome(0.5)) };
    let sweep = |base: f32| crate::state::SweepState {
        request: 900,
        asked: SweepAsked::ZeroHeads,
        edits: Some(Vec::new()),
        outcome: OutcomeAsked::tokens(" a", " b"),
        cells: [((2, 3), cell.clone())].into(),
        base: Some(outcome(base)),
        other: None,
        is_done: true,
    };
    page.state.editing.sweep = Some(sweep(2.0));
    let points = page.state.swept_beside_estimates().expect("a point");
    assert_eq!((points.len(), points[0].0.as_str(), points[0].2), (1, "L2H3", -1.5));
    assert!((points[0].1 + 4.92).abs() < 1e-5);
    page.state.editing.sweep = Some(sweep(3.0));
    assert_eq!(page.state.swept_beside_estimates(), None, "of another outcome");
}

#[test]
fn the_label_counts_the_edits_that_act_in_the_result_on_screen() {
    let mut page = edited_page(Variant::B);
    assert!(page.state.matters_about().contains(" · Edited (1 edit)"), "{}", page.state.matters_about());
    page.state.editing.inactive.push((page.state.editing.list[0].id, "There is no such head.".to_owned()));
    assert!(!page.state.matters_about().contains("edit)"), "{}", page.state.matters_about());
}
