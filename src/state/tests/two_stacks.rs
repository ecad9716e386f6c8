//! Encoder-decoder models: three attentions of one result, its target, and what a link says of both.

use super::*;
use crate::protocol::{EstimatesAnswer, OutcomeAsked, SweepAsked, TargetRead, TokenAsked};
use crate::state::Looked;
use crate::state::editing::EditEvent;
use crate::state::link::Link;
use crate::state::matters::{MattersChoice, MattersEvent, Ranked};
use crate::state::stream::circuits::CircuitsAsked;
use crate::trace::spec::Mask;
use crate::trace::{AttnKind, Side};

/// A page with a result of four source and three target tokens; two layers in the encoder, three in the decoder.
fn page() -> Page {
    let mut page = Page::new();
    page.state.selection = Selection::default();
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    page.ready();
    let request = page.last_request();
    let spec = Spec { encoder: Some(Box::new(spec(2, 4))), mask: Mask::Causal, ..spec(3, 4) };
    page.says(FromWorker::Loaded { request, model: ModelInfo { spec, ..model(6, 4) } });
    result(&mut page);
    page
}

/// Answers the last run.
fn result(page: &mut Page) {
    let request = page.last_request();
    let written = run(request, &["<pad>", "die", "Katze"]).tokens;
    let prediction = |token: &str| Prediction { token: token.to_owned(), id: 1, prob: 0.5 };
    let predicted = ["die", "Katze", "</s>"].map(prediction).to_vec();
    let target = TargetRead { tokens: Tokens { segments: Vec::new(), ..written }, is_generated: true, predicted };
    let read = run(request, &["the", "cat", "sat", "</s>"]);
    let read = RunInfo { tokens: Tokens { segments: Vec::new(), ..read.tokens }, target: Some(target), ..read };
    page.says(FromWorker::RunsDone { request, runs: vec![read] });
}

/// The last question: of which attention, which layer, how many heads.
fn asked(page: &Page) -> (RequestId, AttnKind, u32, usize) {
    let question = |message: &ToWorker| match message {
        ToWorker::Ask { request, kind, question: Question::Patterns { layer, heads }, .. } => {
            Some((*request, *kind, *layer, heads.len()))
        }
        _ => None,
    };
    page.sent.iter().rev().find_map(question).expect("patterns were asked for")
}

fn give(page: &mut Page, n_query: u32, n_key: u32) {
    let (request, _, layer, n_heads) = asked(page);
    let heads = (0..n_heads as u32).collect();
    let answer = Answer::Patterns { layer, heads, n_query, n_key };
    let values = vec![0.25; n_heads * (n_query * n_key) as usize];
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run: 1, answer }, vec![values])));
}

fn pick(page: &mut Page, kind: AttnKind) {
    page.event(Event::Select(SelectionEvent::KindPicked(kind)));
}

#[test]
fn each_attention_has_its_own_tokens_layers_and_patterns() {
    let mut page = page();
    assert_eq!(asked(&page).1, AttnKind::ENCODER, "the first one");
    give(&mut page, 4, 4);
    assert_eq!(page.drawn_layer(), Some(0));
    page.event(Event::Select(SelectionEvent::LayerPicked(9)));
    assert_eq!(page.state.selection.layer, 1, "the encoder has two layers");
    give(&mut page, 4, 4);

    pick(&mut page, AttnKind::CROSS);
    assert_eq!((page.drawn_layer(), asked(&page).1), (None, AttnKind::CROSS), "nothing of another shape is drawn");
    let shown = page.state.shown.as_ref().unwrap();
    let plain = |side| shown.labels(side).iter().map(|label| label.plain.clone()).collect::<Vec<_>>();
    assert_eq!(plain(Side::Query), ["<pad>", "die", "Katze"]);
    assert_eq!(plain(Side::Key), ["the", "cat", "sat", "</s>"]);
    let predicted = shown.predicted().unwrap().iter().map(|label| label.plain.clone()).collect::<Vec<_>>();
    assert_eq!(predicted, ["die", "Katze", "</s>"]);
    assert_eq!((shown.shape().n_query, shown.shape().n_key, shown.shape().n_layers), (3, 4, 3));
    assert!(!shown.is_causal(), "a target may read all of its source");
    give(&mut page, 3, 4);
    assert_eq!(page.drawn_layer(), Some(1));
    page.event(Event::Select(SelectionEvent::LayerPicked(9)));
    assert_eq!(page.state.selection.layer, 2);
    pick(&mut page, AttnKind::DECODER);
    assert!(page.state.shown.as_ref().unwrap().is_causal());
    assert_eq!(asked(&page).2, 2);
    pick(&mut page, AttnKind::ENCODER);
    assert_eq!((page.state.selection.layer, asked(&page).2), (1, 1));
    assert!(page.state.shown.as_ref().unwrap().predicted().is_none(), "an encoder predicts nothing");
}

