//! Recall of needles on the workbench, with a worker that only the tests play.

use super::*;
use crate::edit::{Choice, Edit, EditKind};
use crate::protocol::{FindReply, FindRequest};
use crate::sets::made::Made;
use crate::sets::{self, Label, Row};
use crate::state::find::{Grouping, MaskAsked, MaskSource, Stage as FindStage, Trials};

fn act(page: &mut Page, event: FindEvent) {
    page.event(Event::Find(event));
}

fn says(page: &mut Page, reply: FindReply, numbers: Option<[f32; 4]>) {
    let buffers = numbers.map(|numbers| numbers.to_vec()).into_iter().collect();
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Find(reply), buffers)));
}

fn trials(page: &Page) -> &Trials {
    page.state.find.trials.as_ref().unwrap()
}

/// A page with twenty needles; the request for their trials, and how many lists of edits it names.
fn asked() -> (Page, RequestId, usize) {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Find)));
    let needles = Made::ALL.iter().position(|made| *made == Made::Needles).unwrap();
    act(&mut page, FindEvent::MadePicked(needles));
    act(&mut page, FindEvent::RowsTyped("20".to_owned()));
    act(&mut page, FindEvent::MakeAsked);
    assert!(page.state.find.set.as_ref().unwrap().has_needles());
    let edits = crate::edit::parse_list(r#"[{"kind":"zero_head","layer":1,"head":2}]"#).unwrap();
    page.event(Event::Editing(EditEvent::Added(edits)));
    let request = page.last_edited_run();
    page.says(FromWorker::Cancelled { request });
    act(&mut page, FindEvent::RecallAsked);
    let found = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Find(FindRequest::Trials { request, variants, .. }) => Some((*request, variants.len())),
        _ => None,
    });
    let (request, n_variants) = found.unwrap();
    (page, request, n_variants)
}

#[test]
fn recall_stands_by_distance_and_depth() {
    let (mut page, request, n_variants) = asked();
    assert_eq!(n_variants, 2);
    says(&mut page, FindReply::Begun { request, refused: vec![(19, "it is too long".to_owned())] }, None);
    // Without edits every answer is first; under the edits those of even rows are second among the answers.
    for row in 0..19u32 {
        for variant in 0..2 {
            let rank = if variant == 1 && row % 2 == 0 { 1.0 } else { 0.0 };
            says(&mut page, FindReply::Trial { request, variant, row }, Some([0.5, rank + 1.0, rank, f32::NAN]));
        }
        if row == 4 {
            assert_eq!(page.state.under_way().map(|work| work.text), Some("Recall: 10 of 38 runs".to_owned()));
        }
    }
    says(&mut page, FindReply::AllRun { request }, None);
    assert_eq!((page.state.under_way(), trials(&page).status()), (None, "complete".to_owned()));
    for grouping in [Grouping::Distance, Grouping::Depth] {
        let found = trials(&page).recall(grouping, false);
        let all = found.last().unwrap().unwrap();
        assert_eq!((all.n, all.before.0), (19, 1.0));
        let (after, _, p) = all.after.unwrap();
        assert!((after - 9.0 / 19.0).abs() < 1e-12 && (p - 2.0 / 1024.0).abs() < 1e-12, "{all:?}");
        let groups = &found[..found.len() - 1];
        assert_eq!(groups.iter().flatten().map(|group| group.n).sum::<usize>(), 19);
        assert!(groups.iter().flatten().count() > 3, "{groups:?}");
    }
    let csv = trials(&page).recall_csv();
    assert!(csv.contains("\ndepth,all rows,19,answers,1.000000,"), "{csv}");
    assert!(csv.lines().all(|line| line.split(',').count() == 11), "{csv}");
    let of_all_tokens = trials(&page).recall(Grouping::Depth, true);
    assert_eq!(of_all_tokens.last().unwrap().unwrap().before.0, 0.0);
    let statement = trials(&page).statement().join(" ");
    for said in ["1 left out (row 20: it is too long)", "without edits and under 1 edit", "by chance 0.083"] {
        assert!(statement.contains(said), "{said}: {statement}");
    }
}

