//! Atlases on the workbench: opened without a model, looked at, and their examples run once a model is there.

use super::*;
use crate::analysis::atlas::{Atlas, AtlasFile, AtlasMetadata, FORMAT, to_bytes};
use crate::analysis::scores::Score;
use crate::protocol::{FindReply, FindRequest};
use crate::state::find::{AtlasEvent, AtlasView, MakeAsked};
use crate::trace::Tokens;

/// An atlas of a model: five texts of three tokens, whose strongest link is 2 → 1.
fn file(n_layers: usize, n_heads: usize, first_id: u32) -> Box<AtlasFile> {
    let mut atlas = Atlas::new(n_layers, n_heads, 1);
    let n_all = n_layers * n_heads;
    for text in 0..5u32 {
        let table: Vec<f32> = (0..2 * n_all * Score::ALL.len()).map(|at| (at % 7) as f32 + text as f32).collect();
        atlas.add(&[first_id, 2, 3], u64::from(text), &table, &vec![(2, 1); n_all]);
    }
    let scores = atlas.score_ids();
    let model = "Small, F32".to_owned();
    let metadata =
        AtlasMetadata { format: FORMAT, model, scores, n_texts: 5, n_tokens: 64, ..AtlasMetadata::default() };
    Box::new(AtlasFile::read("small", to_bytes(&atlas, &metadata).unwrap()).unwrap())
}

fn act(page: &mut Page, event: AtlasEvent) {
    page.event(Event::Find(event.into()));
}

fn came(page: &mut Page, file: Box<AtlasFile>, is_beside: bool) {
    act(page, AtlasEvent::Came("heads.safetensors".to_owned(), Ok(file), is_beside));
}

#[test]
fn an_atlas_is_opened_without_a_model_and_its_examples_say_what_they_need() {
    let mut page = Page::new();
    came(&mut page, file(6, 4, 1), false);
    let atlas = &page.state.find.atlas;
    assert_eq!((page.state.selection.view, atlas.open.len(), atlas.problem.as_ref()), (View::Find, 1, None));
    let statement = atlas.open[0].statement().join(" ");
    assert!(
        statement.contains("Small, F32, 6 × 4 heads, without edits") && statement.contains("5 texts"),
        "{statement}"
    );
    act(&mut page, AtlasEvent::HeadPicked(1, 3));
    assert_eq!(page.state.find.atlas.open[0].place(Some((1, 3))), Some(7));
    act(&mut page, AtlasEvent::ExampleOpened(0, 0, 0));
    let problem = page.state.find.atlas.problem.as_deref();
    assert_eq!(problem, Some("The other views need the model: load Small, F32, then open the example again."));
}

#[test]
fn an_example_runs_with_its_head_and_its_link_selected() {
    let mut page = Page::with_result();
    came(&mut page, file(6, 4, 1), false);
    act(&mut page, AtlasEvent::HeadPicked(1, 3));
    act(&mut page, AtlasEvent::ExampleOpened(0, 0, 0));
    let run = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Run { inputs, .. } => Some(inputs[0].text.clone()),
        _ => None,
    });
    assert_eq!(run, Some(InputText::Ids(vec![1, 2, 3])));
    page.finish_run();
    let selection = &page.state.selection;
    assert_eq!((selection.view, selection.layer, selection.head()), (View::Head, 1, 3));
    assert_eq!((&selection.queries, &selection.keys), (&[2].into(), &[1].into()));
    assert_eq!(page.state.find.atlas.open.len(), 1, "the atlas stays open");
}

#[test]
fn an_example_of_another_model_is_refused() {
    for (other, said) in [(file(6, 8, 1), "6 × 8 heads"), (file(6, 4, 10), "Small, F32 (6 × 4)")] {
        let mut page = Page::with_result();
        came(&mut page, other, false);
        act(&mut page, AtlasEvent::HeadPicked(0, 0));
        let n_sent = page.sent.len();
        act(&mut page, AtlasEvent::ExampleOpened(0, 0, 0));
        let problem = page.state.find.atlas.problem.clone().unwrap();
        assert!(problem.contains(said) && page.sent.len() == n_sent, "{problem}");
    }
}

