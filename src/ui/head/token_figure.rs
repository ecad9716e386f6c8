//! What the pointer and the keyboard do to the tokens and weights of a figure, whichever way it is drawn.

use leptos::prelude::*;

use super::scene::Scene;
use crate::render::{Columns, Received, Window};
use crate::state::editing::offers::Target;
use crate::state::{Event, ScaleEvent, TokenRef};
use crate::trace::Side;
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;

/// What a column needs from its figure.
#[derive(Clone, Copy)]
pub struct Figure {
    /// The page.
    pub page: Page,
    /// What is shown.
    pub scene: Derived<Option<Scene>>,
    /// Numbers beside the tokens of one side.
    pub received: Derived<Option<Received>>,
    /// Where the columns are.
    pub columns: Derived<Columns>,
    /// What is seen.
    pub window: Derived<Window>,
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