#[test]
fn trials_are_stopped_with_their_numbers_and_refusals_are_said() {
    let (mut page, request, _) = asked();
    says(&mut page, FindReply::Trial { request, variant: 0, row: 0 }, Some([0.0; 4]));
    act(&mut page, FindEvent::PauseAsked(true));
    assert_eq!(page.last(), ToWorker::Pause { request, is_paused: true });
    assert_eq!(page.state.under_way().map(|work| work.text), Some("Recall rests at 1 of 40 runs".to_owned()));
    act(&mut page, FindEvent::PauseAsked(false));
    assert_eq!(page.last(), ToWorker::Pause { request, is_paused: false });
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
    assert_eq!((&trials(&page).stage, trials(&page).numbers.len()), (&FindStage::Stopped("stopped".to_owned()), 1));
    says(&mut page, FindReply::Trial { request, variant: 0, row: 1 }, Some([0.0; 4]));
    assert_eq!(trials(&page).numbers.len(), 1, "a reply after the end changes nothing");
    act(&mut page, FindEvent::RecallAsked);
    page.fails(About::Request);
    assert_eq!(trials(&page).stage, FindStage::Stopped("Wrong.".to_owned()));
}

#[test]
fn a_mask_stands_beside_random_ones_and_its_control() {
    let mut page = causal_page();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Find)));
    let ask = |page: &mut Page, asked: MaskAsked| act(page, FindEvent::MaskAsked(asked));
    let problem = |page: &Page| page.state.find.problem.clone().unwrap_or_default();
    ask(&mut page, MaskAsked::default());
    assert!(problem(&page).starts_with("There is no set yet"), "{}", problem(&page));
    let pronoun = Made::ALL.iter().position(|made| *made == Made::Pronoun).unwrap();
    act(&mut page, FindEvent::MadePicked(pronoun));
    act(&mut page, FindEvent::RowsTyped("12".to_owned()));
    act(&mut page, FindEvent::MakeAsked);
    ask(&mut page, MaskAsked::default());
    assert!(problem(&page).starts_with("There are no edits"), "{}", problem(&page));
    ask(&mut page, MaskAsked { source: MaskSource::Found, ..MaskAsked::default() });
    assert!(problem(&page).starts_with("Search this set with this model first"), "{}", problem(&page));
    let edits = r#"[{"kind":"zero_head","layer":0,"head":[0,1]},{"kind":"zero_head","layer":1,"head":1}]"#;
    page.event(Event::Editing(EditEvent::Added(crate::edit::parse_list(edits).unwrap())));
    let request = page.last_edited_run();
    page.says(FromWorker::Cancelled { request });
    ask(&mut page, MaskAsked { n_random: 3, ..MaskAsked::default() });
    let found = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Find(FindRequest::Trials { request, variants, lines }) => {
            Some((*request, variants.clone(), lines.clone()))
        }
        _ => None,
    });
    let (request, variants, lines) = found.unwrap();
    assert_eq!((variants.len(), variants[0].len(), variants[1].len()), (5, 0, 2));
    // Random masks have as many heads of each layer.
    for variant in &variants[1..] {
        let sizes: Vec<usize> = variant
            .iter()
            .map(|edit| match &edit.kind {
                EditKind::ZeroHead { head: Choice::List(heads), .. } => heads.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(sizes, [2, 1]);
    }
    let rows = sets::from_json_lines(&lines).unwrap();
    assert_eq!(
        (rows.len(), rows[12].answer.as_deref(), rows.last().unwrap().answer.as_deref()),
        (12 + 48 + 12, Some(" she"), None)
    );
    // The outcome follows the share of women; the mask halves that on the set and leaves the control and plain text as they are.
    for (variant, factor) in [1.0, 0.5, 1.0, 0.9, 1.1].into_iter().enumerate() {
        for (index, row) in rows.iter().enumerate() {
            let label = match row.label {
                Some(Label::Number(number)) => number as f32 / 100.0,
                _ => 0.0,
            };
            let outcome = if index < 12 { factor * label } else { label };
            let numbers = if row.answer.is_some() {
                [outcome, 0.0, 0.0, f32::NAN]
            } else {
                [f32::NAN, f32::NAN, f32::NAN, 3.0 + 0.01 * index as f32]
            };
            says(&mut page, FindReply::Trial { request, variant: variant as u32, row: index as u32 }, Some(numbers));
        }
    }
    says(&mut page, FindReply::AllRun { request }, None);
    let found = trials(&page).masked().unwrap();
    let [measure, control, plain] = found.effects.map(Option::unwrap);
    assert!((measure.masked - measure.baseline / 2.0).abs() < 1e-6 && measure.effect.value < -0.1, "{measure:?}");
    assert_eq!((measure.random.len(), measure.p, control.effect.value, plain.effect.value), (3, Some(0.25), 0.0, 0.0));
    assert_eq!((control.effect.n, plain.effect.n), (48, 12));
    assert!((found.difference.unwrap().value - measure.effect.value).abs() < 1e-9);
    let csv = trials(&page).mask_csv();
    assert_eq!(csv.lines().count(), 1 + 3 * 4 + 1);
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, vec![9; columns.len()], "{csv}");
    assert!(csv.contains("\ncontrol,chosen,48,") && csv.contains("\nmeasure,random,,,,0.000000,,,\n"), "{csv}");
    let statement = trials(&page).mask_statement().join(" ");
    for said in [
        "3 heads: L0H0, L0H1, L1H1",
        "12 rows of pronoun",
        "times the standardised label",
        "48 rows of pronoun-control",
        "3 random masks",
    ] {
        assert!(statement.contains(said), "{said}: {statement}");
    }
}

