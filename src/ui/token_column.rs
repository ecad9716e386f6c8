//! One side's tokens as DOM text: only those in view, selectable, reachable by keyboard.

use leptos::ev::KeyboardEvent;
use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::edit_menu::open_at_key;
use super::page::Page;
use super::scene::Scene;
use super::token_text::{predicted_text, token_text};
use crate::render::{Columns, Received, Window};
use crate::state::editing::offers::Target;
use crate::state::{Event, ScaleEvent, TokenRef, wording};
use crate::trace::Side;

/// What a column needs from its figure.
#[derive(Clone, Copy)]
pub struct Figure {
    /// The page.
    pub page: Page,
    /// What is shown.
    pub scene: Memo<Option<Scene>>,
    /// Numbers beside the tokens of one side.
    pub received: Memo<Option<Received>>,
    /// Where the columns are.
    pub columns: Memo<Columns>,
    /// What is seen.
    pub window: Memo<Window>,
    /// Brings a row into view.
    pub reveal: Callback<usize>,
    /// The unit that has the keyboard focus.
    pub focused: RwSignal<Option<TokenRef>>,
}

impl Figure {
    /// The pointer or the focus is on a unit, or on none.
    pub fn look_at(self, unit: Option<TokenRef>) {
        let token = unit.and_then(|unit| self.token_of(unit));
        if self.page.peek(|state| state.selection.hover != token || state.selection.hover_other.is_some()) {
            self.page.dispatch(Event::Hovered(token));
        }
    }

    /// Marks a unit to stay, or lets it go.
    pub fn keep(self, unit: TokenRef) {
        if let Some(token) = self.token_of(unit) {
            self.page.dispatch(Event::PinToggled(token));
        }
    }

    /// The pointer is on the weight of one query unit on one key unit.
    pub fn look_at_cell(self, query: usize, key: usize) {
        if let Some((query, key)) = self.tokens_of(query, key)
            && !self.is_at(query, key)
        {
            self.page.dispatch(Event::Scale(ScaleEvent::WeightHovered { query, key }));
        }
    }

    /// Whether that weight is the one under the pointer.
    pub fn is_cell_looked_at(self, query: usize, key: usize) -> bool {
        self.tokens_of(query, key).is_some_and(|(query, key)| self.is_at(query, key))
    }

    /// Marks both ends of a weight to stay instead of all that was marked, or lets them go.
    pub fn keep_cell(self, query: usize, key: usize) {
        let Some((query, key)) = self.tokens_of(query, key) else { return };
        let is_kept =
            self.page.peek(|state| state.selection.queries == [query].into() && state.selection.keys == [key].into());
        self.page.dispatch(Event::TokensCleared);
        if !is_kept {
            self.page.dispatch(Event::PinToggled(TokenRef { side: Side::Query, position: query }));
            self.page.dispatch(Event::PinToggled(TokenRef { side: Side::Key, position: key }));
        }
    }

    fn tokens_of(self, query: usize, key: usize) -> Option<(usize, usize)> {
        let token = |side, position| self.token_of(TokenRef { side, position }).map(|token| token.position);
        token(Side::Query, query).zip(token(Side::Key, key))
    }

    fn is_at(self, query: usize, key: usize) -> bool {
        self.page.peek(|state| {
            state.selection.hover == Some(TokenRef { side: Side::Query, position: query })
                && state.selection.hover_other == Some(key)
        })
    }

    /// Whether a unit is under the pointer or the focus.
    pub fn is_looked_at(self, unit: TokenRef) -> bool {
        let token = self.token_of(unit);
        self.page.peek(|state| token.is_some() && state.selection.hover == token)
    }

    /// Whether a token of a unit stays marked; follows its changes.
    pub fn is_pinned(self, unit: TokenRef) -> bool {
        let tokens = self.scene.with(|scene| scene.as_ref().map(|scene| scene.units.tokens(unit.side, unit.position)));
        let at = |position| TokenRef { side: unit.side, position };
        self.page.with(|state| tokens.unwrap_or_default().any(|position| state.selection.is_pinned(at(position))))
    }

    /// What the menu of edits is about at a unit: the token, with what is kept of the other side, in the active heads.
    pub fn target_of(self, unit: TokenRef) -> Option<Target> {
        let token = self.token_of(unit)?;
        let selected = self.page.peek(|state| state.selected_target());
        let target = Target { neuron: None, ..selected };
        Some(match token.side {
            Side::Query => Target { query: Some(token.position), ..target },
            Side::Key => Target { key: Some(token.position), ..target },
        })
    }

    /// The same at the weight of one query unit on one key unit, of one head or of the active ones.
    pub fn target_of_link(self, query: usize, key: usize, head: Option<usize>) -> Option<Target> {
        let (query, key) = self.tokens_of(query, key)?;
        let selected = self.page.peek(|state| state.selected_target());
        let heads = head.map_or(selected.heads, |head| vec![head]);
        Some(Target { layer: selected.layer, heads, query: Some(query), key: Some(key), neuron: None })
    }

