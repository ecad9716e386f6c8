//! The list of edits, with undo and redo. Every change is one step, whatever it holds.

use super::{EditEvent, Editing};
use crate::edit::{self, Edit};

/// Most changes of the list that can be undone.
const MAX_UNDO: usize = 100;

/// An edit of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedEdit {
    /// The edit's number, which undo and redo keep.
    pub id: u32,
    /// The edit; its field `on` is the switch.
    pub edit: Edit,
}

impl Editing {
    /// Whether any edit is switched on.
    pub fn has_active(&self) -> bool {
        self.list.iter().any(|listed| listed.edit.on)
    }

    /// The edits that act in the edited result: those that are switched on and fit the model and the text.
    pub(in crate::state) fn acting(&self) -> impl Iterator<Item = &ListedEdit> {
        self.list.iter().filter(|listed| listed.edit.on && self.reason(listed.id).is_none())
    }

    /// The edits that are switched on, whatever the text on screen.
    pub(in crate::state) fn switched_on(&self) -> Vec<Edit> {
        self.list.iter().map(|listed| &listed.edit).filter(|edit| edit.on).cloned().collect()
    }

    /// Whether a change of the list can be undone.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether an undone change can be made again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The list as JSON, as files and links hold it.
    pub fn json(&self) -> String {
        edit::list_to_json(self.list.iter().map(|listed| &listed.edit))
    }

    /// The list without the names of its edits.
    pub(in crate::state) fn edits(&self) -> Vec<Edit> {
        self.list.iter().map(|listed| listed.edit.clone()).collect()
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

    /// Changes the list; returns whether it changed.
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
