//! The command palette: everything that can be done or gone to, by name, and which of it fits what was typed.
//!
//! A command is a value; `ui::palette` shows the commands and carries them out.

mod actions;
mod changes;
mod places;
mod ranking;

#[cfg(test)]
mod tests;

use super::editing::EditEvent;
use super::{
    EntryEvent, Event, MoreEvent, PaneEvent, RUNS_MODELS, SelectionEvent, State, TokenRef, View, ViewEvent, WorkEvent,
};
use ranking::{Rank, rank};

/// How many commands are listed at most.
pub const N_LISTED: usize = 60;

/// What a command is about, which stands beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Something is done.
    Action,
    /// The model is changed.
    Edit,
    /// Another view or panel.
    View,
    /// A layer.
    Layer,
    /// A head.
    Head,
    /// A token of the text.
    Token,
    /// An example of the gallery.
    Example,
    /// A model on offer.
    Model,
}

impl About {
    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            About::Action => "action",
            About::Edit => "edit",
            About::View => "view",
            About::Layer => "layer",
            About::Head => "head",
            About::Token => "token",
            About::Example => "example",
            About::Model => "model",
        }
    }

    /// Whether such commands are listed before anything is typed: there may be thousands of heads and tokens.
    fn is_listed_untyped(self) -> bool {
        !matches!(self, About::Layer | About::Head | About::Token | About::Edit)
    }
}

/// A control of the page that is pressed or gone to by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// "Open trace".
    OpenTrace,
    /// "Save trace".
    SaveTrace,
    /// "Export figure".
    ExportFigure,
    /// "Copy link".
    CopyLink,
    /// "Embed".
    Embed,
    /// The menu of edits for what is selected.
    EditSelected,
    /// The text to run.
    Text,
}

impl Control {
    /// The id of its element.
    pub fn id(self) -> &'static str {
        match self {
            Control::OpenTrace => "open-trace",
            Control::SaveTrace => "save-dialog-button",
            Control::ExportFigure => "export-dialog-button",
            Control::CopyLink => "copy-link",
            Control::Embed => "embed-dialog-button",
            Control::EditSelected => "edit-selected",
            Control::Text => "text",
        }
    }
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Look at something else.
    Select(SelectionEvent),
    /// Show it in another way.
    View(ViewEvent),
    /// Change the input.
    Entry(EntryEvent),
    /// Run or stop something.
    Work(WorkEvent),
    /// Change the model, or compare.
    Edit(EditEvent),
    /// Mark this token alone and bring it into view.
    GoToToken(TokenRef),
    /// Go on with this typed in the palette's field.
    Type(&'static str),
    /// Press a control, which must be there and enabled.
    Press(Control),
    /// Give a control the focus.
    GoTo(Control),
    /// Show this view beside the first one.
    Pane(View),
    /// Show the keys and marks.
    Help,
    /// Begin the tour.
    Tour,
    /// Show more models.
    MoreModels,
}

impl Act {
    /// The event that the act is, where it is one.
    pub fn event(self) -> Option<Event> {
        Some(match self {
            Act::Select(event) => Event::Select(event),
            Act::View(event) => Event::View(event),
            Act::Pane(view) => Event::Pane(PaneEvent::ViewPicked(view)),
            Act::GoToToken(token) => Event::Select(SelectionEvent::TokenPicked(token)),
            Act::MoreModels if RUNS_MODELS => Event::More(MoreEvent::Shown(true)),
            Act::Entry(event) if RUNS_MODELS => Event::Entry(event),
            Act::Work(event) if RUNS_MODELS => Event::Work(event),
            Act::Edit(event) if RUNS_MODELS => Event::Editing(event),
            _ => return None,
        })
    }
}

/// Something that can be done or gone to.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What it is about.
    pub about: About,
    /// Its name.
    pub name: String,
    /// Other words that find it, which stand beside the name.
    pub detail: String,
    /// The keys that do the same; empty for none.
    pub keys: &'static str,
    /// What it does.
    pub act: Act,
}

impl Command {
    fn new(about: About, name: impl Into<String>, act: Act) -> Self {
        Self { about, name: name.into(), detail: String::new(), keys: "", act }
    }

    fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn with_keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }
}

impl State {
    /// Everything that can be done or gone to now.
    pub fn commands(&self) -> Vec<Command> {
        let mut commands = self.actions();
        commands.extend(self.view_commands());
        if RUNS_MODELS {
            commands.extend(self.change_commands());
            commands.extend(self.example_commands());
            commands.extend(self.model_commands());
        }
        commands.extend(self.head_commands());
        commands.extend(self.token_commands());
        commands
    }
}

/// The names that fit what was typed, by their places, the best first; all where nothing is typed. A name has other words beside it.
pub fn fitting<'a>(names: impl Iterator<Item = (&'a str, &'a str)>, typed: &str) -> Vec<usize> {
    if typed.trim().is_empty() {
        return names.enumerate().map(|(at, _)| at).collect();
    }
    ordered(names.map(|(name, words)| rank(typed, name).into_iter().chain(rank(typed, words)).min()))
}

/// The places of what fits, the best first.
fn ordered(ranks: impl Iterator<Item = Option<Rank>>) -> Vec<usize> {
    let mut ranked: Vec<_> = ranks.enumerate().filter_map(|(at, rank)| Some((rank?, at))).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, at)| at).collect()
}

/// How well a command fits: by its name or by its detail; a token also by its kind and its text, "token cat".
fn fit(command: &Command, typed: &str) -> Option<Rank> {
    let of_token = || {
        let (kind, text) = typed.trim().split_once(char::is_whitespace).filter(|_| command.about == About::Token)?;
        let is_kind = command.detail.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(kind));
        rank(text, &command.name).filter(|_| is_kind)
    };
    [rank(typed, &command.name), rank(typed, &command.detail), of_token()].into_iter().flatten().min()
}

/// The commands that fit what was typed, by their places, the best first; those with keys first where nothing is typed.
pub fn found(commands: &[Command], typed: &str) -> Vec<usize> {
    let mut found: Vec<usize> = if typed.trim().is_empty() {
        let listed =
            commands.iter().enumerate().filter(|(_, command)| command.about.is_listed_untyped()).map(|(at, _)| at);
        let (with_keys, others): (Vec<usize>, Vec<usize>) = listed.partition(|&at| !commands[at].keys.is_empty());
        with_keys.into_iter().chain(others).collect()
    } else {
        ordered(commands.iter().map(|command| fit(command, typed)))
    };
    found.truncate(N_LISTED);
    found
}