    fn token_of(self, unit: TokenRef) -> Option<TokenRef> {
        let scene = self.scene.get_untracked()?;
        Some(self.page.peek(|state| scene.token_of(state, unit)))
    }

    /// The whole of a unit, with what it is made of.
    pub fn title(self, TokenRef { side, position: unit }: TokenRef) -> String {
        self.scene.with_untracked(|scene| {
            let Some(scene) = scene else { return String::new() };
            let positions = scene.units.tokens(side, unit);
            let ids = self.page.peek(|state| {
                let ids = state.shown.as_ref().map(|shown| shown.tokens(side).ids.as_slice()).unwrap_or_default();
                positions.clone().filter_map(|position| ids.get(position)).map(u32::to_string).collect::<Vec<_>>()
            });
            let plain = scene.plain(side, unit);
            let predicted = self.page.peek(|state| {
                let target = state.shown.as_ref()?.info.target.as_ref()?;
                let found = target.predicted.get(positions.end.saturating_sub(1))?;
                let label = scene.predicted(side, unit)?;
                Some(format!("\nmost likely next: {}, probability {:.4}", label.plain, found.prob))
            });
            let predicted = predicted.unwrap_or_default();
            let (start, last, ids) = (positions.start, positions.end.saturating_sub(1), ids.join(" "));
            match positions.len() {
                0 | 1 => format!("{plain}\ntoken {start}, id {ids}{predicted}"),
                _ => format!("{plain}\ntokens {start} to {last}, ids {ids}{predicted}"),
            }
        })
    }
}

/// Which rows they are: what all of them say, and whether words are joined. Results of the same tokens have the same rows, so that the
/// focus stays where it is when A gives way to B.
type RowsOf = (u64, bool);

fn rows_of(scene: &Scene, side: Side) -> RowsOf {
    let mut hasher = DefaultHasher::new();
    for (unit, label) in scene.units.of(side).labels.0.iter().enumerate() {
        (&label.plain, scene.predicted(side, unit).map(|label| &label.plain)).hash(&mut hasher);
    }
    (hasher.finish(), scene.units.is_joined)
}

/// A list box of tokens, one tab stop; arrow keys move through it and to the other side.
#[component]
pub fn TokenColumn(
    /// The figure it belongs to.
    figure: Figure,
    /// Which side.
    side: Side,
) -> impl IntoView {
    let Figure { scene, columns, window, .. } = figure;
    // The row that Tab reaches, if it is in view.
    let reached = RwSignal::new(0_usize);
    let rows = Memo::new(move |_| {
        scene.with(|scene| {
            let Some(scene) = scene else { return Vec::new() };
            let positions = scene.rows(side);
            // Other tokens are other rows, and so are words instead of tokens.
            let rows_of = rows_of(scene, side);
            let of_row = |row: usize| (rows_of, row, positions[row]);
            window.get().visible_rows(positions.len()).map(of_row).collect::<Vec<_>>()
        })
    });
    let tab_stop = Memo::new(move |_| {
        rows.with(|rows| {
            let reached = reached.get();
            let is_here = rows.iter().any(|(_, row, _)| *row == reached);
            if is_here { Some(reached) } else { rows.first().map(|(_, row, _)| *row) }
        })
    });
    let (class, name) = match side {
        Side::Query => ("tokens query", "Query tokens"),
        Side::Key => ("tokens key", "Key tokens"),
    };
    let row_of = move |(_, row, unit): (RowsOf, usize, usize)| {
        view! { <TokenRow figure side row unit reached tab_stop /> }
    };
    view! {
        <div
            class=class
            role="listbox"
            aria-label=name
            aria-multiselectable="true"
            style:left=move || px(columns.get().token(side).x)
            style:width=move || px(columns.get().token(side).width)
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            <For each=move || rows.get() key=|row| *row children=row_of />
        </div>
    }
}