#[test]
fn two_atlases_stand_beside_each_other_and_share_head_and_axes() {
    let mut page = Page::new();
    came(&mut page, file(6, 4, 1), false);
    came(&mut page, file(2, 8, 1), true);
    let open = |page: &Page| page.state.find.atlas.open.iter().map(|atlas| atlas.file.n_heads).collect::<Vec<usize>>();
    assert_eq!(open(&page), [4, 8]);
    act(&mut page, AtlasEvent::HeadPicked(1, 6));
    let places = page.state.find.atlas.open.iter().map(|atlas| atlas.place(Some((1, 6))));
    assert_eq!(places.collect::<Vec<_>>(), [None, Some(14)]);
    act(&mut page, AtlasEvent::ViewPicked(AtlasView::Likeness));
    act(&mut page, AtlasEvent::GroupsPicked(99));
    act(&mut page, AtlasEvent::AxisPicked(1, "self".to_owned()));
    act(&mut page, AtlasEvent::AxisPicked(7, "self".to_owned()));
    assert_eq!((page.state.find.atlas.n_groups, page.state.find.atlas.axes[1].as_str()), (8, "self"));
    // A third one takes the second one's place; a file that is not an atlas changes nothing.
    came(&mut page, file(3, 2, 1), true);
    act(&mut page, AtlasEvent::Came("x".to_owned(), Err("x: the header cannot be read".to_owned()), false));
    assert_eq!((open(&page), page.state.find.atlas.head), (vec![4, 2], None));
    assert_eq!(page.state.find.atlas.problem.as_deref(), Some("X: the header cannot be read."));
    act(&mut page, AtlasEvent::Closed(0));
    act(&mut page, AtlasEvent::Closed(5));
    assert_eq!((open(&page), page.state.find.atlas.problem.clone()), (vec![2], None));
}

fn says(page: &mut Page, reply: FindReply, buffers: Vec<Vec<f32>>) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Find(reply), buffers)));
}

/// Lets the worker say the scores of texts: of each a multiple of its number.
fn measured(page: &mut Page, request: RequestId, texts: std::ops::Range<u32>) {
    let (n_layers, n_heads) = (6, 4);
    for text in texts {
        let n_numbers = 2 * n_layers * n_heads * Score::ALL.len();
        let tokens =
            Tokens { tokens: ["a", "b", "c"].map(str::to_owned).to_vec(), ids: vec![1, 2, 3], ..Tokens::default() };
        let links = [2.0, 1.0].repeat(n_layers * n_heads);
        let reply = FindReply::AtlasText { request, cluster: text, tokens };
        says(page, reply, vec![vec![text as f32; n_numbers], links]);
    }
}

/// Asks for an atlas of a page with a model, and gives the request.
fn asked(page: &mut Page, asked: MakeAsked) -> RequestId {
    act(page, AtlasEvent::MakeAsked(asked));
    let ToWorker::Find(FindRequest::Atlas { request, lines, n_tokens, .. }) = page.last() else {
        panic!("{:?}", page.last())
    };
    assert_eq!((lines.lines().count(), n_tokens), (200, 64), "without a set the corpus is the made one");
    says(page, FindReply::Begun { request, refused: vec![(4, "it is empty".to_owned())] }, Vec::new());
    request
}

