//! The workbench as a table of events and effects, with a worker that only the tests play.

use super::*;
use crate::protocol::{Baseline, FindReply, FindRequest, FoundHead, FoundNumbers, RowRead};
use crate::sets::Role;
use crate::state::find::{self, Format, Kind, Search};

fn act(page: &mut Page, event: FindEvent) {
    page.event(Event::Find(event));
}

/// A page with the workbench open, and this table read.
fn with_table(table: &str) -> Page {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Find)));
    act(&mut page, FindEvent::FormatPicked(Format::Csv));
    act(&mut page, FindEvent::Typed(table.to_owned()));
    act(&mut page, FindEvent::ReadAsked);
    page
}

fn search(page: &Page) -> &Search {
    page.state.find.search.as_ref().unwrap()
}

fn says(page: &mut Page, reply: FindReply, buffers: Vec<Vec<f32>>) {
    page.event(Event::Worker(WorkerEvent::Said(FromWorker::Find(reply), buffers)));
}

fn read(row: u32, is_positive: Option<bool>) -> RowRead {
    RowRead { row, n_tokens: 3, tokens: Vec::new(), marks: Vec::new(), outcome: None, is_positive }
}

/// Begins a search and lets the worker say which rows fit.
fn begin(page: &mut Page, rows: Vec<RowRead>, refused: Vec<(u32, String)>) -> RequestId {
    act(page, FindEvent::SearchAsked);
    let ToWorker::Find(FindRequest::Search { request, .. }) = page.last() else { panic!("{:?}", page.last()) };
    says(page, FindReply::Aligned { request, rows, refused, notes: Vec::new() }, Vec::new());
    request
}

const PAIRS: &str = "sentence1,sentence2,label\na cat,the cat,1\na dog,a cow,0\none hen,a hen,1\nx\n";

#[test]
fn a_table_is_read_with_its_reasons_and_suits_its_measure() {
    let page = with_table(PAIRS);
    let find = &page.state.find;
    let set = find.set.as_ref().unwrap();
    assert_eq!((set.rows.len(), set.refused.len(), set.columns.len()), (3, 1, 3));
    assert!(set.refused[0].line == 5 && set.refused[0].reason.contains("1 cells"), "{:?}", set.refused);
    assert_eq!(find.form.measure(), "auc:between_ab");
    let ToWorker::Find(FindRequest::Search { asked, aligns_only: true, .. }) = page.last() else {
        panic!("{:?}", page.last())
    };
    assert_eq!((asked.lines.lines().count(), asked.measure.as_str()), (3, "auc:between_ab"));
}

#[test]
fn a_file_without_rows_says_why_and_the_set_before_stays() {
    let mut page = with_table(PAIRS);
    let before = page.state.find.set.clone();
    act(&mut page, FindEvent::FileCame("empty.csv".to_owned(), Ok(Vec::new())));
    assert_eq!(
        page.state.find.problem.as_deref(),
        Some("empty.csv: the file is empty: a set needs at least one row with a text.")
    );
    assert_eq!(page.state.find.set, before);
    act(&mut page, FindEvent::RowsTyped("many".to_owned()));
    act(&mut page, FindEvent::MakeAsked);
    assert!(
        page.state.find.problem.as_deref().is_some_and(|problem| problem.contains("“many” is not a number of rows"))
    );
    assert_eq!((&page.state.find.set, page.state.find.typed.as_str()), (&before, PAIRS));
    act(&mut page, FindEvent::SeedTyped("-1".to_owned()));
    act(&mut page, FindEvent::SearchAsked);
    assert_eq!(page.state.find.problem.as_deref(), Some("“-1” is not a seed: type a whole number from 0."));
    act(&mut page, FindEvent::ColumnGiven(Role::Text, Some("sentence2".to_owned())));
    assert!(
        page.state.find.problem.as_deref().is_some_and(|problem| problem.contains("empty")),
        "the last source is read again"
    );
}

