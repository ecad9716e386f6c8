//! The list of edits, with undo and redo. Every change is one step, whatever it holds.

use super::{EditEvent, Editing};
use crate::edit::Edit;

/// How often the list can be taken back.
const MAX_UNDO: usize = 100;

/// An edit of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedEdit {
    /// Its name within the page's life: the same after undo and redo.
    pub id: u32,
    /// What it does; its `on` is the switch.
    pub edit: Edit,
}

impl Editing {
    /// Whether any edit is switched on.
    pub fn has_active(&self) -> bool {
        self.list.iter().any(|listed| listed.edit.on)
    }

    /// Whether the list can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether a change that was taken back can be made again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The list as JSON (FORMATS).
    pub fn json(&self) -> String {
        let edits: Vec<&Edit> = self.list.iter().map(|listed| &listed.edit).collect();
        serde_json::to_string(&edits).unwrap_or_else(|_| "[]".to_owned())
    }

    /// Puts another list in place of this one, as a link does; undo brings this one back.
    pub(in crate::state) fn replace(&mut self, edits: Vec<Edit>) {
        if edits.iter().eq(self.list.iter().map(|listed| &listed.edit)) {
            return;
        }
        let list = self.named(edits);
        self.undo.push(std::mem::replace(&mut self.list, list));
        self.redo.clear();
    }

    fn named(&mut self, edits: Vec<Edit>) -> Vec<ListedEdit> {
        let first = self.next_id;
        self.next_id += edits.len() as u32;
        (first..).zip(edits).map(|(id, edit)| ListedEdit { id, edit }).collect()
    }

    /// Changes the list; whether it changed.
    pub(super) fn change(&mut self, event: EditEvent) -> bool {
        let before = self.list.clone();
        match event {
            EditEvent::Added(edits) => {
                let added = self.named(edits);
                self.list.extend(added);
            }
            EditEvent::Replaced(edits) if edits.iter().ne(self.list.iter().map(|listed| &listed.edit)) => {
                self.list = self.named(edits);
            }
            EditEvent::Removed(id) => self.list.retain(|listed| listed.id != id),
            EditEvent::Toggled(id) => {
                let listed = self.list.iter_mut().filter(|listed| listed.id == id);
                listed.for_each(|listed| listed.edit.on = !listed.edit.on);
            }
            EditEvent::Cleared => self.list.clear(),
            EditEvent::Undone | EditEvent::Redone => {
                let (from, to) = match event {
                    EditEvent::Undone => (&mut self.undo, &mut self.redo),
                    _ => (&mut self.redo, &mut self.undo),
                };
                let Some(list) = from.pop() else { return false };
                to.push(std::mem::replace(&mut self.list, list));
                return true;
            }
            _ => return false,
        }
        if self.list == before {
            return false;
        }
        self.redo.clear();
        self.undo.push(before);
        if self.undo.len() > MAX_UNDO {
            self.undo.remove(0);
        }
        true
    }
}
