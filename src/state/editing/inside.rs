//! Edits of what is inside beside attention: of neurons of an MLP, and of the stream, attention's or the MLP's output at a cell of the
//! stream view. Some need a direction first, which the model makes: these wait for it.

use super::{Against, EditEvent, Variant};
use crate::edit::{Choice, Edit, EditKind, PatchFrom, PatchSite, SetValue};
use crate::protocol::{DirectionOf, Question, TokenAsked};
use crate::state::requests::{Purpose, Waiting};
use crate::state::{Effect, RUNS_MODELS, State};

/// A change of a cell of the stream view.
#[derive(Clone, Debug, PartialEq)]
pub struct CellChange {
    /// The layer.
    pub layer: usize,
    /// The position; for a direction also whose stream gives it its length.
    pub position: usize,
    /// Whether it is changed at every position instead.
    pub is_everywhere: bool,
    /// What is changed: the stream, or what attention or the MLP adds.
    pub site: PatchSite,
    /// How.
    pub how: CellEdit,
}

/// How a cell is changed.
#[derive(Clone, Debug, PartialEq)]
pub enum CellEdit {
    /// It is multiplied; by 0 it is ablated.
    Scale(f32),
    /// It becomes its mean over the positions of the text.
    Mean,
    /// It takes the values of the other text that the original is compared with.
    FromOtherText,
    /// A token's direction is added, as many times the stream's length.
    Token(String, f32),
    /// What differs between the ends of two texts is added, as many times the stream's length.
    Texts([String; 2], f32),
    /// Neurons of the MLP are multiplied.
    Neurons(Vec<usize>, f32),
}

impl State {
    /// The edit that multiplies what leaves neurons of a layer's MLP, at one position or at every one.
    pub fn mlp_neuron_scaling(
        &self,
        layer: usize,
        neurons: &[usize],
        position: Option<usize>,
        factor: f32,
    ) -> Option<Edit> {
        let neuron = match neurons {
            [neuron] => Choice::One(*neuron),
            several => Choice::List(several.to_vec()),
        };
        self.placed(EditKind::Scale {
            layer: Some(Choice::One(layer)),
            hook: "mlp.hook_post".to_owned(),
            head: None,
            neuron: Some(neuron),
            query: position.map(Choice::One),
            factor,
        })
    }

    /// An edit in the stack that is looked at.
    fn placed(&self, kind: EditKind) -> Option<Edit> {
        let mut edit = Edit::new(kind);
        self.result(Variant::A)?.place(&mut edit);
        // The stream belongs to a stack and not to one of its attentions.
        edit.attn = None;
        Some(edit)
    }

    /// Changes a cell: adds the edit, or asks for the direction that it needs.
    pub(in crate::state) fn cell_changed(&mut self, change: CellChange, effects: &mut Vec<Effect>) {
        if !RUNS_MODELS {
            return;
        }
        let question = |made_of: DirectionOf| Question::Direction {
            layer: change.layer as u32,
            site: change.site,
            position: change.position as u32,
            made_of,
        };
        let made_of = match &change.how {
            CellEdit::Mean => DirectionOf::Mean,
            CellEdit::Token(text, _) => DirectionOf::Token(TokenAsked::Text(text.clone())),
            CellEdit::Texts([to, from], _) => DirectionOf::Texts(to.clone(), from.clone()),
            CellEdit::Scale(_) | CellEdit::FromOtherText | CellEdit::Neurons(..) => {
                return self.add_cell_edit(&change, Vec::new(), effects);
            }
        };
        let question = question(made_of);
        self.stream.changing = Some(change);
        self.stream.direction.forgive();
        self.ask_again(Purpose::Question(question), effects);
    }

    /// Takes the direction that a change of a cell waits for.
    pub(in crate::state) fn direction_came(
        &mut self,
        purpose: &Purpose,
        direction: Vec<f32>,
        effects: &mut Vec<Effect>,
    ) {
        self.stream.direction.settle(purpose);
        if !RUNS_MODELS {
            return;
        }
        match self.stream.changing.take() {
            Some(change) if !direction.is_empty() => self.add_cell_edit(&change, direction, effects),
            _ => self.stream.direction.give_up(purpose, Some(NO_CHANGE_OF_CHANGE.to_owned())),
        }
    }

    fn add_cell_edit(&mut self, change: &CellChange, direction: Vec<f32>, effects: &mut Vec<Effect>) {
        let edit = self.cell_edit(change, direction);
        if let Some(edit) = edit {
            self.edit_event(EditEvent::Added(vec![edit]), effects);
        }
    }