#[test]
fn columns_are_set_by_hand() {
    let mut page = with_table("first,second\na cat,the cat\na dog,a cow\n");
    let mut names = page.state.find.column_names.clone();
    names.sort();
    assert_eq!(names, ["first", "label", "second", "text"], "the first line may name them");
    let given = |page: &mut Page, role, name: &str| act(page, FindEvent::ColumnGiven(role, Some(name.to_owned())));
    given(&mut page, Role::Text, "second");
    given(&mut page, Role::TextPair, "first");
    let set = page.state.find.set.clone().unwrap();
    assert_eq!(
        (set.rows.len(), set.rows[0].text.as_str(), set.rows[0].text_pair.as_deref()),
        (2, "the cat", Some("a cat"))
    );
    act(&mut page, FindEvent::FileCame("a.json".to_owned(), Ok(br#"[{"satz":"ein Hund","nr":1}]"#.to_vec())));
    assert!(page.state.find.problem.as_deref().is_some_and(|problem| problem.contains("no column is known")));
    given(&mut page, Role::Text, "satz");
    assert_eq!(
        (page.state.find.set.clone().unwrap().rows[0].text.as_str(), &page.state.find.problem),
        ("ein Hund", &None)
    );
}

#[test]
fn a_search_shows_numbers_while_it_runs_and_its_answer_afterwards() {
    let mut page = with_table(PAIRS);
    let rows = vec![read(0, Some(true)), read(1, Some(false)), read(2, Some(true))];
    let request = begin(&mut page, rows, Vec::new());
    let numbers = |value: f32| vec![vec![value; 24]];
    says(&mut page, FindReply::Row { request, row: 0 }, numbers(0.5));
    says(&mut page, FindReply::Row { request, row: 1 }, numbers(0.25));
    assert_eq!(page.state.under_way().map(|work| work.text), Some("Find: 2 of 3 rows".to_owned()));
    let so_far = search(&page).heads();
    assert_eq!((so_far.len(), so_far[7].estimate.value, so_far[7].estimate.interval), (24, 1.0, None));
    says(&mut page, FindReply::Row { request, row: 2 }, numbers(0.1));
    let head = FoundHead { n: 3, value: 0.5, interval: Some((0.0, 1.0)), p: Some([0.0, 0.5, 1.0]) };
    let found = FoundNumbers {
        heads: vec![head; 24],
        n_heads: 4,
        n_units: 3,
        n_clusters: vec![3],
        least_p: 0.25,
        baselines: vec![Baseline { name: "word overlap".to_owned(), value: 0.5, interval: None }],
    };
    says(&mut page, FindReply::Done { request, found }, Vec::new());
    assert_eq!(page.state.under_way(), None);
    let statement = search(&page).statement().join(" ");
    for said in [
        "3 of 4 rows used, 1 left out",
        "without edits",
        "3 rows in 3 clusters",
        "for 24 heads",
        "below 0.2500",
        "word overlap has AUC 0.500",
    ] {
        assert!(statement.contains(said), "{said}: {statement}");
    }
    act(&mut page, FindEvent::HeadPicked(7));
    act(&mut page, FindEvent::RowOpened(2));
    let selection = &page.state.selection;
    assert_eq!((selection.view, selection.layer, selection.head()), (View::Head, 1, 3));
    let run = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Run { inputs, .. } => Some(inputs[0].text.clone()),
        _ => None,
    });
    assert_eq!(run.unwrap(), InputText::Pair("one hen".to_owned(), "a hen".to_owned()));
    assert_eq!(search(&page).values.len(), 3, "the search is kept");
}

#[test]
fn a_search_rests_goes_on_and_is_stopped_with_its_numbers() {
    let mut page = with_table("text\na cat\na dog\n");
    assert_eq!(page.state.find.form.kind, Kind::Score);
    let request = begin(&mut page, vec![read(0, None), read(1, None)], Vec::new());
    says(&mut page, FindReply::Row { request, row: 0 }, vec![vec![0.5; 24]]);
    act(&mut page, FindEvent::PauseAsked(true));
    assert_eq!(page.last(), ToWorker::Pause { request, is_paused: true });
    assert_eq!(page.state.under_way().map(|work| work.text), Some("Find rests at 1 of 2 rows".to_owned()));
    act(&mut page, FindEvent::PauseAsked(false));
    page.says(FromWorker::Progress { request, stage: Stage::Find, done: 1, total: 4 });
    assert_eq!(page.state.under_way().and_then(|work| work.fraction), Some(0.25));
    // A run that somebody asks for goes first, and is what the status line says and stops.
    page.event(Event::Work(WorkEvent::RunAsked));
    assert_eq!(page.state.under_way().map(|work| work.text), Some("Running …".to_owned()));
    page.finish_run();
    page.event(Event::Work(WorkEvent::CancelAsked));
    assert!(page.sent.contains(&ToWorker::Cancel { request }));
    assert_eq!(
        (search(&page).stage.clone(), search(&page).values.len()),
        (find::Stage::Stopped("stopped".to_owned()), 1)
    );
    says(&mut page, FindReply::Row { request, row: 1 }, vec![vec![0.5; 24]]);
    assert_eq!(search(&page).values.len(), 1, "a reply after the end changes nothing");
}

/// A search waits for the model; the edits on the page may change until that is here.
#[test]
fn a_search_runs_with_the_edits_that_its_statement_counts() {
    let mut page = with_table("text\na cat\n");
    let edits = crate::edit::parse_list(r#"[{"kind":"zero_head","layer":1,"head":2}]"#).unwrap();
    page.event(Event::Editing(EditEvent::Added(edits.clone())));
    let request = page.last_edited_run();
    let form = find::Form { has_edits: true, ..page.state.find.form.clone() };
    act(&mut page, FindEvent::FormChanged(form));
    act(&mut page, FindEvent::SearchAsked);
    page.event(Event::Editing(EditEvent::Cleared));
    page.says(FromWorker::Cancelled { request });
    let asked = page.sent.iter().rev().find_map(|sent| match sent {
        ToWorker::Find(FindRequest::Search { asked, .. }) => Some(asked.edits.clone()),
        _ => None,
    });
    assert_eq!((asked.as_ref(), &search(&page).edits), (Some(&edits), &edits));
    assert!(search(&page).statement().join(" ").contains("under 1 edit."));
}

#[test]
fn a_refused_search_says_why() {
    let mut page = with_table("text\na cat\n");
    act(&mut page, FindEvent::SearchAsked);
    let request = page.last_request();
    let report = Report { about: About::Request, message: "no row of the set fits".to_owned() };
    page.says(FromWorker::Failed { request, report });
    assert_eq!(search(&page).stage, find::Stage::Stopped("No row of the set fits.".to_owned()));
}

#[test]
fn pairs_are_subtracted_and_occupations_stand_on_their_axis() {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::ViewPicked(View::Find)));
    act(&mut page, FindEvent::RowsTyped("40".to_owned()));
    act(&mut page, FindEvent::MakeAsked);
    assert_eq!(page.state.find.form.measure(), "weight:pronoun:occ_f-occ_m");
    let rows = page.state.find.set.as_ref().unwrap().rows.clone();
    let read_all = (0..rows.len() as u32).map(|row| read(row, None)).collect();
    let request = begin(&mut page, read_all, Vec::new());
    for (index, row) in rows.iter().enumerate() {
        // Version a is above version b by the share of women in the occupation of women.
        let share = crate::sets::made::share_of_women(row.marked("occ_f").unwrap()).unwrap();
        let value = if row.version == Some(crate::sets::Version::A) { share / 100.0 } else { 0.0 };
        says(&mut page, FindReply::Row { request, row: index as u32 }, vec![vec![value as f32; 24]]);
    }
    let search = search(&page);
    let units = search.units();
    assert_eq!(units.len(), rows.len() / 2);
    assert!(units.iter().all(|unit| search.value(*unit, 5) > 0.5));
    let found = search.occupations(5).unwrap();
    assert!(found.is_difference && found.each.windows(2).all(|pair| pair[0].women_percent <= pair[1].women_percent));
    // What counts for an occupation of women counts against its partner.
    assert!(found.each.iter().all(|one| (one.women_percent > 50.0) == (one.value > 0.0)), "{:?}", found.each);
    let rho = found.correlation.unwrap();
    assert!(rho.value > 0.7 && rho.n == found.each.len(), "{rho:?}");
}

