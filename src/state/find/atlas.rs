//! Atlases that are open on the workbench: up to two, what is shown of them, and the chosen head.

use std::sync::Arc;

use super::FindEvent;
use super::making::MakeAsked;
use crate::analysis::atlas::{AtlasFile, score_id, scores};
use crate::protocol::{Input, InputText, TargetAsked};
use crate::state::wording::{count, sentence};
use crate::state::{Effect, State, View};

/// Most atlases beside each other.
const MAX_OPEN: usize = 2;
/// Most groups of heads, each with a colour of its own.
pub const MAX_GROUPS: usize = 8;

/// A way to look at an atlas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtlasView {
    /// Heads by two measures.
    #[default]
    Scatter,
    /// Heads on layers and heads.
    Map,
    /// Heads by the principal components of all measures.
    Likeness,
}

/// An opened atlas.
#[derive(Clone, Debug)]
pub struct OpenAtlas {
    /// The name of its file.
    pub name: String,
    /// The file.
    pub file: AtlasFile,
}

impl PartialEq for OpenAtlas {
    /// An opened file does not change.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// What is open, and how it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasBench {
    /// The atlases, side by side.
    pub open: Vec<Arc<OpenAtlas>>,
    /// Why the last file could not be opened, or an example not shown.
    pub problem: Option<String>,
    /// The way to look at them.
    pub view: AtlasView,
    /// The ids of the scores along both axes; the first one is the map's and that of the examples.
    pub axes: [String; 2],
    /// Groups of heads by likeness.
    pub n_groups: usize,
    /// The chosen head: its layer, and its place in it.
    pub head: Option<(usize, usize)>,
}

impl Default for AtlasBench {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            problem: None,
            view: AtlasView::default(),
            axes: ["entropy", "distance"].map(str::to_owned),
            n_groups: 4,
            head: None,
        }
    }
}

/// Something happens to the atlases.
#[derive(Debug, PartialEq)]
pub enum AtlasEvent {
    /// A file was chosen or dropped: its name and what it is, or what is wrong with it. The flag: it goes beside the first one.
    Came(String, Result<Box<AtlasFile>, String>, bool),
    /// An atlas is closed, by its place.
    Closed(usize),
    /// Another way to look at them.
    ViewPicked(AtlasView),
    /// The score of an axis.
    AxisPicked(usize, String),
    /// How many groups.
    GroupsPicked(usize),
    /// A head is chosen: its layer, and its place in it.
    HeadPicked(usize, usize),
    /// An example is opened in the other views: the atlas, the score and the example.
    ExampleOpened(usize, usize, usize),
    /// An atlas is to be made here.
    MakeAsked(MakeAsked),
}

impl AtlasBench {
    /// The ids of the scores of all open atlases, each once.
    pub fn score_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for id in self.open.iter().flat_map(|atlas| &atlas.file.metadata.scores) {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        ids
    }

    fn came(&mut self, name: String, read: Result<Box<AtlasFile>, String>, is_beside: bool) {
        let file = match read {
            Ok(file) => *file,
            Err(problem) => {
                self.problem = Some(sentence(&problem));
                return;
            }
        };
        if !is_beside {
            self.open.clear();
        }
        self.put(Arc::new(OpenAtlas { name, file }), None);
    }

    /// Shows an atlas in a place, else beside the first one.
    pub(super) fn put(&mut self, atlas: Arc<OpenAtlas>, place: Option<usize>) {
        match place.and_then(|place| self.open.get_mut(place)) {
            Some(open) => *open = atlas,
            None => {
                self.open.truncate(MAX_OPEN - 1);
                self.open.push(atlas);
            }
        }
        self.problem = None;
        self.settle();
    }

    /// Axes that no open file has become the first ones that there are; a head that no open file has is not chosen any more.
    fn settle(&mut self) {
        let ids = self.score_ids();
        for (index, axis) in self.axes.iter_mut().enumerate() {
            if !ids.is_empty() && !ids.contains(axis) {
                axis.clone_from(&ids[index.min(ids.len() - 1)]);
            }
        }
        let has = |(layer, head): &(usize, usize)| {
            self.open.iter().any(|atlas| *layer < atlas.file.n_layers && *head < atlas.file.n_heads)
        };
        self.head = self.head.filter(has);
    }
}