#[test]
fn a_late_answer_about_another_attention_changes_nothing() {
    let mut page = page();
    let (request, _, layer, n_heads) = asked(&page);
    pick(&mut page, AttnKind::DECODER);
    let heads = (0..n_heads as u32).collect();
    let answer = Answer::Patterns { layer, heads, n_query: 4, n_key: 4 };
    let late = FromWorker::Answered { request, run: 1, answer };
    page.event(Event::Worker(WorkerEvent::Said(late, vec![vec![0.25; n_heads * 16]])));
    assert_eq!(page.drawn_layer(), None);
    assert!(page.state.notices.status.is_none());
    give(&mut page, 3, 3);
    assert_eq!(page.drawn_layer(), Some(0));
}

#[test]
fn tokens_stay_chosen_on_the_side_that_keeps_its_tokens() {
    let mut page = page();
    let pin = |page: &mut Page, side, position| {
        page.event(Event::Select(SelectionEvent::PinToggled(TokenRef { side, position })))
    };
    pin(&mut page, Side::Query, 1);
    pin(&mut page, Side::Key, 3);
    pick(&mut page, AttnKind::CROSS);
    let chosen = |page: &Page| {
        let selection = &page.state.selection;
        (selection.queries.iter().copied().collect::<Vec<_>>(), selection.keys.iter().copied().collect::<Vec<_>>())
    };
    assert_eq!(chosen(&page), (vec![], vec![3]), "keys are the source in both");
    pin(&mut page, Side::Query, 2);
    pick(&mut page, AttnKind::DECODER);
    assert_eq!(chosen(&page), (vec![2], vec![]), "queries are the target in both");
}

#[test]
fn data_of_one_attention_is_not_taken_for_anothers() {
    let mut page = page();
    give(&mut page, 4, 4);
    let looked = |page: &Page| page.state.shown.as_ref().unwrap().looked();
    let Looked { request, .. } = looked(&page);
    page.event(Event::View(ViewEvent::LayersSeen((0, 1))));
    assert_eq!(page.state.scales.thumbnails.layers.len(), 2);
    pick(&mut page, AttnKind::CROSS);
    give(&mut page, 3, 4);
    assert_eq!(looked(&page), Looked { request, kind: AttnKind::CROSS });
    assert_eq!(page.state.scales.thumbnails.layers.len(), 3);
    let grid = page.state.scales.thumbnails.grid().unwrap();
    assert_eq!((grid.queries.len(), grid.keys.len()), (3, 4));
}

#[test]
fn a_link_says_which_attention_and_which_target() {
    let mut page = page();
    give(&mut page, 4, 4);
    pick(&mut page, AttnKind::CROSS);
    let link = page.state.link().unwrap();
    assert_eq!((link.kind(), link.target.as_deref()), (AttnKind::CROSS, None), "the model wrote the target");
    assert!(link.write().contains("view=head&stack=decoder&attn=cross&layer=0"), "{}", link.write());

    page.event(Event::Entry(EntryEvent::FieldChanged(EntryChange::Target("die Katze".to_owned()))));
    page.event(Event::Work(WorkEvent::RunAsked));
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("not a run: {:?}", page.last()) };
    assert_eq!(inputs[0].target, TargetAsked::Text("die Katze".to_owned()));
    result(&mut page);
    assert_eq!(page.state.selection.kind, AttnKind::CROSS, "another result is looked at in the same way");
    let link = page.state.link().unwrap();
    assert_eq!(link.target.as_deref(), Some("die Katze"));

    // Going to a link of the same result changes only what is looked at.
    let n_runs = |page: &Page| page.sent.iter().filter(|sent| matches!(sent, ToWorker::Run { .. })).count();
    let before = n_runs(&page);
    let there = Link { stack: Some(crate::trace::Stack::Encoder), attn: None, layer: Some(1), ..link.clone() };
    page.event(Event::Link(LinkEvent::Came(there.write())));
    assert_eq!((n_runs(&page), page.state.selection.kind, page.state.selection.layer), (before, AttnKind::ENCODER, 1));
    // One with another target runs.
    let other = Link { target: None, ..link };
    page.event(Event::Link(LinkEvent::Came(other.write())));
    assert_eq!((n_runs(&page), page.state.entry.target.as_str()), (before + 1, ""));
}