#[test]
fn a_link_brings_small_sets_and_made_ones_and_names_others() {
    let followed = |link: &str| {
        let mut page = Page::with_result();
        page.event(Event::Link(LinkEvent::Came(format!("v=1&view=find&{link}"))));
        (page.state.find.set.clone(), page.state.find.problem.clone())
    };
    let mut page = with_table(PAIRS);
    let set = page.state.find.set.clone().unwrap();
    let link = page.state.link().unwrap();
    assert_eq!(
        (link.set.hash.as_deref(), link.set.rows.as_deref()),
        (Some(set.hash.as_str()), Some(set.lines.as_str()))
    );
    let written = link.write();
    let (of_link, problem) = followed(&written[written.find("set=").unwrap()..]);
    assert_eq!((of_link.map(|set| set.rows.clone()), problem), (Some(set.rows.clone()), None));
    act(&mut page, FindEvent::RowsTyped("24".to_owned()));
    act(&mut page, FindEvent::MakeAsked);
    assert_eq!(page.state.link().unwrap().set.made.as_deref(), Some("coreference:24:0"));
    assert_eq!(followed("made=coreference:24:0").0, page.state.find.set.clone());
    for made in ["haiku:24:0", "coreference:0:0", "coreference:24", "coreference:24:x"] {
        let (none, problem) = followed(&format!("made={made}"));
        let problem = problem.unwrap();
        assert!(none.is_none() && problem.contains(&format!("“{made}”, which cannot be made")), "{problem}");
        assert!(problem.contains("coreference, ") && !problem.contains("too large"), "{problem}");
    }
    let (none, problem) = followed("set=0123456789abcdef");
    assert!(none.is_none() && problem.is_some_and(|problem| problem.contains("0123456789abcdef")));
}

