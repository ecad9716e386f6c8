//! What can happen to the state, and what the state asks of the browser in return.
//!
//! Events are grouped by the part of the state that they concern; each group is defined beside its reducer.

use super::editing::EditEvent;
use super::entry::EntryEvent;
use super::find::{AtlasEvent, FindEvent};
use super::layout::Layout;
use super::linking::LinkEvent;
use super::matters::MattersEvent;
use super::more_models::MoreEvent;
use super::options::Theme;
use super::panes::PaneEvent;
use super::scales::ViewEvent;
use super::scores::ScoreEvent;
use super::selection::SelectionEvent;
use super::start::StartEvent;
use super::stream::StreamEvent;
use super::traces::TraceEvent;
use super::work::{WorkEvent, WorkerEvent};
use crate::protocol::{Question, RequestId, ToWorker};
use crate::trace::AttnKind;
use crate::trace::file::Saved;

/// Something happened.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Debug, PartialEq)]
pub enum Event {
    /// The page opens: `start`.
    Start(StartEvent),
    /// Runs, models and threads are asked for or stopped: `work`.
    Work(WorkEvent),
    /// A worker said something or ended: `work::worker`.
    Worker(WorkerEvent),
    /// The fields of the input change: `entry`.
    Entry(EntryEvent),
    /// Another view, layer, head or token is selected: `selection`.
    Select(SelectionEvent),
    /// A view is drawn in another way, or another one is put beside it: `scales`.
    View(ViewEvent),
    /// The address changes: `linking`.
    Link(LinkEvent),
    /// Scores of all heads are asked for: `scores`.
    Scores(ScoreEvent),
    /// The stream view scrolls or a cell is chosen, or the outcome as a sum is opened: `stream`.
    Stream(StreamEvent),
    /// Somebody asks what matters for the outcome: `matters`.
    Matters(MattersEvent),
    /// Predictions at this position are wanted: `readings`.
    PositionPicked(usize),
    /// The model is changed, or asked what a change does: `editing`.
    Editing(EditEvent),
    /// A set of texts is read, or searched with: `find`.
    Find(FindEvent),
    /// A trace is opened or saved: `traces`.
    Trace(TraceEvent),
    /// Models of the Hub or from disk are looked for: `more_models`.
    More(MoreEvent),
    /// The second view: `panes`.
    Pane(PaneEvent),
    /// A message was read: `notices`.
    NoticeDismissed,
}

impl Event {
    /// Whether the event happens only on a page that runs models.
    pub fn is_about_models(&self) -> bool {
        match self {
            Self::Work(_)
            | Self::Entry(_)
            | Self::PositionPicked(_)
            | Self::Editing(_)
            | Self::Find(_)
            | Self::Matters(_)
            | Self::More(_) => true,
            Self::Start(event) => matches!(event, StartEvent::CatalogueCame(_)),
            // A trace in the page answers as a worker does.
            Self::Worker(event) => !matches!(event, WorkerEvent::Said(..)),
            Self::Scores(event) => !matches!(event, ScoreEvent::Asked),
            Self::Select(_)
            | Self::View(_)
            | Self::Stream(_)
            | Self::Link(_)
            | Self::Pane(_)
            | Self::Trace(_)
            | Self::NoticeDismissed => false,
        }
    }

    /// Whether the event only reports what the pointer is on. Unless it has effects, it changes nothing of the state but
    /// `selection.hover`, `hover_other` and `hover_neuron`.
    pub fn is_hover(&self) -> bool {
        matches!(self, Self::Select(event) if event.is_hover())
    }

    /// Whether the event changes nothing that a link says.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Entry(event) => matches!(event, EntryEvent::TextEdited(_) | EntryEvent::PairEdited(_)),
            Self::Find(event) => !matches!(
                event,
                FindEvent::RowOpened(_)
                    | FindEvent::FileCame(..)
                    | FindEvent::MakeAsked
                    | FindEvent::ReadAsked
                    | FindEvent::CurveApplied
                    | FindEvent::Atlas(AtlasEvent::ExampleOpened(..) | AtlasEvent::Came(..))
            ),
            Self::Work(event) => matches!(event, WorkEvent::CancelTimedOut(_)),
            Self::View(event) => matches!(event, ViewEvent::LayersSeen(_) | ViewEvent::LayoutChanged(_)),
            Self::Pane(PaneEvent::Within(event)) => event.is_passing(),
            Self::Stream(event) => !matches!(event, StreamEvent::CellPicked { .. }),
            event => event.is_hover(),
        }
    }
}

/// Something to be done in the browser.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch `models/index.json`; answered by [`StartEvent::CatalogueCame`].
    FetchCatalogue,
    /// Fetch the first example; answered by [`StartEvent::FirstCame`].
    FetchFirst,
    /// Ask the trace that the page holds; the answer comes as a worker's does.
    AskTrace {
        /// The request's number.
        request: RequestId,
        /// The attention asked about.
        kind: AttnKind,
        /// The question.
        question: Question,
    },
    /// Stop answering a question that the trace was asked.
    CancelTrace {
        /// The request's number.
        request: RequestId,
    },
    /// Stop answering a question that the trace that is compared with was asked.
    CancelSecondTrace {
        /// The request's number.
        request: RequestId,
    },
    /// Open the trace under a URL; answered by [`TraceEvent::Came`].
    FetchTrace {
        /// The number of this opening.
        number: u32,
        /// Absolute, or relative to the page.
        url: String,
    },
    /// Save a part of the trace that the page holds.
    SaveTrace {
        /// What goes along.
        saved: Saved,
        /// F16 instead of F32.
        is_half: bool,
    },
    /// Save what is under a URL of this page as a file.
    SaveUrl {
        /// The URL.
        url: String,
        /// The file's name.
        name: String,
    },
    /// Ask the trace that is compared with; answered like [`Effect::AskTrace`].
    AskSecondTrace {
        /// The request's number.
        request: RequestId,
        /// The attention asked about.
        kind: AttnKind,
        /// The question.
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
    /// End the worker that holds another model, whatever it does.
    EndSecondWorker,
    /// Post a message to the worker that holds another model.
    SendSecond(ToWorker),
    /// Say [`WorkEvent::CancelTimedOut`] after `delay_ms`.
    ArmCancelTimeout {
        /// The cancelled request.
        request: RequestId,
        /// How long to wait.
        delay_ms: u32,
    },
    /// Say [`EntryEvent::TypingRested`] after `delay_ms`.
    ArmTyping {
        /// The number of the edit.
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
    /// Keep how the page is divided for the next visit.
    KeepLayout(Layout),
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
    /// Whether only a page that runs models asks for this.
    pub fn is_about_models(&self) -> bool {
        matches!(
            self,
            Self::FetchCatalogue
                | Self::AskSecondTrace { .. }
                | Self::CancelSecondTrace { .. }
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
