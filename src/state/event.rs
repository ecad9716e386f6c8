//! What can happen to the state, and what it asks of the browser in return. Imports `protocol`.

use super::editing::EditEvent;
use super::entry::EntryChange;
use super::more_models::MoreEvent;
use super::options::{DisplayChange, SegmentFilter, Theme};
use super::scales::ScaleEvent;
use super::selection::TokenRef;
use super::traces::{OpenedTrace, TraceEvent};
use crate::protocol::{FromWorker, Question, RequestId, ToWorker};
use crate::trace::AttnKind;
use crate::trace::file::Saved;

/// Something happened.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Debug, PartialEq)]
pub enum Event {
    /// The page was opened.
    Opened,
    /// `models/index.json` came, or a sentence why not.
    CatalogueCame(Result<String, String>),
    /// The first example came, or a sentence why not.
    FirstCame(Result<OpenedTrace, String>),
    /// The worker said something, with its buffers.
    WorkerSaid(FromWorker, Vec<Vec<f32>>),
    /// The worker said something that is not of this version.
    WorkerUnreadable(String),
    /// The worker ended by itself, with what it said last.
    WorkerBroke(String),
    /// The worker that holds another model said something, with its buffers.
    SecondWorkerSaid(FromWorker, Vec<Vec<f32>>),
    /// That worker ended by itself, with what it said last.
    SecondWorkerBroke(String),
    /// The time after cancelling is over.
    CancelTimedOut(RequestId),

    /// A model was picked, by its place in the catalogue.
    ModelPicked(usize),
    /// About models of the Hub and from disk.
    More(MoreEvent),
    /// The text was edited.
    TextEdited(String),
    /// The second text was edited.
    PairEdited(String),
    /// Another of the fields was changed.
    EntryChanged(EntryChange),
    /// The fields have rested since this edit.
    TypingRested(u32),
    /// Predictions at this position are wanted.
    PositionPicked(usize),
    /// An example was picked, by its place in the gallery.
    ExamplePicked(usize),
    /// Run, loading the model first if need be.
    RunAsked,
    /// Run, cut at the model's context length.
    CutAsked,
    /// Stop what is under way.
    CancelAsked,
    /// Try again what failed at the start, or start a worker that was given up.
    RetryAsked,
    /// A message was read.
    NoticeDismissed,

    /// This layer.
    LayerPicked(usize),
    /// The layer so many further.
    LayerStepped(isize),
    /// Add a head, or take it out.
    HeadToggled(usize),
    /// Only this head, or all again.
    HeadSoloed(usize),
    /// All heads.
    AllHeads,
    /// The single head so many further.
    HeadStepped(isize),
    /// The pointer or the focus is on a token, or on none.
    Hovered(Option<TokenRef>),
    /// Mark a token to stay, or let it go.
    PinToggled(TokenRef),
    /// Let go of every token.
    TokensCleared,
    /// Which part of a sentence pair.
    SegmentPicked(SegmentFilter),
    /// Score every head, however long it takes.
    ScoresAsked,
    /// Score every head on random blocks of several seeds.
    SeedsAsked,
    /// Show the scores of this block alone again.
    SeedsLeft,
    /// How weights are drawn.
    DisplayChanged(DisplayChange),
    /// The model is changed, or asked what a change does.
    Editing(EditEvent),
    /// Light or dark.
    ThemePicked(Theme),
    /// The number of threads was chosen.
    ThreadsPicked(u32),
    /// About the three scales: the view, what it needs, the address.
    Scale(ScaleEvent),
    /// A trace is opened or saved.
    Trace(TraceEvent),
}