/// A mask of every head of its layers has no other of its size: nothing random is run, and no p is given.
#[test]
fn a_mask_of_whole_layers_has_no_random_ones() {
    let mut page = causal_page();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Find)));
    let pronoun = Made::ALL.iter().position(|made| *made == Made::Pronoun).unwrap();
    act(&mut page, FindEvent::MadePicked(pronoun));
    act(&mut page, FindEvent::MakeAsked);
    let edits = crate::edit::parse_list(r#"[{"kind":"zero_head","layer":1,"head":"all"}]"#).unwrap();
    page.event(Event::Editing(EditEvent::Added(edits)));
    let request = page.last_edited_run();
    page.says(FromWorker::Cancelled { request });
    act(&mut page, FindEvent::MaskAsked(MaskAsked::default()));
    let n_variants = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Find(FindRequest::Trials { variants, .. }) => Some(variants.len()),
        _ => None,
    });
    assert_eq!(n_variants, Some(2));
    let statement = trials(&page).mask_statement().join(" ");
    assert!(statement.contains("no p: the mask takes every head of its layers"), "{statement}");
}

/// Heads of a search are ranked on one half of the clusters, and the mask is measured on the rows of the other.
#[test]
fn a_mask_of_found_heads_is_measured_on_the_other_half() {
    let (mut page, _, _) = asked();
    let pronoun = Made::ALL.iter().position(|made| *made == Made::Pronoun).unwrap();
    act(&mut page, FindEvent::MadePicked(pronoun));
    act(&mut page, FindEvent::RowsTyped("40".to_owned()));
    act(&mut page, FindEvent::MakeAsked);
    act(&mut page, FindEvent::SearchAsked);
    let ToWorker::Find(FindRequest::Search { request, .. }) = page.last() else { panic!("{:?}", page.last()) };
    let rows = page.state.find.set.as_ref().unwrap().rows.clone();
    for row in 0..rows.len() as u32 {
        let mut values = vec![0.0; 24];
        (values[9], values[3]) = (-2.0, 1.0);
        let reply = FindReply::Row { request, row };
        page.event(Event::Worker(WorkerEvent::Said(FromWorker::Find(reply), vec![values])));
    }
    act(&mut page, FindEvent::MaskAsked(MaskAsked { source: MaskSource::Found, n_heads: 2, ..MaskAsked::default() }));
    let found = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Find(FindRequest::Trials { request, variants, lines }) => {
            Some((*request, variants.clone(), lines.clone()))
        }
        _ => None,
    });
    let (request, variants, lines) = found.unwrap();
    let head =
        |layer, head| Edit::new(EditKind::ZeroHead { layer: Choice::One(layer), head: Choice::List(vec![head]) });
    assert_eq!((variants.len(), &variants[1]), (22, &vec![head(0, 3), head(2, 1)]));
    let measured: Vec<Row> = sets::from_json_lines(&lines)
        .unwrap()
        .into_iter()
        .take_while(|row| row.label != Some(Label::Number(100.0)))
        .collect();
    assert!(measured.len() < rows.len(), "{} of {}", measured.len(), rows.len());
    // A row that is left out is named among the rows of its group.
    let n_measured = lines.lines().count() - 48 - 6;
    let fifth = (n_measured + 4) as u32;
    says(&mut page, FindReply::Begun { request, refused: vec![(fifth, "it is too long".to_owned())] }, None);
    let statement = trials(&page).mask_statement().join(" ");
    assert!(statement.contains("1 row left out (row 5 of the control: it is too long)"), "{statement}");
}
