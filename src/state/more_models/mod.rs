//! Models other than those beside the page: of the Hugging Face Hub, and from disk.
//!
//! A look-up lists a repository, a pick lists files; from both follow the checkpoints that can be loaded. One that is small,
//! and the only one, is loaded at once; else it is asked which, and whether so much is to be downloaded. What is taken joins
//! the models on offer and is picked like any other.

mod link;

pub(super) use link::hub_model;

use super::catalogue::{ModelEntry, ModelFile, ModelLocation};
use super::{Effect, EntryKind, Plan, RunReason, State, wording};
use crate::protocol::{Input, InputText, ModelInfo};
use crate::sources::{
    ASK_BYTES, Base, Choice, HubFile, Listing, Repo, Unusable, catalogue::SUGGESTIONS, choices, too_large,
};

/// How other models are found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MoreModels {
    /// Whether the dialog is open.
    pub is_open: bool,
    /// Address of the Hub as typed; empty: the Hub itself.
    pub base: String,
    /// Name of a repository as typed.
    pub repo: String,
    /// Number of layers as typed; empty: all.
    pub layers: String,
    /// The result of the last look-up or pick.
    pub lookup: Lookup,
    n_lookups: u32,
    /// Whether ids stand in for a text because the model before had no tokenizer.
    stands_in: bool,
}

/// A search for checkpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Lookup {
    /// Nothing was looked for.
    #[default]
    None,
    /// The Hub is asked.
    Asking {
        /// The look-up's number.
        number: u32,
        /// The Hub or its mirror.
        base: Base,
        /// What is looked for.
        repo: Repo,
        /// Which of several checkpoints a link asks for.
        linked: Option<String>,
    },
    /// There is no worker.
    Refused(Unusable),
    /// There are some.
    Found(Found),
}

/// Checkpoints that can be loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What the repository or folder is called.
    pub title: String,
    /// Its licence, where one is given.
    pub licence: String,
    /// Where it is.
    pub location: ModelLocation,
    /// The checkpoints.
    pub choices: Vec<Choice>,
    /// The model that is picked, by its place in `models`.
    pub chosen: usize,
    files: Vec<HubFile>,
}

/// Somebody looks for a model of the Hub or from disk.
#[derive(Clone, Debug, PartialEq)]
pub enum MoreEvent {
    /// The dialog was opened or closed.
    Shown(bool),
    /// The address of the Hub was kept from an earlier visit.
    BaseKept(String),
    /// The address was edited.
    BaseTyped(String),
    /// The name of a repository was edited.
    RepoTyped(String),
    /// The number of layers was edited.
    LayersTyped(String),
    /// Look up what is typed.
    LookUpAsked,
    /// Look up one of the suggestions.
    Suggested(usize),
    /// A repository was listed, or a sentence why not.
    Listed {
        /// The look-up's number.
        number: u32,
        /// What it holds.
        listing: Result<Listing, String>,
    },
    /// Files were picked from disk; the page keeps them under this number.
    Picked {
        /// The number.
        pick: u32,
        /// Name of the folder, where it was one.
        folder: Option<String>,
        /// Their paths below it, and lengths in bytes.
        files: Vec<(String, u64)>,
    },
    /// Another of the checkpoints.
    Chosen(usize),
    /// Load the chosen one.
    LoadAsked,
    /// Look for something else.
    Dropped,
}

impl Found {
    /// The wanted checkpoint.
    pub fn choice(&self) -> &Choice {
        &self.choices[self.chosen.min(self.choices.len() - 1)]
    }

    /// Whether loading it downloads something.
    pub fn is_remote(&self) -> bool {
        matches!(self.location, ModelLocation::Hub { .. })
    }
}

impl MoreModels {
    /// Which checkpoint is wanted, of those found.
    pub fn chosen(&self) -> usize {
        if let Lookup::Found(found) = &self.lookup { found.chosen } else { 0 }
    }

    /// How many layers are wanted; all where nothing is typed.
    ///
    /// # Errors
    /// A sentence when the typed text is not a number.
    pub fn n_layers(&self) -> Result<Option<u32>, String> {
        let text = self.layers.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Some).ok_or_else(|| {
            format!("“{text}” is not a number of layers: type 1 or more, or leave the field empty for all.")
        })
    }

    /// Why the chosen checkpoint cannot be loaded; nothing where it can, as far as its length says.
    pub fn obstacle(&self) -> Option<String> {
        let Lookup::Found(found) = &self.lookup else { return None };
        match self.n_layers() {
            Err(message) => Some(message),
            Ok(Some(_)) => None,
            Ok(None) => too_large(found.choice().size).map(|message| wording::sentence(&message)),
        }
    }
}