#[test]
fn a_model_of_one_stack_has_no_target_and_says_so_of_a_link() {
    let mut page = Page::with_result();
    assert!(!page.state.takes_target());
    page.event(Event::Entry(EntryEvent::FieldChanged(EntryChange::Target("left over".to_owned()))));
    page.event(Event::Work(WorkEvent::RunAsked));
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("not a run: {:?}", page.last()) };
    assert_eq!(inputs[0].target, TargetAsked::Generated);
    page.finish_run();
    let link = Link { stack: Some(crate::trace::Stack::Encoder), ..page.state.link().unwrap() };
    page.event(Event::Link(LinkEvent::Came(link.write())));
    assert_eq!(page.state.selection.kind, AttnKind::ONLY);
    assert!(page.state.linking.notice.as_ref().is_some_and(|notice| notice.contains("one stack")));
}

#[test]
fn edits_are_of_the_attention_that_is_looked_at() {
    use crate::edit::{Choice, Edit, EditKind};
    use crate::trace::{Attn, Stack};
    let mut page = page();
    give(&mut page, 4, 4);
    let zero = || Edit::new(EditKind::ZeroHead { layer: Choice::One(0), head: Choice::One(1) });
    page.event(Event::Editing(EditEvent::Added(vec![zero()])));
    pick(&mut page, AttnKind::CROSS);
    page.event(Event::Editing(EditEvent::Added(vec![zero()])));
    let places: Vec<_> = page.state.editing.list.iter().map(|listed| (listed.edit.stack, listed.edit.attn)).collect();
    assert_eq!(places, [(Some(Stack::Encoder), None), (Some(Stack::Decoder), Some(Attn::Cross))]);
}

/// The encoder's stack is on screen first; cross-attention has no embeddings of its own text as keys.
#[test]
fn circuits_are_those_of_heads_over_their_own_text() {
    let mut page = page();
    give(&mut page, 4, 4);
    page.event(Event::Stream(StreamEvent::CircuitsShown(Some(CircuitsAsked::default()))));
    let heads = |page: &Page| {
        let of_head = |message: &ToWorker| match message {
            ToWorker::Ask { question: Question::Head { tokens, .. }, kind, .. } => Some((*kind, tokens.clone())),
            _ => None,
        };
        page.sent.iter().filter_map(of_head).collect::<Vec<_>>()
    };
    let last = |page: &Page| {
        let ids = &page.state.shown.as_ref().unwrap().tokens(Side::Query).ids;
        vec![TokenAsked::Id(*ids.last().unwrap())]
    };
    assert_eq!(heads(&page), [(AttnKind::ENCODER, last(&page))]);
    pick(&mut page, AttnKind::DECODER);
    give(&mut page, 3, 3);
    assert_eq!(heads(&page).last(), Some(&(AttnKind::DECODER, last(&page))));
    pick(&mut page, AttnKind::CROSS);
    give(&mut page, 3, 4);
    assert_eq!(heads(&page).len(), 2);
    assert!(page.state.feeds_problem().is_some_and(|problem| problem.contains("models of one stack")));
}

