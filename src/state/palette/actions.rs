//! What can be done in the views, with its keys, and what is saved, shared and set.

use super::{About, Act, Command, Control};
use crate::state::{
    Arrangement, DisplayChange, Drawing, Home, RUNS_MODELS, SegmentFilter, SelectionEvent, State, Theme, ViewEvent,
};
use crate::trace::{AttnKind, Side};

fn action(name: impl Into<String>, act: Act) -> Command {
    Command::new(About::Action, name, act)
}

fn select(name: &str, keys: &'static str, event: SelectionEvent) -> Command {
    action(name, Act::Select(event)).with_keys(keys)
}

fn display(name: impl Into<String>, change: DisplayChange) -> Command {
    action(name, Act::View(ViewEvent::DisplayChanged(change)))
}

impl State {
    /// Actions in the views, and those of the whole page.
    pub(super) fn actions(&self) -> Vec<Command> {
        let mut actions = Vec::new();
        if RUNS_MODELS {
            actions.extend(self.run_commands());
        }
        if self.shown.is_some() {
            actions.extend([
                select("Next layer", "L", SelectionEvent::LayerStepped(1)),
                select("Previous layer", "Shift+L", SelectionEvent::LayerStepped(-1)),
                select("Next head", "H", SelectionEvent::HeadStepped(1)),
                select("Previous head", "Shift+H", SelectionEvent::HeadStepped(-1)),
                select("All heads of the layer", "A", SelectionEvent::AllHeads),
                select("Unpin all tokens", "Esc", SelectionEvent::TokensCleared),
                action("Go to a token", Act::Type("token ")).with_detail("by its text or position"),
            ]);
            actions.extend(self.display_actions());
        }
        actions.push(action("Keys and marks", Act::Help).with_keys("?").with_detail("help"));
        if self.shown.is_some() && self.home.is_page() {
            actions.push(action("Tour", Act::Tour).with_detail("five steps through the page"));
        }
        actions.push(action("Open a trace", Act::Press(Control::OpenTrace)).with_detail("from a file or a URL"));
        if self.shown.is_some() {
            actions.extend([
                action("Save trace", Act::Press(Control::SaveTrace)).with_detail("safetensors, or one HTML file"),
                action("Export figure", Act::Press(Control::ExportFigure)).with_detail("SVG, PNG, CSV, print"),
            ]);
        }
        if self.shown.is_some() && self.home.is_page() {
            actions.extend([
                action("Copy link", Act::Press(Control::CopyLink)).with_detail("share this view"),
                action("Embed", Act::Press(Control::Embed)).with_detail("this view in another page"),
            ]);
        }
        let themes = [(Theme::Light, "light"), (Theme::Dark, "dark"), (Theme::System, "as the system is set")];
        let others = themes.into_iter().filter(|(theme, _)| *theme != self.options.theme);
        actions.extend(
            others.map(|(theme, name)| action(format!("Theme: {name}"), Act::View(ViewEvent::ThemePicked(theme)))),
        );
        actions
    }

    /// How weights are drawn, and which of them.
    fn display_actions(&self) -> Vec<Command> {
        let now = &self.options.display;
        let drawing = match now.drawing {
            Drawing::Lines => "Draw as a matrix",
            Drawing::Matrix => "Draw as lines",
        };
        let choice = |is_on: bool, on: &'static str, off: &'static str| if is_on { off } else { on };
        let mut actions = vec![
            display(drawing, DisplayChange::Drawing(now.drawing.other())).with_keys("M").with_detail("lines or matrix"),
            display(choice(now.is_log, "Logarithmic scale", "Linear scale"), DisplayChange::Log(!now.is_log)),
            display(
                choice(now.is_per_row, "Scale ends at the row’s largest weight", "Scale ends at 1"),
                DisplayChange::PerRow(!now.is_per_row),
            ),
            display(
                choice(now.leaves_out_special, "Leave out special tokens", "Show special tokens"),
                DisplayChange::LeaveOutSpecial(!now.leaves_out_special),
            ),
            display(
                choice(now.leaves_out_first, "Leave out the first position", "Show the first position"),
                DisplayChange::LeaveOutFirst(!now.leaves_out_first),
            ),
            display(
                choice(now.joins_words, "Join the pieces of a word", "Show the pieces of a word"),
                DisplayChange::JoinWords(!now.joins_words),
            ),
        ];
        if self.selection.heads.len() > 1 {
            let (name, other) = match now.arrangement {
                Arrangement::Mean => ("Draw the heads separately", Arrangement::SideBySide),
                Arrangement::SideBySide => ("Draw the mean of the heads", Arrangement::Mean),
            };
            actions.push(display(name, DisplayChange::Arrangement(other)));
        }
        let Some(shown) = &self.shown else { return actions };
        if shown.has_same_tokens() && shown.tokens(Side::Query).segments.len() == 2 {
            let others = SegmentFilter::EACH.into_iter().filter(|segment| *segment != self.options.segment);
            let attention = |segment: SegmentFilter| {
                let name = match segment {
                    SegmentFilter::All => "Attention within and between both texts".to_owned(),
                    part => format!("Attention {}", part.label()),
                };
                action(name, Act::View(ViewEvent::SegmentPicked(segment)))
            };
            actions.extend(others.map(attention));
        }
        if shown.target.is_some() {
            let others = AttnKind::THREE.into_iter().filter(|kind| shown.holds(*kind) && *kind != shown.kind);
            let stack = |kind: AttnKind| {
                action(format!("{} attention", kind.label()), Act::Select(SelectionEvent::KindPicked(kind)))
            };
            actions.extend(others.map(stack));
        }
        actions
    }

    /// Whether there is an inspector's tab and the like about models here.
    pub(super) fn is_with_models(&self) -> bool {
        RUNS_MODELS && self.home != Home::File
    }
}
