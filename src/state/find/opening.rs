//! A row of a search in the other views.

use crate::protocol::{Input, InputText, TargetAsked};
use crate::state::{Effect, State, View};

impl State {
    /// Runs a row in the other views, with the chosen head and its two words selected.
    pub(super) fn open_row(&mut self, index: usize, effects: &mut Vec<Effect>) {
        let Some(search) = self.find.search.clone() else { return };
        let Some(row) = search.set.rows.get(index) else { return };
        let text = match &row.text_pair {
            Some(pair) => InputText::Pair(row.text.clone(), pair.clone()),
            None => InputText::Single(row.text.clone()),
        };
        self.fill_in(&Input { text, cut: false, bos: None, target: TargetAsked::Generated });
        self.leave_example();
        if let Some(head) = self.find.head {
            let (layer, head) = search.place(head);
            (self.selection.layer, self.selection.heads) = (layer, [head].into());
        }
        if let Some(read) = search.rows.iter().find(|read| read.row as usize == index) {
            let marked = |name: &str| read.marks.iter().find(|(mark, _)| mark == name);
            let positions =
                |name: &str| marked(name).into_iter().flat_map(|(_, at)| at).map(|at| *at as usize).collect();
            let (reading, read) = search.form.ends();
            (self.selection.queries, self.selection.keys) = (positions(reading), positions(read));
        }
        self.selection.view = View::Head;
        self.run(false, effects);
    }
}
