//! docs/methods.md lists the program's scores with their formulas.

use headlight::analysis::scores::Score;

use super::pages::{read, rows, section};

#[test]
fn every_score_has_its_formula() {
    let documented = rows(&section(&read("docs/methods.md"), "Head scores"));
    let known: Vec<Vec<&str>> = Score::ALL.map(|score| vec![score.name(), score.formula()]).to_vec();
    assert_eq!(documented, known);
}