impl State {
    pub(super) fn more_event(&mut self, event: MoreEvent, effects: &mut Vec<Effect>) {
        // Kept from an earlier visit, and wanted before a link is followed.
        if let MoreEvent::BaseKept(base) = event {
            self.more.base = base;
            return;
        }
        if let Some(later) = self.later() {
            (later.more_event)(self, event, effects);
        }
    }

    pub(in crate::state) fn late_more_event(&mut self, event: MoreEvent, effects: &mut Vec<Effect>) {
        match event {
            MoreEvent::Shown(is_open) => self.more.is_open = is_open,
            MoreEvent::BaseKept(base) | MoreEvent::BaseTyped(base) => self.more.base = base,
            MoreEvent::RepoTyped(repo) => self.more.repo = repo,
            MoreEvent::LayersTyped(layers) => self.more.layers = layers,
            MoreEvent::LookUpAsked => self.look_up(&self.more.repo.clone(), None, effects),
            MoreEvent::Suggested(index) => {
                if let Some(suggestion) = SUGGESTIONS.get(index) {
                    self.more.repo = suggestion.repo.to_owned();
                    self.look_up(suggestion.repo, None, effects);
                }
            }
            MoreEvent::Listed { number, listing } => self.listed(number, listing, effects),
            MoreEvent::Picked { pick, folder, files } => self.files_picked(pick, folder, files, effects),
            MoreEvent::Chosen(chosen) => {
                if let Lookup::Found(found) = &mut self.more.lookup {
                    found.chosen = chosen.min(found.choices.len() - 1);
                }
            }
            MoreEvent::LoadAsked => self.take_found(true, effects),
            MoreEvent::Dropped => self.more.lookup = Lookup::None,
        }
    }

    fn look_up(&mut self, repo: &str, linked: Option<String>, effects: &mut Vec<Effect>) {
        self.forget_refusal();
        let (repo, base) = match (Repo::parse(repo), Base::parse(&self.more.base)) {
            (Ok(repo), Ok(base)) => (repo, base),
            (Err(error), _) | (_, Err(error)) => return self.refuse(wording::sentence(&error.to_string())),
        };
        self.more.n_lookups += 1;
        let number = self.more.n_lookups;
        effects.push(Effect::KeepHub(self.more.base.trim().to_owned()));
        effects.push(Effect::LookUp { number, base: base.as_str().to_owned(), repo: repo.id() });
        self.more.lookup = Lookup::Asking { number, base, repo, linked };
    }

    /// Drops what is said at the picker of a model that was refused, once another one is looked for.
    fn forget_refusal(&mut self) {
        if self.work.refused.take().is_some() {
            self.notices.model = None;
        }
    }

    fn refuse(&mut self, message: String) {
        self.more.lookup = Lookup::Refused(Unusable { message, convert: None });
    }

    fn listed(&mut self, number: u32, listing: Result<Listing, String>, effects: &mut Vec<Effect>) {
        let Lookup::Asking { number: asked, base, repo, linked } = &self.more.lookup else { return };
        if *asked != number {
            return;
        }
        let (base, repo, linked) = (base.clone(), repo.clone(), linked.clone());
        let listing = match listing {
            Ok(listing) => listing,
            Err(message) => {
                self.more.is_open = true;
                // A link is followed with whatever model is picked next.
                if let Some(link) = &mut self.linking.pending {
                    link.model = None;
                }
                return self.refuse(wording::sentence(&message));
            }
        };
        let files = listing.files.iter().map(|file| (file.name.clone(), file.size)).collect();
        let location = ModelLocation::Hub { base, repo: repo.clone(), commit: listing.commit };
        self.found(repo.id(), listing.licence, location, (files, listing.files), linked, effects);
    }

    fn files_picked(
        &mut self,
        pick: u32,
        folder: Option<String>,
        files: Vec<(String, u64)>,
        effects: &mut Vec<Effect>,
    ) {
        self.forget_refusal();
        let weights =
            files.iter().map(|(name, _)| name).find(|name| name.ends_with(".gguf") || name.ends_with(".safetensors"));
        let title = folder.or_else(|| weights.cloned()).unwrap_or_else(|| "files".to_owned());
        let listed =
            files.iter().map(|(name, size)| HubFile { name: name.clone(), size: *size, sha256: None }).collect();
        self.found(title, String::new(), ModelLocation::Disk { pick }, (files, listed), None, effects);
    }

