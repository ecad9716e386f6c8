//! Hovering, pinning and editing the tokens and weights of the figure, by pointer or keyboard, drawn as lines or cells.

use leptos::prelude::*;

use super::scene::Scene;
use crate::render::{Columns, Received, Window};
use crate::state::editing::offers::Target;
use crate::state::{Event, SelectionEvent, TokenRef};
use crate::trace::{Side, Tokens};
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;

/// What the parts of the figure share.
#[derive(Clone, Copy)]
pub struct Figure {
    pub page: Page,
    pub scene: Derived<Option<Scene>>,
    /// The numbers beside the tokens of one side.
    pub received: Derived<Option<Received>>,
    pub columns: Derived<Columns>,
    /// The visible part of the content.
    pub window: Derived<Window>,
    /// Brings a row into view.
    pub reveal: Callback<usize>,
    /// Brings a column of a matrix into view.
    pub reveal_key: Callback<usize>,
    /// The unit that has the keyboard focus.
    pub focused: RwSignal<Option<TokenRef>>,
}

impl Figure {
    /// Hovers a unit, or none.
    pub fn hover(self, unit: Option<TokenRef>) {
        let token = unit.and_then(|unit| self.token_of(unit));
        if self.page.peek(|state| state.selection.hover != token || state.selection.hover_other.is_some()) {
            self.page.dispatch(Event::Select(SelectionEvent::Hovered(token)));
        }
    }

    /// Pins a unit, or unpins it.
    pub fn toggle_pin(self, unit: TokenRef) {
        if let Some(token) = self.token_of(unit) {
            self.page.dispatch(Event::Select(SelectionEvent::PinToggled(token)));
        }
    }

    /// Hovers the weight between a query unit and a key unit.
    pub fn hover_cell(self, query: usize, key: usize) {
        if let Some((query, key)) = self.tokens_of(query, key)
            && !self.is_at(query, key)
        {
            self.page.dispatch(Event::Select(SelectionEvent::WeightHovered { query, key }));
        }
    }

    /// Whether the weight between a query unit and a key unit is hovered.
    pub fn is_cell_hovered(self, query: usize, key: usize) -> bool {
        self.tokens_of(query, key).is_some_and(|(query, key)| self.is_at(query, key))
    }

    /// Pins both ends of a weight and nothing else, or unpins them.
    pub fn toggle_cell_pins(self, query: usize, key: usize) {
        let Some((query, key)) = self.tokens_of(query, key) else { return };
        let is_kept =
            self.page.peek(|state| state.selection.queries == [query].into() && state.selection.keys == [key].into());
        self.page.dispatch(Event::Select(SelectionEvent::TokensCleared));
        if !is_kept {
            self.page
                .dispatch(Event::Select(SelectionEvent::PinToggled(TokenRef { side: Side::Query, position: query })));
            self.page.dispatch(Event::Select(SelectionEvent::PinToggled(TokenRef { side: Side::Key, position: key })));
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

    /// Whether a unit is hovered.
    pub fn is_hovered(self, unit: TokenRef) -> bool {
        let token = self.token_of(unit);
        self.page.peek(|state| token.is_some() && state.selection.hover == token)
    }

    /// Whether a token of a unit is pinned; follows changes.
    pub fn is_pinned(self, unit: TokenRef) -> bool {
        let tokens = self.scene.with(|scene| scene.as_ref().map(|scene| scene.units.tokens(unit.side, unit.position)));
        let at = |position| TokenRef { side: unit.side, position };
        self.page.with(|state| tokens.unwrap_or_default().any(|position| state.selection.is_pinned(at(position))))
    }

    /// What the menu of edits offers at a unit: its token, with the pinned token of the other side, in the active heads.
    pub fn target_of(self, unit: TokenRef) -> Option<Target> {
        let token = self.token_of(unit)?;
        let selected = self.page.peek(|state| state.selected_target());
        let target = Target { neuron: None, ..selected };
        Some(match token.side {
            Side::Query => Target { query: Some(token.position), ..target },
            Side::Key => Target { key: Some(token.position), ..target },
        })
    }

    /// What the menu of edits offers at a weight, in one head or in the active heads.
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

    /// A unit's text, its tokens with their ids, and the prediction after it.
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
                _ if ids.parse() == Ok(Tokens::NO_ID) => format!("{plain}\nno token: an attention sink"),
                0 | 1 => format!("{plain}\ntoken {start}, id {ids}{predicted}"),
                _ => format!("{plain}\ntokens {start} to {last}, ids {ids}{predicted}"),
            }
        })
    }
}
