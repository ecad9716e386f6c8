//! Where the page stands: on its own, as one file, or in a frame of somebody else's page.

/// Whether this program runs models at all. The viewer of saved traces does not: code behind this constant is left out of it.
pub const RUNS_MODELS: bool = cfg!(feature = "models");

/// Where the page is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Home {
    /// On its own.
    #[default]
    Page,
    /// In one file, with its trace inside: nothing is fetched and no model runs.
    File,
    /// In a frame of somebody else's page: one view, and a model is loaded only when somebody runs it.
    Embed,
}

impl Home {
    /// Whether the address follows what is chosen. A frame shares the history of its host, which is not ours to fill.
    pub fn writes_links(self) -> bool {
        self != Home::Embed
    }

    /// Whether there are models to run.
    pub fn has_models(self) -> bool {
        RUNS_MODELS && self != Home::File
    }

    /// Whether everything is there: inputs, editing, what others could follow. A link runs its text by itself only there.
    pub fn is_page(self) -> bool {
        RUNS_MODELS && self == Home::Page
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CATALOGUE, Page, opened};
    use super::super::{
        Effect, EntryEvent, Event, LinkEvent, OpenedTrace, Selection, SelectionEvent, StartEvent, TraceEvent,
        TracePlace, View, WorkEvent,
    };
    use super::Home;

    fn page(home: Home, link: &str) -> Page {
        let mut page = Page::at(home);
        page.event(Event::Link(LinkEvent::Came(link.to_owned())));
        page.event(Event::Start(StartEvent::Opened));
        page
    }

    #[test]
    fn a_file_shows_its_trace_where_its_link_says_and_asks_for_nothing_else() {
        let mut page = page(Home::File, "v=1&view=neuron&layer=4&heads=1&query=3");
        page.event(Event::Start(StartEvent::FirstCame(Ok(opened()))));
        let Selection { view, layer, heads, queries, .. } = page.state.selection.clone();
        assert_eq!((view, layer, heads, queries), (View::Neuron, 4, [1].into(), [3].into()));
        assert_eq!((page.count(&Effect::FetchCatalogue), page.count(&Effect::StartWorker)), (0, 0));
        let link = page.state.link().expect("a link of what is looked at");
        assert_eq!((link.text, link.model, link.layer), (None, None, Some(4)), "the text is in the file");
    }

    #[test]
    fn a_file_that_cannot_be_read_says_so() {
        let mut page = page(Home::File, "");
        page.event(Event::Start(StartEvent::FirstCame(Err("This page holds no trace.".to_owned()))));
        assert_eq!(page.state.notices.status.as_deref(), Some("This page holds no trace."));
    }

    #[test]
    fn an_embed_loads_its_model_with_the_first_run_only() {
        let mut page = page(Home::Embed, "v=1&model=large&text=Mary&layer=3&heads=1&theme=dark");
        assert_eq!(page.count(&Effect::FetchFirst), 0);
        page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
        assert_eq!((page.state.picked_model, page.state.entry.text.as_str()), (1, "Mary"));
        assert!(page.count(&Effect::StartWorker) == 0 && !page.state.is_busy());
        page.event(Event::Entry(EntryEvent::TextEdited("Joan".to_owned())));
        page.event(Event::Work(WorkEvent::RunAsked));
        assert_eq!(page.count(&Effect::StartWorker), 1);
        page.load_and_run(6, 4);
        let Selection { layer, heads, .. } = page.state.selection.clone();
        assert_eq!((layer, heads), (3, [1].into()), "what is chosen holds for whatever is typed instead");
    }

    #[test]
    fn an_embed_shows_the_trace_that_its_link_names_and_leaves_the_address_alone() {
        let mut page = page(Home::Embed, "v=1&model=large&trace=a.safetensors&layer=4&heads=2");
        let place = TracePlace::Url("a.safetensors".to_owned());
        let fetched = Effect::FetchTrace { number: 1, url: "a.safetensors".to_owned() };
        assert_eq!((page.count(&fetched), page.count(&Effect::FetchFirst)), (1, 0));
        let opened = Ok(OpenedTrace { place: Some(place), ..opened() });
        page.event(Event::Trace(TraceEvent::Came { number: 1, opened }));
        page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
        page.event(Event::Select(SelectionEvent::LayerStepped(-1)));
        assert_eq!((page.state.selection.layer, page.state.selection.heads.clone()), (3, [2].into()));
        assert_eq!((page.state.picked_model, page.state.entry.text.as_str()), (1, "a"), "what Run would run");
        assert!(!page.done.iter().any(|effect| matches!(effect, Effect::ReplaceLink(_) | Effect::PushLink(_))));
        assert_eq!(page.count(&Effect::StartWorker), 0);
    }
}
