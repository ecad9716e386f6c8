//! What can be run, changed in the model, compared and measured.

use super::{About, Act, Command, Control};
use crate::gallery::{EXAMPLES, Example};
use crate::protocol::{OutcomeAsked, SweepAsked};
use crate::state::editing::EditEvent;
use crate::state::editing::offers::{Group, Item};
use crate::state::{
    EntryChange, EntryEvent, EntryKind, LayoutChange, Shown, State, Variant, ViewEvent, WorkEvent, wording,
};
use crate::trace::spec::Unembed;

fn action(name: impl Into<String>, act: Act) -> Command {
    Command::new(About::Action, name, act)
}

fn change(name: impl Into<String>, event: EditEvent) -> Command {
    action(name, Act::Edit(event))
}

impl State {
    /// Running, stopping, and the input.
    pub(super) fn run_commands(&self) -> Vec<Command> {
        if !self.home.is_page() {
            return Vec::new();
        }
        let mut commands = Vec::new();
        if self.can_stop() {
            let what = wording::work(self).unwrap_or_default();
            commands.push(action("Stop", Act::Work(WorkEvent::CancelAsked)).with_detail(what));
        }
        if !self.models.is_empty() {
            commands.push(action("Run the text", Act::Work(WorkEvent::RunAsked)).with_keys("Enter in the text"));
        }
        commands.push(action("Edit the text", Act::GoTo(Control::Text)).with_detail("input"));
        let kinds = EntryKind::EACH.into_iter().filter(|kind| *kind != self.entry.kind);
        commands.extend(kinds.map(|kind| {
            let event = EntryEvent::FieldChanged(EntryChange::Kind(kind));
            action(format!("Input: {}", kind.label().to_ascii_lowercase()), Act::Entry(event))
        }));
        commands.push(action("More models", Act::MoreModels).with_detail("Hugging Face Hub, files from disk"));
        commands
    }

    /// Edits, the results that are compared, sweeps and generation.
    pub(super) fn change_commands(&self) -> Vec<Command> {
        let editing = &self.editing;
        let mut commands = Vec::new();
        if editing.can_undo() {
            commands.push(
                change("Undo", EditEvent::Undone).with_keys("Ctrl+Z").with_detail("the last change to the edits"),
            );
        }
        if editing.can_redo() {
            let redo = change("Redo", EditEvent::Redone).with_keys("Ctrl+Shift+Z");
            commands.push(redo.with_detail("the last undone change"));
        }
        if !editing.list.is_empty() {
            commands.push(change("Remove all edits", EditEvent::Cleared).with_detail("clear"));
        }
        if editing.has_b() {
            let others = Variant::EACH.into_iter().filter(|side| *side != editing.variant);
            let show = |side| change(format!("Show: {}", editing.name_of(side)), EditEvent::VariantPicked(side));
            commands.extend(others.map(show));
            commands.push(change("Show the next result", EditEvent::VariantStepped).with_keys("B"));
        }
        if self.can_edit() {
            let title = self.edit_menu(&self.selected_target()).title;
            let menu = action("Edit what is selected", Act::Press(Control::EditSelected)).with_keys("E");
            commands.push(menu.with_detail(title));
            commands.extend(self.sweep_commands());
            commands.extend(self.offered_edits());
        }
        let writes_on =
            |shown: &Shown| shown.spec.is_causal() && shown.spec.unembed != Unembed::None && shown.target.is_none();
        if self.can_edit() && self.shown.as_ref().is_some_and(writes_on) {
            commands.push(change("Generate the next token", EditEvent::WriteAsked(1)));
        }
        commands
    }

    fn sweep_commands(&self) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.editing.outcome_a().is_some() {
            let sweep = |name: &str, asked| change(name, EditEvent::SweepAsked(asked)).with_detail("sweep");
            commands.push(sweep("Zero every head, one by one", SweepAsked::ZeroHeads));
            commands.push(sweep("Mean-ablate every head, one by one", SweepAsked::PositionMeanHeads));
            if matches!(self.editing.asked, OutcomeAsked::Tokens { .. }) {
                commands.push(sweep("Cut every key, one by one", SweepAsked::CutKeys));
            }
        }
        let is_shown = self.shows_sweep();
        if self.editing.sweep.is_some() || is_shown {
            let name = if is_shown { "Back to the view" } else { "Show the map of effects" };
            commands.push(change(name, EditEvent::SweepShown(!is_shown)));
        }
        commands
    }

    /// The edits that the menu offers for what is selected.
    fn offered_edits(&self) -> Vec<Command> {
        let groups = self.edit_menu(&self.selected_target()).groups;
        let offer = |thing: &str, item: Item| {
            Command::new(About::Edit, item.name, Act::Edit(EditEvent::Added(item.edits))).with_detail(thing)
        };
        let of_group = |group: Group| {
            let name = group.name;
            group.items.into_iter().map(move |item| offer(&name, item)).collect::<Vec<_>>()
        };
        groups.into_iter().flat_map(of_group).collect()
    }

    /// The examples of the gallery.
    pub(super) fn example_commands(&self) -> Vec<Command> {
        if !self.home.is_page() {
            return Vec::new();
        }
        let examples = EXAMPLES.iter().enumerate();
        let example = |(index, example): (usize, &Example)| {
            let head = wording::head_name(example.layer, example.head);
            Command::new(About::Example, example.title, Act::Entry(EntryEvent::ExamplePicked(index))).with_detail(head)
        };
        let mut commands: Vec<Command> = examples.map(example).collect();
        if self.entry.example.is_some() {
            let has_caption = self.layout.has_caption;
            let name = if has_caption { "Hide the example’s caption" } else { "Show the example’s caption" };
            commands.push(action(name, Act::View(ViewEvent::LayoutChanged(LayoutChange::Caption(!has_caption)))));
        }
        commands
    }

    /// The models on offer.
    pub(super) fn model_commands(&self) -> Vec<Command> {
        if !self.home.is_page() {
            return Vec::new();
        }
        let models = self.models.iter().enumerate();
        models
            .map(|(index, entry)| {
                let command = Command::new(About::Model, entry.name.clone(), Act::Work(WorkEvent::ModelPicked(index)));
                command.with_detail(wording::bytes(entry.size()))
            })
            .collect()
    }
}
