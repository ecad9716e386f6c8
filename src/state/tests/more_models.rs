//! Models of the Hub and from disk.

use super::*;
use crate::protocol::{HubSource, ModelSource};
use crate::sources::{HubFile, Listing};
use crate::state::more_models::Lookup;

fn listing(files: &[(&str, u64)]) -> Listing {
    let file = |&(name, size): &(&str, u64)| HubFile { name: name.to_owned(), size, sha256: Some("ab".repeat(32)) };
    Listing { commit: "0a1b".to_owned(), licence: "mit".to_owned(), files: files.iter().map(file).collect() }
}

fn small() -> Listing {
    listing(&[("config.json", 10), ("tokenizer.json", 20), ("model.safetensors", 1_000)])
}

impl Page {
    fn more(&mut self, event: MoreEvent) {
        self.event(Event::More(event));
    }

    /// Looks up a repository; the number of the look-up.
    fn look_up(&mut self, repo: &str) -> u32 {
        self.more(MoreEvent::RepoTyped(repo.to_owned()));
        self.more(MoreEvent::LookUpAsked);
        self.looked_up().0
    }

    /// The last look-up that the browser was asked for: number, base, repository.
    fn looked_up(&self) -> (u32, String, String) {
        let last = self.done.iter().rev().find_map(|effect| match effect {
            Effect::LookUp { number, base, repo } => Some((*number, base.clone(), repo.clone())),
            _ => None,
        });
        last.expect("a look-up")
    }

    fn listed(&mut self, number: u32, listing: Listing) {
        self.more(MoreEvent::Listed { number, listing: Ok(listing) });
    }

    /// Starts the wanted model's worker; what it is asked to load.
    fn loads(&mut self) -> ModelSource {
        self.ready();
        let ToWorker::Load { source, .. } = self.last() else { panic!("not loading: {:?}", self.last()) };
        source
    }

    fn refusal(&self) -> String {
        let Lookup::Refused(unusable) = &self.state.more.lookup else { panic!("{:?}", self.state.more.lookup) };
        unusable.message.clone()
    }
}

#[test]
fn a_small_model_of_the_hub_is_loaded_at_once() {
    let mut page = Page::with_result();
    page.more(MoreEvent::Shown(true));
    let number = page.look_up("a/b");
    assert_eq!(page.looked_up(), (1, "https://huggingface.co".to_owned(), "a/b".to_owned()));
    page.listed(number, small());
    assert!(!page.state.more.is_open);
    assert_eq!((page.state.models.len(), page.state.picked().unwrap().name.as_str()), (3, "a/b"));
    assert_eq!(page.state.picked().unwrap().licence, "mit");
    let ModelSource::Hub { hub, files, .. } = page.loads() else { panic!("not of the Hub") };
    assert_eq!(hub, HubSource { base: "https://huggingface.co".to_owned(), repo: "a/b".to_owned() });
    assert_eq!(files[0].url, "https://huggingface.co/a/b/resolve/0a1b/config.json");
    assert_eq!(files.len(), 3);
    // Looked up once more, it is the same entry.
    let number = page.look_up("a/b");
    page.listed(number, small());
    assert_eq!(page.state.models.len(), 3);
}

#[test]
fn more_than_200_megabytes_are_asked_for_first() {
    let mut page = Page::with_result();
    let number = page.look_up("a/large@v2");
    page.listed(number, listing(&[("config.json", 10), ("tokenizer.json", 9), ("model.safetensors", 200_000_001)]));
    assert!(page.state.more.is_open && page.state.models.len() == 2, "nothing is loaded yet");
    page.more(MoreEvent::LoadAsked);
    assert!(!page.state.more.is_open);
    assert_eq!(page.state.picked().unwrap().id, "a/large@v2");
    assert!(matches!(page.loads(), ModelSource::Hub { .. }));
}

#[test]
fn one_of_several_quantisations_is_chosen() {
    let mut page = Page::with_result();
    let number = page.look_up("a/quants");
    page.listed(number, listing(&[("m-Q4_K_M.gguf", 100), ("m-Q8_0.gguf", 200)]));
    assert!(page.state.more.is_open);
    page.more(MoreEvent::Chosen(1));
    page.more(MoreEvent::LoadAsked);
    let picked = page.state.picked().unwrap();
    assert_eq!((picked.id.as_str(), picked.name.as_str(), picked.size()), ("a/quants:Q8_0", "a/quants, Q8_0", 200));
}

