//! How the page is divided: what is folded away, how wide the columns at the sides are, and which tab the inspector shows.

use super::panes::SHARES;
use super::{State, View};

/// Least, usual and greatest width of a column, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Where dragging ends.
    pub least: u16,
    /// At the first visit, and after a double click on the divider.
    pub usual: u16,
    /// Where dragging ends on the other side.
    pub greatest: u16,
}

impl Widths {
    /// Widths of the rail.
    pub const RAIL: Widths = Widths { least: 96, usual: 136, greatest: 360 };
    /// Widths of the inspector.
    pub const INSPECTOR: Widths = Widths { least: 248, usual: 304, greatest: 640 };

    /// The allowed width nearest to one in CSS pixels.
    pub fn nearest(self, width: f64) -> u16 {
        width.round().clamp(f64::from(self.least), f64::from(self.greatest)) as u16
    }

    /// Widths of a column.
    pub fn of(column: Column) -> Self {
        match column {
            Column::Rail => Self::RAIL,
            Column::Inspector => Self::INSPECTOR,
        }
    }
}

/// A column beside the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The map of all heads, on the left.
    Rail,
    /// The tabs about what is selected, on the right.
    Inspector,
}

/// What the inspector shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InspectorTab {
    /// Links and numbers of what is selected.
    #[default]
    Selected,
    /// Next tokens, surprisal, similarity.
    Predicts,
    /// Heads, ranked.
    Matters,
    /// Edits, outcome, sweeps, generation.
    Change,
}

impl InspectorTab {
    /// In the order of the tabs.
    pub const EACH: [InspectorTab; 4] =
        [InspectorTab::Selected, InspectorTab::Predicts, InspectorTab::Matters, InspectorTab::Change];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            InspectorTab::Selected => "Selected",
            InspectorTab::Predicts => "Predicts",
            InspectorTab::Matters => "Matters",
            InspectorTab::Change => "Change",
        }
    }
}

/// How the page is divided. All but the tab is kept between visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whether the rail is unfolded.
    pub has_rail: bool,
    /// Whether the inspector is unfolded.
    pub has_inspector: bool,
    /// Width of the rail, CSS pixels.
    pub rail_width: u16,
    /// Width of the inspector, CSS pixels.
    pub inspector_width: u16,
    /// Whether the chosen head stands beside the model view.
    pub has_head_beside: bool,
    /// Whether an example's claim stands over the figure.
    pub has_caption: bool,
    /// Whether the tour is still offered: nobody has taken or declined it.
    pub offers_tour: bool,
    /// The share of the stage that the first of two views has, in hundredths.
    pub pane_share: u8,
    /// What the inspector shows.
    pub tab: InspectorTab,
}

/// A change of [`Layout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutChange {
    /// Fold a column away, or unfold it.
    Unfolded(Column, bool),
    /// Make a column as wide as this, in CSS pixels.
    Width(Column, u16),
    /// Show another tab, and unfold the inspector for it.
    Tab(InspectorTab),
    /// Put the chosen head beside the model view, or take it away.
    HeadBeside(bool),
    /// Show the claims of examples, or hide them.
    Caption(bool),
    /// Offer the tour, or offer it no more.
    TourOffered(bool),
    /// Give the first of two views this share of the stage, in hundredths.
    PaneShare(u8),
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            has_rail: true,
            has_inspector: true,
            rail_width: Widths::RAIL.usual,
            inspector_width: Widths::INSPECTOR.usual,
            has_head_beside: false,
            has_caption: true,
            offers_tour: true,
            pane_share: SHARES.1,
            tab: InspectorTab::Selected,
        }
    }
}

impl Layout {
    /// Whether a column is unfolded.
    pub fn has(&self, column: Column) -> bool {
        match column {
            Column::Rail => self.has_rail,
            Column::Inspector => self.has_inspector,
        }
    }

    /// Width of a column, CSS pixels.
    pub fn width(&self, column: Column) -> u16 {
        match column {
            Column::Rail => self.rail_width,
            Column::Inspector => self.inspector_width,
        }
    }

    /// Makes a change.
    pub fn apply(&mut self, change: LayoutChange) {
        match change {
            LayoutChange::Unfolded(Column::Rail, has) => self.has_rail = has,
            LayoutChange::Unfolded(Column::Inspector, has) => self.has_inspector = has,
            LayoutChange::Width(Column::Rail, width) => self.rail_width = Widths::RAIL.nearest(f64::from(width)),
            LayoutChange::Width(Column::Inspector, width) => {
                self.inspector_width = Widths::INSPECTOR.nearest(f64::from(width));
            }
            LayoutChange::Tab(tab) => (self.tab, self.has_inspector) = (tab, true),
            LayoutChange::HeadBeside(has) => self.has_head_beside = has,
            LayoutChange::Caption(has) => self.has_caption = has,
            LayoutChange::TourOffered(offers) => self.offers_tour = offers,
            LayoutChange::PaneShare(share) => self.pane_share = share.clamp(SHARES.0, SHARES.2),
        }
    }