    fn found(
        &mut self,
        title: String,
        licence: String,
        location: ModelLocation,
        (named, files): (Vec<(String, u64)>, Vec<HubFile>),
        linked: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        let choices = match choices(&named) {
            Ok(choices) => choices,
            Err(unusable) => {
                self.more.is_open = true;
                self.more.lookup = Lookup::Refused(unusable);
                return;
            }
        };
        let by_link = linked.as_ref().and_then(|label| choices.iter().position(|choice| choice.label == *label));
        let found = Found { title, licence, location, chosen: by_link.unwrap_or(0), choices, files };
        let is_only = found.choices.len() == 1 || by_link.is_some();
        let is_small = !found.is_remote() || found.choice().size <= ASK_BYTES;
        let asks = !(is_only && is_small && found.choice().notes.is_empty());
        self.more.lookup = Lookup::Found(found);
        if asks || self.more.obstacle().is_some() {
            self.more.is_open = true;
        } else {
            self.take_found(false, effects);
        }
    }

    /// Adds the chosen checkpoint to the models on offer, and picks it; `is_asked`: somebody asked for it to be loaded.
    fn take_found(&mut self, is_asked: bool, effects: &mut Vec<Effect>) {
        if self.more.obstacle().is_some() {
            return;
        }
        let n_layers = self.more.n_layers().unwrap_or_default();
        let Lookup::Found(found) = std::mem::take(&mut self.more.lookup) else { return };
        let choice = found.choice().clone();
        let is_one_of_several = found.choices.len() > 1 || found.is_remote() && choice.label != "safetensors";
        let mut name = found.title.clone();
        if is_one_of_several {
            name += &format!(", {}", choice.label);
        }
        if let Some(n_layers) = n_layers {
            name += &format!(", first {n_layers} layers");
        }
        let id = match &found.location {
            ModelLocation::Hub { repo, .. } if is_one_of_several => format!("{}:{}", repo.id(), choice.label),
            ModelLocation::Hub { repo, .. } => repo.id(),
            _ => format!("disk:{}", found.title),
        };
        if !found.is_remote() {
            name += " (from disk)";
        }
        let file = |&index: &usize| {
            let HubFile { name, size, sha256 } = found.files[index].clone();
            ModelFile { name, size, sha256: sha256.unwrap_or_default() }
        };
        let files = choice.files.iter().map(file).collect();
        let entry = ModelEntry { id, name, licence: found.licence, files, location: found.location, n_layers };
        let index = match self.models.iter().position(|known| known.id == entry.id || known.name == entry.name) {
            Some(index) => {
                self.models[index] = entry;
                index
            }
            None => {
                self.models.push(entry);
                self.models.len() - 1
            }
        };
        self.more.is_open = false;
        if let Some(link) = &mut self.linking.pending {
            link.model = Some(self.models[index].id.clone());
            self.end_worker(effects);
            self.follow_link(is_asked, effects);
        } else {
            self.pick_anew(index, effects);
        }
    }

    /// A model without a tokenizer reads ids: the first of its vocabulary stand in for a text, until a model that reads
    /// text is loaded again.
    pub(super) fn suit_tokenizer(&mut self, model: &ModelInfo) {
        const N_IDS: usize = 8;
        let Some(Plan { input: planned, reason }) = &self.work.planned else { return };
        if *reason == RunReason::Restore {
            // What is on screen was read; what stood in for a text was another model's.
            let input = planned.clone();
            if std::mem::take(&mut self.more.stands_in) {
                self.fill_in(&input);
            }
            return;
        }
        let is_text = matches!(planned.text, InputText::Single(_) | InputText::Pair(..) | InputText::Chat(_));
        let text = if !model.has_tokenizer && is_text {
            self.more.stands_in = true;
            let n_ids = N_IDS.min(model.spec.d_vocab).min(model.spec.n_ctx);
            InputText::Ids((0..n_ids as u32).collect())
        } else if model.has_tokenizer && std::mem::take(&mut self.more.stands_in) && !is_text {
            self.entry.kind = EntryKind::Text;
            match self.input(false) {
                Ok(input) => input.text,
                Err(_) => return,
            }
        } else {
            return;
        };
        let input = Input { text, cut: false, bos: None, target: crate::protocol::TargetAsked::Generated };
        self.fill_in(&input);
        if let Some(plan) = &mut self.work.planned {
            plan.input = input;
        }
    }
}
