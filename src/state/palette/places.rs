//! What can be gone to: views and panels, layers and heads, tokens.

use super::{About, Act, Command};
use crate::state::{Column, InspectorTab, LayoutChange, SelectionEvent, State, TokenRef, View, ViewEvent, wording};
use crate::trace::Side;
use crate::trace::display::{SPACE_MARK, TokenLabel};

fn layout(name: impl Into<String>, change: LayoutChange) -> Command {
    Command::new(About::View, name, Act::View(ViewEvent::LayoutChanged(change)))
}

impl State {
    /// Views, what stands beside each other, and the inspector's tabs.
    pub(super) fn view_commands(&self) -> Vec<Command> {
        let view = |view: View| Command::new(About::View, view.label(), Act::Select(SelectionEvent::ViewPicked(view)));
        let mut commands: Vec<Command> = View::EACH.iter().copied().map(view).collect();
        let change = |name: &str, act: Act| Command::new(About::View, name, act);
        if self.selection.view == View::Model && self.pane().is_none() {
            let has_head = self.layout.has_head_beside;
            let name = if has_head { "Only the map of heads" } else { "The chosen head beside the map" };
            commands.push(layout(name, LayoutChange::HeadBeside(!has_head)));
        }
        let is_beside = self.pane().is_some();
        let name = if is_beside { "One view alone" } else { "Views side by side" };
        commands.push(change(name, Act::View(ViewEvent::SideBySide(!is_beside))));
        commands.extend(View::EACH.iter().map(|&view| {
            let act = Act::Pane(view);
            change(&format!("Beside it: {}", view.label().to_ascii_lowercase()), act).with_detail("second view")
        }));
        let has = |tab: &InspectorTab| match tab {
            InspectorTab::Selected | InspectorTab::Matters => true,
            InspectorTab::Predicts | InspectorTab::Change => self.is_with_models(),
        };
        let tabs = InspectorTab::EACH.into_iter().filter(has);
        commands.extend(tabs.map(|tab| layout(format!("Inspector: {}", tab.label()), LayoutChange::Tab(tab))));
        for (column, name) in [(Column::Rail, "overview"), (Column::Inspector, "inspector")] {
            let is_open = self.layout.has(column);
            let verb = if is_open { "Hide" } else { "Show" };
            commands.push(layout(format!("{verb} the {name}"), LayoutChange::Unfolded(column, !is_open)));
        }
        commands
    }

    /// Every layer, and every head by its name in papers.
    pub(super) fn head_commands(&self) -> Vec<Command> {
        let Some(shape) = self.shown.as_ref().map(|shown| shown.shape()) else { return Vec::new() };
        let layer = |layer: usize| {
            let act = Act::Select(SelectionEvent::LayerPicked(layer));
            Command::new(About::Layer, format!("Layer {layer}"), act).with_detail(format!("L{layer}"))
        };
        // The view stays, but a map of effects hides the views.
        let is_hidden = self.shows_sweep();
        let head = |layer: usize, head: usize| {
            let event = match is_hidden {
                true => SelectionEvent::HeadOpened { layer, head },
                false => SelectionEvent::HeadPicked { layer, head },
            };
            Command::new(About::Head, wording::head_name(layer, head), Act::Select(event))
        };
        let layers = (0..shape.n_layers).map(layer);
        let heads = (0..shape.n_layers).flat_map(|layer| (0..shape.n_heads).map(move |head| (layer, head)));
        layers.chain(heads.map(|(layer, at)| head(layer, at))).collect()
    }

    /// Every token: of the queries, and of the keys where these are others.
    pub(super) fn token_commands(&self) -> Vec<Command> {
        let Some(shown) = &self.shown else { return Vec::new() };
        let sides = if shown.has_same_tokens() { &[Side::Query][..] } else { &[Side::Query, Side::Key] };
        let of_side = |&side: &Side| {
            let kind = match (shown.has_same_tokens(), side) {
                (true, _) => "token",
                (false, Side::Query) => "query",
                (false, Side::Key) => "key",
            };
            let token = move |(position, label): (usize, &TokenLabel)| {
                let name = label.plain.trim_start_matches(SPACE_MARK);
                // A token of spaces alone is named by its marks.
                let name = if name.is_empty() { label.plain.as_str() } else { name };
                let act = Act::GoToToken(TokenRef { side, position });
                Command::new(About::Token, name, act).with_detail(format!("{kind} {position}"))
            };
            shown.labels(side).iter().enumerate().map(token).collect::<Vec<_>>()
        };
        sides.iter().flat_map(of_side).collect()
    }
}