/// Only the rows that have both words are sent, marked; the worker counts them from 0, the page as the set does.
#[test]
fn typed_words_become_marks_of_the_rows_that_have_them() {
    let mut page =
        with_table("text\na cat\nthe nurse said that she slept\nshe saw a dog\nThe nurse was late and then she ran\n");
    let form = find::Form { kind: Kind::Words, reading: "She".to_owned(), ..page.state.find.form.clone() };
    act(&mut page, FindEvent::FormChanged(form.clone()));
    act(&mut page, FindEvent::SearchAsked);
    assert_eq!(page.state.find.problem.as_deref(), Some("Type the word that is read, as “nurse”."));
    assert!(page.state.find.aligned.as_ref().unwrap().problem.as_ref().is_some_and(|said| said.contains("nurse")));
    act(&mut page, FindEvent::FormChanged(find::Form { read: "horse".to_owned(), ..form.clone() }));
    act(&mut page, FindEvent::SearchAsked);
    assert!(matches!(&search(&page).stage, find::Stage::Stopped(said) if said.contains("none of the 4 rows fits")));
    act(&mut page, FindEvent::FormChanged(find::Form { read: "nurse".to_owned(), ..form }));
    act(&mut page, FindEvent::SearchAsked);
    let ToWorker::Find(FindRequest::Search { request, asked, .. }) = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(asked.measure, "weight:reading:read");
    let lines: Vec<&str> = asked.lines.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], r#"{"marks":{"read":[4,9],"reading":[28,31]},"text":"The nurse was late and then she ran"}"#);
    let marks = |at: u32| vec![("reading".to_owned(), vec![at]), ("read".to_owned(), vec![at - 2])];
    let rows = vec![RowRead { marks: marks(5), ..read(0, None) }];
    let refused = vec![(1, "too long".to_owned())];
    says(&mut page, FindReply::Aligned { request, rows, refused, notes: Vec::new() }, Vec::new());
    says(&mut page, FindReply::Row { request, row: 0 }, vec![vec![0.5; 24]]);
    let aligned = page.state.find.aligned.clone().unwrap();
    let refused: Vec<u32> = aligned.refused.iter().map(|(row, _)| *row).collect();
    assert_eq!((aligned.rows[0].row, refused, search(&page).n_refused), (1, vec![0, 2, 3], 3));
    assert_eq!(search(&page).values.keys().copied().collect::<Vec<usize>>(), [1]);
    let statement = search(&page).statement().join(" ");
    for said in
        ["1 of 4 rows used, 3 left out", "the “She” and the “nurse” that stand nearest", "the sum over its tokens"]
    {
        assert!(statement.contains(said), "{said}: {statement}");
    }
    act(&mut page, FindEvent::HeadPicked(7));
    act(&mut page, FindEvent::RowOpened(1));
    let selection = &page.state.selection;
    assert_eq!(
        (selection.layer, selection.head(), &selection.queries, &selection.keys),
        (1, 3, &[5].into(), &[3].into())
    );
    let form = page.state.find.form.clone();
    let form = find::Form { kind: Kind::Pattern, pattern: "the (nurse".to_owned(), ..form };
    act(&mut page, FindEvent::FormChanged(form));
    act(&mut page, FindEvent::SearchAsked);
    assert!(page.state.find.problem.as_deref().is_some_and(|problem| problem.contains("not closed")));
}