impl OpenAtlas {
    /// Of what it is, a sentence each: model, corpus, edits, intervals.
    pub fn statement(&self) -> Vec<String> {
        let about = &self.file.metadata;
        let format = if about.quantisation.is_empty() { String::new() } else { format!(" ({})", about.quantisation) };
        let edits = match about.edits.len() {
            0 => "without edits".to_owned(),
            n => format!("under {}", count(n, "edit")),
        };
        let shape = format!("{} × {} heads", self.file.n_layers, self.file.n_heads);
        vec![
            format!("Model: {}{format}, {shape}, {edits}.", about.model),
            format!("Corpus: {}, {}, cut at {} tokens.", about.corpus, count(about.n_texts, "text"), about.n_tokens),
            "Means over texts; intervals: 95 %, a Poisson bootstrap of whole clusters.".to_owned(),
        ]
    }

    /// The place of a head among all, where this model has it.
    pub fn place(&self, head: Option<(usize, usize)>) -> Option<usize> {
        let (layer, head) = head.filter(|(layer, head)| *layer < self.file.n_layers && *head < self.file.n_heads)?;
        Some(layer * self.file.n_heads + head)
    }
}

/// What a score of an atlas is called.
pub fn score_name(id: &str) -> String {
    let known = scores().into_iter().find(|score| score_id(*score) == id);
    match known {
        Some((score, leave_out)) if leave_out.first => {
            format!("{} (without special tokens and the first)", score.name())
        }
        Some((score, _)) => score.name().to_owned(),
        None => id.to_owned(),
    }
}

impl State {
    pub(super) fn atlas_event(&mut self, event: AtlasEvent, effects: &mut Vec<Effect>) {
        let bench = &mut self.find.atlas;
        match event {
            AtlasEvent::Came(name, read, is_beside) => {
                bench.came(name, read, is_beside);
                // A dropped file was thought to be a trace until now.
                self.traces.opening = None;
                self.selection.view = View::Find;
            }
            AtlasEvent::Closed(place) => {
                if place < bench.open.len() {
                    bench.open.remove(place);
                }
                bench.problem = None;
                bench.settle();
            }
            AtlasEvent::ViewPicked(view) => bench.view = view,
            AtlasEvent::AxisPicked(axis, id) => {
                if let Some(axis) = bench.axes.get_mut(axis) {
                    *axis = id;
                }
            }
            AtlasEvent::GroupsPicked(n_groups) => bench.n_groups = n_groups.clamp(1, MAX_GROUPS),
            AtlasEvent::HeadPicked(layer, head) => bench.head = Some((layer, head)),
            AtlasEvent::MakeAsked(asked) => self.make_asked(&asked, effects),
            AtlasEvent::ExampleOpened(atlas, score, example) => {
                if let Err(problem) = self.open_example(atlas, score, example, effects) {
                    self.find.atlas.problem = Some(problem);
                }
            }
        }
    }

    /// Runs an example in the other views, with the chosen head and its strongest link selected.
    fn open_example(
        &mut self,
        atlas: usize,
        score: usize,
        example: usize,
        effects: &mut Vec<Effect>,
    ) -> Result<(), String> {
        let Some(atlas) = self.find.atlas.open.get(atlas).cloned() else { return Ok(()) };
        let Some(head) = atlas.place(self.find.atlas.head) else { return Ok(()) };
        let examples = atlas.file.examples(head, score).map_err(|error| sentence(&error.to_string()))?;
        let Some(example) = examples.into_iter().nth(example) else { return Ok(()) };
        let (name, n_layers, n_heads) = (&atlas.file.metadata.model, atlas.file.n_layers, atlas.file.n_heads);
        let Some(model) = &self.work.model else {
            return Err(format!("The other views need the model: load {name}, then open the example again."));
        };
        let has_ids = example.ids.iter().all(|id| (*id as usize) < model.spec.d_vocab);
        if (model.spec.n_layers, model.spec.n_heads) != (n_layers, n_heads) || !has_ids {
            return Err(format!(
                "This atlas is about {name} ({n_layers} × {n_heads} heads), the loaded model is {} ({} × {}): load the atlas’s model, \
                 then open the example again.",
                model.name, model.spec.n_layers, model.spec.n_heads
            ));
        }
        self.find.atlas.problem = None;
        let (query, key) = (example.link.0 as usize, example.link.1 as usize);
        let text = InputText::Ids(example.ids);
        self.fill_in(&Input { text, cut: false, bos: None, target: TargetAsked::Generated });
        self.leave_example();
        let selection = &mut self.selection;
        (selection.layer, selection.heads) = (head / n_heads, [head % n_heads].into());
        (selection.queries, selection.keys) = ([query].into(), [key].into());
        selection.view = View::Head;
        self.run(false, effects);
        Ok(())
    }
}

impl From<AtlasEvent> for FindEvent {
    fn from(event: AtlasEvent) -> Self {
        FindEvent::Atlas(event)
    }
}
