//! The table of known data sets. The more columns a set is known by, the further up it stands.

use super::pairs::{blimp, crows_pairs, labelled, stereo_set};
use super::{Known, wino_bias, winogender};

const ANY: Known =
    Known { name: "", columns: &[], fits: |_| true, rows: |_| Ok(Vec::new()), has_literal_quotes: false };

/// A GLUE set, or one in its form: a text, perhaps a second one, and a label. Its files have no quoted cells.
const fn glue(
    name: &'static str,
    columns: &'static [&'static str],
    rows: fn(&super::Record) -> Result<Vec<super::Row>, String>,
) -> Known {
    Known { name, columns, rows, has_literal_quotes: true, ..ANY }
}

pub(super) static KNOWN: [Known; 20] = [
    Known { name: "CrowS-Pairs", columns: &["sent_more", "sent_less"], rows: crows_pairs, ..ANY },
    Known { name: "BLiMP", columns: &["sentence_good", "sentence_bad"], rows: blimp, ..ANY },
    Known { name: "StereoSet", columns: &["context", "sentences"], rows: stereo_set, ..ANY },
    Known { name: "WinoBias", columns: &["tokens", "coreference_clusters"], rows: wino_bias::tokens, ..ANY },
    Known { name: "WinoBias", columns: &["line"], fits: wino_bias::fits, rows: wino_bias::line, ..ANY },
    Known {
        name: "Winogender",
        columns: &["occupation(0)", "other-participant(1)", "answer", "sentence"],
        rows: winogender::template,
        ..ANY
    },
    Known { name: "Winogender", columns: &["sentid", "sentence"], rows: winogender::sentence, ..ANY },
    glue("MRPC", &["quality", "#1 string", "#2 string"], |record| {
        labelled(record, "#1 string", Some("#2 string"), "quality")
    }),
    glue("QQP", &["question1", "question2", "is_duplicate"], |record| {
        labelled(record, "question1", Some("question2"), "is_duplicate")
    }),
    glue("STS-B", &["sentence1", "sentence2", "similarity_score"], |record| {
        labelled(record, "sentence1", Some("sentence2"), "similarity_score")
    }),
    glue("STS-B", &["sentence1", "sentence2", "score"], |record| {
        labelled(record, "sentence1", Some("sentence2"), "score")
    }),
    glue("MNLI", &["sentence1", "sentence2", "gold_label"], |record| {
        labelled(record, "sentence1", Some("sentence2"), "gold_label")
    }),
    glue("MNLI", &["premise", "hypothesis", "label"], |record| {
        labelled(record, "premise", Some("hypothesis"), "label")
    }),
    glue("QNLI", &["question", "sentence", "label"], |record| labelled(record, "question", Some("sentence"), "label")),
    glue("GLUE pairs", &["index", "sentence1", "sentence2", "label"], |record| {
        labelled(record, "sentence1", Some("sentence2"), "label")
    }),
    glue("PAWS", &["id", "sentence1", "sentence2", "label"], |record| {
        labelled(record, "sentence1", Some("sentence2"), "label")
    }),
    glue("GLUE pairs", &["idx", "sentence1", "sentence2", "label"], |record| {
        labelled(record, "sentence1", Some("sentence2"), "label")
    }),
    glue("CoLA", &["source", "acceptability", "mark", "sentence"], |record| {
        labelled(record, "sentence", None, "acceptability")
    }),
    glue("GLUE sentences", &["idx", "sentence", "label"], |record| labelled(record, "sentence", None, "label")),
    glue("SST-2", &["sentence", "label"], |record| labelled(record, "sentence", None, "label")),
];