/// What the tab keeps of a search goes through bytes and goes on after a reload: same set, measure and edits, rows kept. With another
/// model it says so and is offered again.
#[test]
fn a_search_goes_on_after_a_reload_with_the_same_model_only() {
    let mut page = with_table("text\na cat\na dog\na hen\n");
    assert_eq!(page.state.kept_search(), None);
    let request = begin(&mut page, vec![read(0, None), read(1, None), read(2, None)], Vec::new());
    says(&mut page, FindReply::Row { request, row: 0 }, vec![vec![0.5; 24]]);
    says(&mut page, FindReply::Row { request, row: 1 }, vec![vec![0.25; 24]]);
    let kept = page.state.kept_search().unwrap();
    let bytes = postcard::to_allocvec(&kept).unwrap();
    let kept: find::KeptSearch = postcard::from_bytes(&bytes).unwrap();
    assert!(kept.is_readable() && kept.statement().contains("2 of 3 rows measured"), "{}", kept.statement());
    let half = kept.clone().halved().unwrap();
    assert!(half.statement().contains("did not take 1 of them"), "{}", half.statement());
    assert_eq!(half.halved().and_then(find::KeptSearch::halved), None);

    let mut after = Page::with_result();
    act(&mut after, FindEvent::ResumeOffered(Some(kept.clone().into())));
    assert_eq!(after.state.kept_search().as_ref(), Some(&kept), "another reload keeps it too");
    act(&mut after, FindEvent::ResumeAsked);
    let ToWorker::Find(FindRequest::Search { request, asked, aligns_only: false }) = after.last() else {
        panic!("{:?}", after.last())
    };
    assert_eq!(asked.known, [(0, vec![0.5; 24]), (1, vec![0.25; 24])]);
    assert_eq!((asked.lines.lines().count(), asked.measure.as_str(), &after.state.find.resumable), (3, "decay", &None));
    says(&mut after, FindReply::Row { request, row: 2 }, vec![vec![0.75; 24]]);
    assert_eq!(search(&after).heads()[0].estimate.value, 0.5);

    let mut other = Page::with_result();
    act(&mut other, FindEvent::ResumeOffered(Some(kept.clone().into())));
    if let Some(model) = &mut other.state.work.model {
        model.weight_bytes += 1;
    }
    act(&mut other, FindEvent::ResumeAsked);
    assert!(matches!(&search(&other).stage, find::Stage::Stopped(said) if said.contains("another version of it")));
    assert_eq!((search(&other).values.len(), other.state.find.resumable.is_some()), (2, true));
    act(&mut other, FindEvent::ResumeOffered(None));
    assert_eq!(other.state.kept_search(), None);
}
