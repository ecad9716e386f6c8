//! Atlases on the workbench: opened without a model, looked at, and their examples run once a model is there.

use super::*;
use crate::analysis::atlas::{Atlas, AtlasFile, AtlasMetadata, FORMAT, to_bytes};
use crate::analysis::scores::Score;
use crate::state::find::{AtlasEvent, AtlasView};

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