/// Parts of the encoder and of cross-attention are tried as edits of their stack, zeroed and patched.
#[test]
fn what_is_ranked_in_any_attention_is_tried_there() {
    let mut page = page();
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens("a", "b"))));
    let cases = [
        (AttnKind::ENCODER, None, r#"{"head":1,"kind":"zero_head","layer":0,"stack":"encoder"}"#),
        (
            AttnKind::CROSS,
            Some("x"),
            r#"{"attn":"cross","from":{"text":"x"},"head":1,"hook":"cross_attn.hook_z","kind":"patch","layer":0,"stack":"decoder"}"#,
        ),
    ];
    for (kind, from, expected) in cases {
        pick(&mut page, kind);
        let choice = MattersChoice { ranked: Ranked::Heads, from: from.map(str::to_owned) };
        page.event(Event::Matters(MattersEvent::Chosen(choice)));
        page.event(Event::Matters(MattersEvent::EstimateAsked));
        let ToWorker::Ask { request, question: Question::Estimate(_), .. } = page.last() else { panic!("not asked") };
        let (stack, site) = if kind == AttnKind::CROSS { ("decoder", "cross_attn") } else { ("encoder", "attn") };
        let hooks = vec![(format!("{stack}.0.{site}.hook_z"), vec![1, 2])];
        let answer = Answer::Estimates(EstimatesAnswer { outcome: 1.0, hooks });
        let said = FromWorker::Answered { request, run: 1, answer };
        page.event(Event::Worker(WorkerEvent::Said(said, vec![vec![0.5, 2.0]])));
        assert_eq!(page.state.trial_problem(), None, "{kind:?}");
        page.event(Event::Matters(MattersEvent::TrialAsked(1)));
        let sent = page.last();
        let ToWorker::Editing(EditingRequest::Sweep { what: SweepAsked::Each(tried), .. }) = sent else {
            panic!("not tried: {sent:?}")
        };
        assert_eq!(tried[0].to_json().to_string(), expected);
    }
}

/// Links of the encoder, the decoder and between them are one graph, whichever attention is on screen.
#[test]
fn links_of_all_attentions_are_one_graph() {
    let mut page = page();
    page.event(Event::Editing(EditEvent::OutcomePicked(OutcomeAsked::tokens("a", "b"))));
    let choice = MattersChoice { ranked: Ranked::Links, from: None };
    page.event(Event::Matters(MattersEvent::Chosen(choice)));
    page.event(Event::Matters(MattersEvent::EstimateAsked));
    let ToWorker::Ask { request, question: Question::Estimate(_), .. } = page.last() else { panic!("not asked") };
    // The encoder has two layers: place 3 is the cross-attention of the decoder's layer 0, place 6 its layer 2.
    let largest = vec![3.0, 1.0, 2.0, 1.0, -4.0, 1.0, 0.0, 1.0, 3.0, 3.0, 6.0, 2.0, 2.0, 0.0, 1.0];
    let answer = Answer::Estimates(EstimatesAnswer { outcome: 1.0, hooks: Vec::new() });
    let said = FromWorker::Answered { request, run: 1, answer };
    page.event(Event::Worker(WorkerEvent::Said(said, vec![Vec::new(), largest, vec![2.0]])));
    pick(&mut page, AttnKind::CROSS);
    let graph = page.state.link_graph().expect("of any attention");
    let links: Vec<_> = graph.links.iter().map(|(link, _)| (link.name.as_str(), graph.ends(&link.part))).collect();
    // Rows of the encoder 0 to 2, a row between, rows of the decoder 4 to 7.
    assert_eq!((graph.n_rows(), graph.n_columns()), (8, 4));
    let expected = [
        ("cross L0H1 Katze → cat", [(2, 1), (5, 2)]),
        ("encoder L1H0 cat → </s>", [(1, 3), (2, 1)]),
        ("decoder L2H2 Katze → <pad>", [(6, 0), (7, 2)]),
    ];
    assert_eq!(links, expected);
    assert_eq!([1, 2, 3, 4, 7].map(|row| graph.row_name(row)), ["E1", "E-end", "", "D0", "output"]);
    assert_eq!(graph.name_between(3, 1), Some("cat"));
    page.event(Event::Matters(MattersEvent::KeepAsked));
    let ToWorker::Ask { question: Question::Kept(kept), .. } = page.last() else { panic!("not asked") };
    assert_eq!(kept.links, [[3, 1, 2, 1], [1, 0, 1, 3], [6, 2, 2, 0]]);
    page.event(Event::Matters(MattersEvent::TrialAsked(1)));
    let ToWorker::Editing(EditingRequest::Sweep { what: SweepAsked::Each(tried), .. }) = page.last() else {
        panic!("not tried")
    };
    let cut = r#"{"attn":"cross","head":1,"key":1,"kind":"knock_out_edge","layer":0,"query":2,"stack":"decoder"}"#;
    assert_eq!(tried[0].to_json().to_string(), cut);
}