#[test]
fn what_cannot_be_held_is_refused_unless_only_some_layers_are_wanted() {
    let mut page = Page::with_result();
    let number = page.look_up("a/huge");
    page.listed(number, listing(&[("config.json", 10), ("tokenizer.json", 9), ("model.safetensors", 5_000_000_000)]));
    assert!(page.state.more.obstacle().unwrap().contains("5.1 GB of memory"));
    page.more(MoreEvent::LoadAsked);
    assert_eq!(page.state.models.len(), 2);
    page.more(MoreEvent::LayersTyped("0".to_owned()));
    assert!(page.state.more.obstacle().unwrap().contains("“0” is not a number of layers"));
    page.more(MoreEvent::LayersTyped("4".to_owned()));
    assert_eq!(page.state.more.obstacle(), None);
    page.more(MoreEvent::LoadAsked);
    assert_eq!(page.state.picked().unwrap().name, "a/huge, first 4 layers");
    page.ready();
    assert!(matches!(page.last(), ToWorker::Load { n_layers: Some(4), .. }));
}

#[test]
fn refusals_stay_in_the_dialog_and_leave_the_result() {
    let mut page = Page::with_result();
    for (repo, expected) in [("gpt2", "“gpt2” is not a repository"), ("", "write owner/name")] {
        page.more(MoreEvent::RepoTyped(repo.to_owned()));
        page.more(MoreEvent::LookUpAsked);
        assert!(page.refusal().contains(expected), "{repo}: {}", page.refusal());
    }
    page.more(MoreEvent::BaseTyped("mirror".to_owned()));
    page.more(MoreEvent::RepoTyped("a/b".to_owned()));
    page.more(MoreEvent::LookUpAsked);
    assert!(page.refusal().contains("begins with https://"));
    page.more(MoreEvent::BaseTyped("http://localhost:9/hub/".to_owned()));
    let number = page.look_up("a/b");
    assert_eq!(page.looked_up().1, "http://localhost:9/hub");
    assert_eq!(page.count(&Effect::KeepHub("http://localhost:9/hub/".to_owned())), 1);
    page.more(MoreEvent::Listed { number, listing: Err("a/b is gated: accept".to_owned()) });
    assert_eq!(page.refusal(), "a/b is gated: accept.");
    assert_eq!((page.drawn_layer(), page.state.models.len()), (Some(0), 2));
}

#[test]
fn only_the_last_look_up_counts() {
    let mut page = Page::with_result();
    let first = page.look_up("a/first");
    let second = page.look_up("a/second");
    page.listed(first, small());
    assert_eq!(page.state.models.len(), 2);
    page.listed(second, small());
    assert_eq!(page.state.picked().unwrap().name, "a/second");
    page.listed(second, small());
    assert_eq!(page.state.models.len(), 3);
}

#[test]
fn files_from_disk_are_a_model_or_say_what_is_missing() {
    let mut page = Page::with_result();
    let files = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 5)).collect::<Vec<_>>();
    let picked = |pick, folder: Option<&str>, names: &[&str]| MoreEvent::Picked {
        pick,
        folder: folder.map(str::to_owned),
        files: files(names),
    };
    page.more(picked(1, Some("mine"), &["model.safetensors", "tokenizer.json"]));
    assert!(page.refusal().contains("config.json is missing"));
    assert!(page.state.more.is_open, "however it was picked, the answer is seen");
    page.more(picked(2, Some("mine"), &["config.json", "pytorch_model.bin"]));
    let Lookup::Refused(unusable) = &page.state.more.lookup else { panic!("not refused") };
    assert!(unusable.convert.as_ref().unwrap()[1].contains("pytorch_model.bin"));

    page.more(picked(3, Some("mine"), &["config.json", "model.safetensors", "tokenizer.json", "notes.md"]));
    assert_eq!(page.state.picked().unwrap().name, "mine (from disk)");
    let ModelSource::Disk { pick: 3, files: named, .. } = page.loads() else { panic!("not from disk") };
    assert_eq!(named, ["config.json", "tokenizer.json", "model.safetensors"]);
    // The same folder again is read again.
    page.more(picked(4, Some("mine"), &["config.json", "model.safetensors", "tokenizer.json"]));
    assert_eq!(page.state.models.len(), 3);
    assert!(matches!(page.loads(), ModelSource::Disk { pick: 4, .. }));
    page.more(picked(5, None, &["tiny.gguf"]));
    assert_eq!(page.state.picked().unwrap().name, "tiny.gguf (from disk)");
}