/// One token.
#[component]
fn TokenRow(
    figure: Figure,
    side: Side,
    row: usize,
    unit: usize,
    reached: RwSignal<usize>,
    tab_stop: Memo<Option<usize>>,
) -> impl IntoView {
    let Figure { page, scene, received, window, focused, .. } = figure;
    let unit = TokenRef { side, position: unit };
    let label = scene.with_untracked(|scene| scene.as_ref()?.label(side, unit.position).cloned());
    let predicted = scene.with_untracked(|scene| scene.as_ref()?.predicted(side, unit.position).cloned());
    let title = figure.title(unit);
    let tokens = scene.with_untracked(|scene| scene.as_ref().map(|scene| scene.units.tokens(side, unit.position)));
    let tokens = tokens.unwrap_or_default();
    let is_marked = Memo::new(move |_| {
        scene.with(|scene| scene.as_ref().is_some_and(|scene| scene.marked(side).binary_search(&unit.position).is_ok()))
    });
    let is_faded = Memo::new(move |_| {
        let has_marks = scene.with(|scene| scene.as_ref().is_some_and(|scene| !scene.marked(side).is_empty()));
        has_marks && !is_marked.get()
    });
    let is_pinned =
        page.memo(move |state| tokens.clone().any(|position| state.selection.is_pinned(TokenRef { side, position })));
    // "A" and "B" where the texts of a pair start.
    let text_name = Memo::new(move |_| {
        let second = scene.with(|scene| scene.as_ref()?.units.of(side).second_start)?;
        if unit.position == second {
            Some("B")
        } else if row == 0 {
            Some(if unit.position < second { "A" } else { "B" })
        } else {
            None
        }
    });
    let starts_second = move || row > 0 && text_name.get() == Some("B");
    let number = Memo::new(move |_| {
        received.with(|received| {
            let received = received.as_ref().filter(|received| received.side == side)?;
            let is_difference = scene.with(|scene| scene.as_ref().is_some_and(Scene::is_difference));
            let words = if is_difference { wording::tight_change } else { wording::short_weight };
            received.weights.get(row).map(|weight| words(*weight))
        })
    });
    let is_idle = Memo::new(move |_| received.with(|received| received.as_ref().is_some_and(|it| it.is_mean)));
    view! {
        <div
            class="token"
            class:marked=move || is_marked.get()
            class:faded=move || is_faded.get()
            class:pinned=move || is_pinned.get()
            class:second=starts_second
            role="option"
            data-row=row.to_string()
            aria-selected=move || is_pinned.get().to_string()
            aria-posinset=(row + 1).to_string()
            aria-setsize=move || scene.with(|scene| scene.as_ref().map(|scene| scene.rows(side).len().to_string()))
            tabindex=move || if tab_stop.get() == Some(row) { "0" } else { "-1" }
            title=title
            style:top=move || px(row as f32 * window.get().row_height)
            style:height=move || px(window.get().row_height)
            on:focus=move |_| {
                reached.set(row);
                focused.set(Some(unit));
                figure.look_at(Some(unit));
            }
            on:blur=move |_| {
                focused.set(None);
                figure.look_at(None);
            }
            on:keydown=move |event| on_key(figure, unit, reached, &event)
        >
            <span class="text">{label.as_ref().map(token_text)}{predicted.as_ref().map(predicted_text)}</span>
            <span class="text-name" aria-hidden="true">{move || text_name.get()}</span>
            <span class="weight" class:idle=move || is_idle.get()>{move || number.get()}</span>
        </div>
    }
}

/// Moves the focus, or keeps the token. A held key may come again before a row that scrolls into view has the focus, so
/// it counts from the row reached, not from the one that heard it.
fn on_key(figure: Figure, unit: TokenRef, reached: RwSignal<usize>, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if open_at_key(figure.page, event, || figure.target_of(unit)) {
        return;
    }
    let (side, row) = (unit.side, reached.get_untracked());
    let last = |side| {
        let n_rows = figure.scene.with_untracked(|scene| scene.as_ref().map_or(0, |scene| scene.rows(side).len()));
        n_rows.saturating_sub(1)
    };
    let page_rows = figure.window.with_untracked(|window| (window.height / window.row_height.max(1.0)) as usize);
    let (to_side, to_row) = match event.key().as_str() {
        "ArrowDown" => (side, row + 1),
        "ArrowUp" => (side, row.saturating_sub(1)),
        "PageDown" => (side, row + page_rows),
        "PageUp" => (side, row.saturating_sub(page_rows)),
        "Home" => (side, 0),
        "End" => (side, last(side)),
        "ArrowRight" if side == Side::Query => (Side::Key, row),
        "ArrowLeft" if side == Side::Key => (Side::Query, row),
        "Enter" | " " => {
            event.prevent_default();
            return figure.keep(unit);
        }
        _ => return,
    };
    event.prevent_default();
    let to_row = to_row.min(last(to_side));
    if to_side == side {
        reached.set(to_row);
    }
    figure.reveal.run(to_row);
    let own_row = event.current_target().and_then(|row| row.dyn_into::<Element>().ok());
    let Some(pane) = own_row.and_then(|row| row.closest(".pane").ok().flatten()) else { return };
    if !focus_row(&pane, to_side, to_row) {
        // A row that scrolls into view is there after the next frame.
        request_animation_frame(move || request_animation_frame(move || _ = focus_row(&pane, to_side, to_row)));
    }
}

/// Gives a row the focus, if it is there.
fn focus_row(pane: &Element, side: Side, row: usize) -> bool {
    let class = match side {
        Side::Query => "query",
        Side::Key => "key",
    };
    let found = pane.query_selector(&format!(".tokens.{class} [data-row=\"{row}\"]")).ok().flatten();
    let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else { return false };
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    found.focus_with_options(&options).is_ok()
}

/// A length for style properties.
pub fn px(length: f32) -> String {
    format!("{length}px")
}

/// The length nearest to this one that is a whole number of device pixels: a canvas of any other is blurred.
pub fn crisp(length: f32, pixel_ratio: f64) -> String {
    let ratio = if pixel_ratio > 0.0 { pixel_ratio } else { 1.0 };
    format!("{}px", (f64::from(length) * ratio).round() / ratio)
}
