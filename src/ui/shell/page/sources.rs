//! Models from disk and from the Hub: picked files, and the look-up under way.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::Blob;

use super::Page;
use crate::platform::picked::Picked;
use crate::protocol::{ModelSource, ToWorker};
use crate::state::{Event, MoreEvent};
use crate::ui::models::hub_lookup::{Heard, HubLookup};

/// Handles that the state cannot hold, being a plain value.
#[derive(Default)]
pub struct ModelSources {
    /// Files by the number of their pick.
    picks: BTreeMap<u32, Vec<(String, Blob)>>,
    lookup: Option<(u32, HubLookup)>,
}

impl ModelSources {
    /// The files to post beside a message.
    pub fn files_of(&self, message: &ToWorker) -> Vec<Blob> {
        let ToWorker::Load { source: ModelSource::Disk { pick, files, .. }, .. } = message else { return Vec::new() };
        let picked = self.picks.get(pick).map_or(&[][..], Vec::as_slice);
        let find = |name: &String| picked.iter().find(|(known, _)| known == name).map(|(_, blob)| blob.clone());
        files.iter().filter_map(find).collect()
    }
}

impl Page {
    /// Takes files that were picked or dropped.
    pub fn take_files(self, picked: Picked) {
        let Picked { folder, files } = picked;
        if files.is_empty() && folder.is_none() {
            return;
        }
        let named = files.iter().map(|(name, blob)| (name.clone(), blob.size() as u64)).collect();
        let number = self.model_sources().try_update_value(|sources| {
            let number = sources.picks.keys().last().map_or(1, |last| last + 1);
            sources.picks.insert(number, files);
            number
        });
        if let Some(pick) = number {
            self.dispatch(Event::More(MoreEvent::Picked { pick, folder, files: named }));
        }
    }

    /// Asks the Hub what a repository holds; an earlier look-up ends.
    pub(super) fn look_up(self, number: u32, base: String, repo: String) {
        let hear = move |heard: Heard| {
            let ended = match heard {
                Heard::Ready => {
                    let asked = self.model_sources().with_value(|sources| {
                        let lookup = sources.lookup.as_ref().filter(|(asked, _)| *asked == number);
                        lookup.map(|(_, lookup)| lookup.ask(&base, &repo))
                    });
                    match asked {
                        Some(Err(reason)) => Err(reason),
                        _ => return,
                    }
                }
                Heard::Ended(ended) => ended,
            };
            // Ending the worker within its own message handler would free the handler that runs, so this waits a turn.
            spawn_local(async move {
                self.model_sources().update_value(|sources| {
                    sources.lookup.take_if(|(asked, _)| *asked == number);
                });
                self.dispatch(Event::More(MoreEvent::Listed { number, listing: ended }));
            });
        };
        match HubLookup::start(self, hear) {
            Ok(lookup) => self.model_sources().update_value(|sources| sources.lookup = Some((number, lookup))),
            Err(reason) => self.dispatch(Event::More(MoreEvent::Listed { number, listing: Err(reason) })),
        }
    }
}