    /// What is kept for the next visit, as `name=number` with spaces between.
    pub fn write(&self) -> String {
        let Self {
            has_rail,
            has_inspector,
            rail_width,
            inspector_width,
            has_head_beside,
            has_caption,
            offers_tour,
            pane_share,
            tab: _,
        } = *self;
        let fields = [
            ("rail", u16::from(has_rail)),
            ("inspector", u16::from(has_inspector)),
            ("rail_width", rail_width),
            ("inspector_width", inspector_width),
            ("head_beside", u16::from(has_head_beside)),
            ("caption", u16::from(has_caption)),
            ("tour", u16::from(offers_tour)),
            ("pane", u16::from(pane_share)),
        ];
        fields.map(|(name, number)| format!("{name}={number}")).join(" ")
    }

    /// Reads what [`Layout::write`] wrote at an earlier visit; what cannot be read stays as at the first visit.
    pub fn read(kept: &str) -> Self {
        let mut layout = Self::default();
        let fields = kept.split(' ').filter_map(|field| field.split_once('='));
        for (name, number) in fields.filter_map(|(name, number)| Some((name, number.parse::<u16>().ok()?))) {
            let is_on = number > 0;
            layout.apply(match name {
                "rail" => LayoutChange::Unfolded(Column::Rail, is_on),
                "inspector" => LayoutChange::Unfolded(Column::Inspector, is_on),
                "rail_width" => LayoutChange::Width(Column::Rail, number),
                "inspector_width" => LayoutChange::Width(Column::Inspector, number),
                "head_beside" => LayoutChange::HeadBeside(is_on),
                "caption" => LayoutChange::Caption(is_on),
                "tour" => LayoutChange::TourOffered(is_on),
                "pane" => LayoutChange::PaneShare(u8::try_from(number).unwrap_or(SHARES.1)),
                _ => continue,
            });
        }
        layout
    }
}

impl State {
    /// Whether the map of a sweep or of estimates stands on the stage in the place of the views.
    pub fn shows_sweep(&self) -> bool {
        let has_map = match self.matters.is_on_stage {
            true => self.later().is_some_and(|later| (later.has_matters_map)(self)),
            false => self.editing.sweep.is_some(),
        };
        self.editing.is_sweep_shown && has_map && self.shown.is_some()
    }

    /// Whether the views on screen look into a single head, so that several cannot be chosen.
    pub fn shows_one_head(&self) -> bool {
        self.views() == [View::Neuron] && self.pane.is_none()
    }

    /// The views on screen, from the whole to the part, without the second view ([`State::pane`]).
    pub fn views(&self) -> &'static [View] {
        match self.selection.view {
            View::Model if self.layout.has_head_beside && self.pane.is_none() => &[View::Model, View::Head],
            View::Model => &[View::Model],
            View::Head => &[View::Head],
            View::Neuron => &[View::Neuron],
            View::Stream => &[View::Stream],
            View::Find => &[View::Find],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_what_is_broken_is_left_out() {
        let mut layout = Layout::default();
        for change in [
            LayoutChange::Unfolded(Column::Rail, false),
            LayoutChange::Width(Column::Rail, 200),
            LayoutChange::Width(Column::Inspector, 9_999),
            LayoutChange::HeadBeside(true),
            LayoutChange::Caption(false),
            LayoutChange::TourOffered(false),
            LayoutChange::PaneShare(70),
        ] {
            layout.apply(change);
        }
        assert_eq!((layout.rail_width, layout.inspector_width), (200, Widths::INSPECTOR.greatest));
        assert_eq!(Layout::read(&layout.write()), layout);
        layout.apply(LayoutChange::Unfolded(Column::Inspector, false));
        layout.apply(LayoutChange::Tab(InspectorTab::Matters));
        assert!(layout.has_inspector, "a tab that is asked for is seen");
        assert_eq!(Layout::read(&layout.write()).tab, InspectorTab::Selected, "the tab is not kept");
        assert_eq!(Layout::read("rail=x inspector_width=1 colour=2 caption"), {
            Layout { inspector_width: Widths::INSPECTOR.least, ..Layout::default() }
        });
        assert_eq!(Layout::read(""), Layout::default());
    }
}