#[test]
fn an_atlas_that_is_made_here_is_shown_while_it_grows() {
    let mut page = Page::with_result();
    let request = asked(&mut page, MakeAsked::default());
    measured(&mut page, request, 0..7);
    assert!(page.state.find.atlas.open.is_empty());
    assert_eq!(page.state.under_way().map(|work| work.text), Some("Atlas: 7 of 199 texts".to_owned()));
    measured(&mut page, request, 7..9);
    let shown = |page: &Page| {
        let open = page.state.find.atlas.open.iter();
        open.map(|atlas| (atlas.name.clone(), atlas.file.metadata.n_texts)).collect::<Vec<_>>()
    };
    let name = |part: &str| format!("atlas-Small--F32-made-texts-200{part}.safetensors");
    assert_eq!(shown(&page), [(name("-8-of-199"), 8)]);
    act(&mut page, AtlasEvent::HeadPicked(1, 3));
    page.event(Event::Find(FindEvent::PauseAsked(true)));
    assert!(matches!(page.last(), ToWorker::Pause { is_paused: true, .. }));
    assert_eq!(shown(&page), [(name("-9-of-199"), 9)], "what there is is shown while it rests");
    page.event(Event::Find(FindEvent::PauseAsked(false)));
    measured(&mut page, request, 9..199);
    says(&mut page, FindReply::AllRun { request }, Vec::new());
    let find = &page.state.find;
    assert_eq!((shown(&page), find.atlas.head), (vec![(name(""), 199)], Some((1, 3))));
    let making = find.making.as_ref().unwrap();
    let said = format!("{} {}", making.status(), making.notes().join(" "));
    for part in [
        "complete: 199 texts",
        "1 text of the corpus left out, the first one text 5: it is empty",
        "199 of 199 texts are shorter",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The file holds what was gathered, and opens anywhere.
    let file = AtlasFile::read("saved", find.atlas.open[0].file.bytes().to_vec()).unwrap();
    let summary = file.summary(7, 0);
    assert_eq!((summary.n, summary.mean), (199, 99.0));
    assert!(summary.low < 99.0 && summary.high > 99.0, "{summary:?}");
    assert_eq!((file.label(2), file.metadata.corpus.as_str()), ("b".to_owned(), "made:texts:200"));
    assert_eq!(file.examples(7, 0).unwrap()[0].value, 198.0);
}

#[test]
fn an_atlas_that_is_stopped_keeps_its_texts_and_one_that_is_closed_stays_closed() {
    let mut page = Page::with_result();
    came(&mut page, file(6, 4, 1), false);
    let request = asked(&mut page, MakeAsked::default());
    measured(&mut page, request, 0..8);
    assert_eq!(page.state.find.atlas.open.len(), 2, "it stands beside the one that was open");
    act(&mut page, AtlasEvent::Closed(1));
    measured(&mut page, request, 8..16);
    assert_eq!(page.state.find.atlas.open.len(), 1);
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert_eq!(page.last(), ToWorker::Cancel { request });
    assert_eq!(page.state.find.making.as_ref().unwrap().status(), "ended after 16 of 199 texts: stopped");
    measured(&mut page, request, 16..17);
    assert_eq!(page.state.find.making.as_ref().unwrap().status(), "ended after 16 of 199 texts: stopped");
    // Another one, which a search interrupts.
    let request = asked(&mut page, MakeAsked::default());
    measured(&mut page, request, 0..3);
    act_find(&mut page, FindEvent::MakeAsked);
    act_find(&mut page, FindEvent::SearchAsked);
    let making = page.state.find.making.as_ref().unwrap();
    assert_eq!(making.status(), "ended after 3 of 199 texts: another search was begun");
    assert_eq!(page.state.find.atlas.open[1].file.metadata.n_texts, 3);
    let wrong = MakeAsked { n_tokens: "1".to_owned(), ..MakeAsked::default() };
    act(&mut page, AtlasEvent::MakeAsked(wrong));
    let problem = page.state.find.atlas.problem.as_deref();
    assert_eq!(problem, Some("“1” is not a number of tokens from 2 to 4096."));
}

fn act_find(page: &mut Page, event: FindEvent) {
    page.event(Event::Find(event));
}
