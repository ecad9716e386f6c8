//! What a part of the ranking opens: a head's page, a cell of the stream, a neuron, or a link.

use crate::state::matters::{Part, Ranked};
use crate::state::{Event, InspectorTab, LayoutChange, SelectionEvent, StreamEvent, TokenRef, View, ViewEvent};
use crate::trace::{BlockSite, Side};
use crate::ui::shell::page::Page;

/// Opens a part.
pub fn open(page: Page, part: Part) {
    let Part { ranked, layer, head, position, key, neuron, .. } = part;
    let select = |event| page.dispatch(Event::Select(event));
    let pick = |side, position| select(SelectionEvent::TokenPicked(TokenRef { side, position }));
    match ranked {
        Ranked::Heads => select(SelectionEvent::HeadPicked { layer, head }),
        Ranked::HeadPositions => {
            select(SelectionEvent::HeadPicked { layer, head });
            pick(Side::Query, position);
        }
        Ranked::Stream | Ranked::AttnOutputs | Ranked::MlpOutputs => {
            select(SelectionEvent::ViewPicked(View::Stream));
            page.dispatch(Event::Stream(StreamEvent::CellPicked { row: layer, position }));
        }
        // Its page stands below, in the same tab.
        Ranked::MlpNeurons => {
            return page.dispatch(Event::Stream(StreamEvent::NeuronOpened(Some((layer, neuron)))));
        }
        Ranked::HeadNeurons => {
            let head = page.peek(|state| state.query_head(&part));
            select(SelectionEvent::ViewPicked(View::Neuron));
            select(SelectionEvent::HeadPicked { layer, head });
            let is_of_product = !matches!(part.site, BlockSite::V | BlockSite::CrossV);
            if is_of_product && page.peek(|state| state.selection.neuron != Some(neuron)) {
                select(SelectionEvent::NeuronToggled(neuron));
            }
        }
        Ranked::Links => {
            if part.kind.stack.is_some() {
                select(SelectionEvent::KindPicked(part.kind));
            }
            select(SelectionEvent::HeadOpened { layer, head });
            pick(Side::Query, position);
            pick(Side::Key, key);
        }
    }
    page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::Tab(InspectorTab::Selected))));
}