impl Event {
    /// Whether only a page that runs models hears of it.
    pub fn is_about_models(&self) -> bool {
        matches!(
            self,
            Self::CatalogueCame(_)
                | Self::WorkerUnreadable(_)
                | Self::WorkerBroke(_)
                | Self::SecondWorkerSaid(..)
                | Self::SecondWorkerBroke(_)
                | Self::CancelTimedOut(_)
                | Self::ModelPicked(_)
                | Self::More(_)
                | Self::TextEdited(_)
                | Self::PairEdited(_)
                | Self::EntryChanged(_)
                | Self::TypingRested(_)
                | Self::PositionPicked(_)
                | Self::ExamplePicked(_)
                | Self::RunAsked
                | Self::CutAsked
                | Self::CancelAsked
                | Self::RetryAsked
                | Self::SeedsAsked
                | Self::SeedsLeft
                | Self::Editing(_)
                | Self::ThreadsPicked(_)
        )
    }
}

/// Something to be done in the browser.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch `models/index.json`; answered by [`Event::CatalogueCame`].
    FetchCatalogue,
    /// Fetch the first example; answered by [`Event::FirstCame`].
    FetchFirst,
    /// Ask the trace that the page holds; answered as if the worker had said it.
    AskTrace {
        /// Its name.
        request: RequestId,
        /// Of which of its attentions.
        kind: AttnKind,
        /// What is asked.
        question: Question,
    },
    /// Open the trace under a URL; answered by [`TraceEvent::Came`].
    FetchTrace {
        /// Which.
        number: u32,
        /// Absolute, or relative to the page.
        url: String,
    },
    /// Save from the trace that the page holds.
    SaveTrace {
        /// What goes along.
        saved: Saved,
        /// F16 instead of F32.
        is_half: bool,
    },
    /// Give the reader what is under a URL of this page, as a file.
    SaveUrl {
        /// Where it is.
        url: String,
        /// What it is called.
        name: String,
    },
    /// Ask the trace that is compared with; answered like [`Effect::AskTrace`].
    AskSecondTrace {
        /// Its name.
        request: RequestId,
        /// Of which of its attentions.
        kind: AttnKind,
        /// What is asked.
        question: Question,
    },
    /// Start a worker; it says Ready.
    StartWorker,
    /// End the worker, whatever it does.
    EndWorker,
    /// Post a message.
    Send(ToWorker),
    /// Start the worker that holds another model.
    StartSecondWorker,
    /// End it, whatever it does.
    EndSecondWorker,
    /// Post a message to it.
    SendSecond(ToWorker),
    /// Say [`Event::CancelTimedOut`] after `delay_ms`.
    ArmCancelTimeout {
        /// Which request was cancelled.
        request: RequestId,
        /// How long to wait.
        delay_ms: u32,
    },
    /// Say [`Event::TypingRested`] after `delay_ms`.
    ArmTyping {
        /// Which edit.
        n_edits: u32,
        /// How long to wait.
        delay_ms: u32,
    },
    /// List a repository of the Hub; answered by [`MoreEvent::Listed`].
    LookUp {
        /// Its number: only the last one's answer is waited for.
        number: u32,
        /// The Hub or its mirror.
        base: String,
        /// `owner/name[@revision]`.
        repo: String,
    },
    /// Keep the address of the Hub for the next visit.
    KeepHub(String),
    /// Keep the theme for the next visit.
    KeepTheme(Theme),
    /// Keep the number of threads for the next visit.
    KeepThreads(u32),
    /// Put this fragment into the address, in the place of the present one.
    ReplaceLink(String),
    /// Put this fragment into the address, so that going back leads to the present one.
    PushLink(String),
}

impl Effect {
    /// Whether only a page that runs models asks for it.
    pub fn is_about_models(&self) -> bool {
        matches!(
            self,
            Self::FetchCatalogue
                | Self::AskSecondTrace { .. }
                | Self::StartWorker
                | Self::EndWorker
                | Self::StartSecondWorker
                | Self::EndSecondWorker
                | Self::Send(_)
                | Self::SendSecond(_)
                | Self::ArmCancelTimeout { .. }
                | Self::ArmTyping { .. }
                | Self::LookUp { .. }
                | Self::KeepHub(_)
                | Self::KeepThreads(_)
        )
    }
}