    /// The edit of a change; nothing where there is nothing to take values from.
    pub fn cell_edit(&self, change: &CellChange, direction: Vec<f32>) -> Option<Edit> {
        let layer = Some(Choice::One(change.layer));
        let hook = change.site.site().name().to_owned();
        let query = (!change.is_everywhere).then_some(Choice::One(change.position));
        let (head, neuron) = (None, None);
        let kind = match &change.how {
            CellEdit::Scale(factor) => EditKind::Scale { layer, hook, head, neuron, query, factor: *factor },
            CellEdit::Mean => EditKind::Set { layer, hook, head, neuron, query, value: SetValue::Each(direction) },
            CellEdit::FromOtherText => {
                let from = PatchFrom::Text(self.other_text()?.to_owned(), None);
                EditKind::Patch { layer, hook, query, head, neuron, from }
            }
            CellEdit::Token(_, factor) | CellEdit::Texts(_, factor) => {
                EditKind::Add { layer, hook, vector: direction, query, factor: *factor }
            }
            CellEdit::Neurons(neurons, factor) => {
                let position = (!change.is_everywhere).then_some(change.position);
                return self.mlp_neuron_scaling(change.layer, neurons, position, *factor);
            }
        };
        self.placed(kind)
    }

    /// The other text of the same model that the original is compared with.
    pub fn other_text(&self) -> Option<&str> {
        match &self.editing.against {
            Against::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Why a change of a cell was not made.
const NO_CHANGE_OF_CHANGE: &str = "A direction comes from one result: show the original or the edited one.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::causal_page;

    fn change(how: CellEdit, site: PatchSite) -> CellChange {
        CellChange { layer: 2, position: 1, is_everywhere: false, site, how }
    }

    #[test]
    fn a_change_is_an_edit_at_the_cell() {
        let page = causal_page();
        let json = |change: &CellChange, direction: &[f32]| {
            page.state.cell_edit(change, direction.to_vec()).map(|edit| edit.to_json().to_string())
        };
        let scaled = change(CellEdit::Scale(0.0), PatchSite::Attention);
        let expected = r#"{"factor":0.0,"hook":"hook_attn_out","kind":"scale","layer":2,"query":1}"#;
        assert_eq!(json(&scaled, &[]).as_deref(), Some(expected));
        let mean = change(CellEdit::Mean, PatchSite::Mlp);
        let expected = r#"{"hook":"hook_mlp_out","kind":"set","layer":2,"query":1,"value":[0.5,1.0]}"#;
        assert_eq!(json(&mean, &[0.5, 1.0]).as_deref(), Some(expected));
        let everywhere =
            CellChange { is_everywhere: true, ..change(CellEdit::Token(" a".to_owned(), 2.0), PatchSite::Stream) };
        let expected = r#"{"factor":2.0,"hook":"hook_resid_pre","kind":"add","layer":2,"vector":[0.5]}"#;
        assert_eq!(json(&everywhere, &[0.5]).as_deref(), Some(expected));
        let neurons = change(CellEdit::Neurons(vec![3, 9], -1.0), PatchSite::Mlp);
        let expected = r#"{"factor":-1.0,"hook":"mlp.hook_post","kind":"scale","layer":2,"neuron":[3,9],"query":1}"#;
        assert_eq!(json(&neurons, &[]).as_deref(), Some(expected));
        let patched = change(CellEdit::FromOtherText, PatchSite::Stream);
        assert_eq!(json(&patched, &[]), None, "there is no other text");
    }

    #[test]
    fn a_direction_is_asked_for_and_added_once_it_is_here() {
        let mut page = causal_page();
        let how = CellEdit::Texts([" love".to_owned(), " hate".to_owned()], 3.0);
        page.event(crate::state::Event::Stream(crate::state::StreamEvent::CellChanged(change(how, PatchSite::Stream))));
        let asked = page.sent.iter().rev().find_map(|message| match message {
            crate::protocol::ToWorker::Ask { request, question: question @ Question::Direction { .. }, .. } => {
                Some((*request, question.clone()))
            }
            _ => None,
        });
        let (request, question) = asked.unwrap();
        let made_of = DirectionOf::Texts(" love".to_owned(), " hate".to_owned());
        assert_eq!(question, Question::Direction { layer: 2, site: PatchSite::Stream, position: 1, made_of });
        assert!(page.state.editing.list.is_empty());
        let answer = (crate::protocol::Answer::Direction, vec![vec![0.5, -0.5]]);
        crate::state::tests::answered(&mut page, request, answer);
        let [listed] = page.state.editing.list.as_slice() else { panic!("{:?}", page.state.editing.list) };
        let expected = r#"{"factor":3.0,"hook":"hook_resid_pre","kind":"add","layer":2,"query":1,"vector":[0.5,-0.5]}"#;
        assert_eq!(listed.edit.to_json().to_string(), expected);
        assert!(page.state.stream.changing.is_none());
    }
}