#[test]
fn what_will_be_missing_is_said_before_loading() {
    let mut page = Page::with_result();
    let files = vec![("config.json".to_owned(), 5), ("model.safetensors".to_owned(), 5), ("vocab.json".to_owned(), 5)];
    page.more(MoreEvent::Picked { pick: 1, folder: Some("mine".to_owned()), files });
    let Lookup::Found(found) = &page.state.more.lookup else { panic!("not found") };
    assert!(found.choice().notes[0].contains("merges.txt is missing beside vocab.json"));
    assert!(page.state.more.is_open);
    page.more(MoreEvent::LoadAsked);
    assert!(matches!(page.loads(), ModelSource::Disk { .. }));
}

#[test]
fn a_model_without_a_tokenizer_reads_ids_until_one_with_text_is_back() {
    let mut page = Page::with_result();
    page.event(Event::Work(WorkEvent::ModelPicked(1)));
    page.ready();
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: ModelInfo { has_tokenizer: false, ..model(6, 4) } });
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("not running") };
    assert_eq!(inputs[0].text, InputText::Ids((0..8).collect()));
    assert_eq!((page.state.entry.kind, page.state.entry.ids.as_str()), (EntryKind::Ids, "0, 1, 2, 3, 4, 5, 6, 7"));
    page.event(Event::Work(WorkEvent::ModelPicked(0)));
    page.ready();
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: model(6, 4) });
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("not running") };
    assert_eq!(inputs[0].text, InputText::Pair(FIRST_TEXT.to_owned(), FIRST_PAIR.to_owned()));
    assert_eq!(page.state.entry.kind, EntryKind::Text);
}

#[test]
fn a_link_to_a_model_of_the_hub_looks_it_up() {
    let mut page = Page::new();
    page.event(Event::Link(LinkEvent::Came("#v=1&model=a/b@v1&text=Hello&layer=3".to_owned())));
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    assert_eq!(page.looked_up().2, "a/b@v1");
    assert!(page.sent.is_empty(), "nothing else is loaded meanwhile");
    let (number, ..) = page.looked_up();
    page.listed(number, small());
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(matches!(page.loads(), ModelSource::Hub { .. }));
    let request = page.last_request();
    page.says(FromWorker::Loaded { request, model: ModelInfo { name: "a/b@v1".to_owned(), ..model(6, 4) } });
    let ToWorker::Run { inputs, .. } = page.last() else { panic!("not running") };
    assert_eq!(inputs[0].text, InputText::Single("Hello".to_owned()));
    page.finish_run();
    assert_eq!(page.state.selection.layer, 3);
    assert_eq!(page.state.link().unwrap().model.as_deref(), Some("a/b@v1"));
}

#[test]
fn a_link_to_one_of_several_checkpoints_names_it() {
    let mut page = Page::new();
    page.event(Event::Link(LinkEvent::Came("#v=1&model=a/quants:Q8_0&text=Hello".to_owned())));
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    let (number, _, repo) = page.looked_up();
    assert_eq!(repo, "a/quants");
    page.listed(number, listing(&[("m-Q4_K_M.gguf", 100), ("m-Q8_0.gguf", 200)]));
    assert_eq!(page.state.picked().unwrap().id, "a/quants:Q8_0");
}

#[test]
fn a_link_to_a_repository_of_gguf_files_ends_at_the_chosen_one() {
    let mut page = Page::new();
    page.event(Event::Link(LinkEvent::Came("#v=1&model=a/one&text=Hello".to_owned())));
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    let (number, ..) = page.looked_up();
    page.listed(number, listing(&[("m.Q8_0.gguf", 100)]));
    assert_eq!((page.state.picked().unwrap().id.as_str(), page.looked_up().0), ("a/one:Q8_0", number));
    page.event(Event::Work(WorkEvent::RunAsked));
    assert!(matches!(page.loads(), ModelSource::Hub { .. }));
}

#[test]
fn a_link_to_a_model_that_is_not_there_says_so() {
    let mut page = Page::new();
    page.event(Event::Link(LinkEvent::Came("#v=1&model=a/none&text=Hello".to_owned())));
    page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    let (number, ..) = page.looked_up();
    page.more(MoreEvent::Listed { number, listing: Err("a/none is not there".to_owned()) });
    assert!(page.state.more.is_open && page.refusal().contains("not there"));
    page.more(MoreEvent::Shown(false));
    page.event(Event::Work(WorkEvent::RunAsked));
    page.ready();
    assert!(
        matches!(page.last(), ToWorker::Load { source: ModelSource::Files { .. }, .. }),
        "with the first model then"
    );
}
