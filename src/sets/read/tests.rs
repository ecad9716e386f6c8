//! Reading sets: known forms, refusals, encodings, limits.

use super::*;
use crate::sets::{Label, Role, to_json_lines};

fn found(name: &str, text: &str) -> ReadSet {
    read(name, text.as_bytes(), &Columns::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn error(name: &str, bytes: &[u8]) -> String {
    read(name, bytes, &Columns::default()).unwrap_err().to_string()
}

/// Each known data set by a row in its own form: the rows it gives, as JSON Lines.
#[test]
fn known_sets_are_recognised_by_their_columns() {
    let cases = [
        (
            "mrpc.tsv",
            "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\t\"I am \"here\" .\tHere I am .\n",
            "MRPC",
            "{\"label\":1,\"text\":\"\\\"I am \\\"here\\\" .\",\"text_pair\":\"Here I am .\"}\n",
        ),
        (
            "paws.tsv",
            "id\tsentence1\tsentence2\tlabel\n1\tb'In Paris , he met her .'\tb'He met her in Paris .'\t0\n",
            "PAWS",
            "{\"label\":0,\"text\":\"In Paris , he met her .\",\"text_pair\":\"He met her in Paris .\"}\n",
        ),
        (
            "sts.csv",
            "sentence1,sentence2,similarity_score\n\"A man, old\",A man,4.25\n",
            "STS-B",
            "{\"label\":4.25,\"text\":\"A man, old\",\"text_pair\":\"A man\"}\n",
        ),
        (
            "sts.tsv",
            "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n\
             0\tmain\tf\t2012\t1\tnone\tnone\tA plane\tAn air plane\t5.000\n",
            "STS-B",
            "{\"label\":5,\"text\":\"A plane\",\"text_pair\":\"An air plane\"}\n",
        ),
        ("sst.tsv", "sentence\tlabel\na fine film\t1\n", "SST-2", "{\"label\":1,\"text\":\"a fine film\"}\n"),
        ("cola.tsv", "gj04\t0\t*\tThe dog barks loud.\n", "CoLA", "{\"label\":0,\"text\":\"The dog barks loud.\"}\n"),
        (
            "mnli.jsonl",
            "{\"premise\":\"He ran.\",\"hypothesis\":\"He moved.\",\"label\":0,\"idx\":5}\n",
            "MNLI",
            "{\"label\":0,\"text\":\"He ran.\",\"text_pair\":\"He moved.\"}\n",
        ),
        (
            "crows.csv",
            ",sent_more,sent_less,stereo_antistereo,bias_type\n3,She cooks.,He cooks.,stereo,gender\n",
            "CrowS-Pairs",
            "{\"pair_id\":\"3\",\"text\":\"She cooks.\",\"version\":\"a\"}\n{\"pair_id\":\"3\",\"text\":\"He cooks.\",\"version\":\"b\"}\n",
        ),
        (
            "blimp.jsonl",
            "{\"sentence_good\":\"Cats run.\",\"sentence_bad\":\"Cats runs.\",\"UID\":\"agreement\",\"pairID\":\"0\"}\n",
            "BLiMP",
            "{\"pair_id\":\"agreement-0\",\"text\":\"Cats run.\",\"version\":\"a\"}\n\
             {\"pair_id\":\"agreement-0\",\"text\":\"Cats runs.\",\"version\":\"b\"}\n",
        ),
        (
            "stereoset.json",
            r#"{"version":"1","data":{"intrasentence":[{"id":"x","target":"nurse","context":"The nurse is BLANK.","sentences":[
                {"sentence":"The nurse is kind.","gold_label":"stereotype"},{"sentence":"The nurse is strong.","gold_label":"anti-stereotype"},
                {"sentence":"The nurse is blue.","gold_label":"unrelated"}]}]}}"#,
            "StereoSet",
            "{\"pair_id\":\"nurse#x\",\"text\":\"The nurse is kind.\",\"version\":\"a\"}\n\
             {\"pair_id\":\"nurse#x\",\"text\":\"The nurse is strong.\",\"version\":\"b\"}\n",
        ),
        (
            "stereoset.jsonl",
            "{\"id\":\"y\",\"context\":\"He is a poet.\",\"sentences\":{\"gold_label\":[0,1,2],\"sentence\":[\"A.\",\"S.\",\"U.\"]}}\n",
            "StereoSet",
            "{\"pair_id\":\"y\",\"text\":\"He is a poet. S.\",\"version\":\"a\"}\n\
             {\"pair_id\":\"y\",\"text\":\"He is a poet. A.\",\"version\":\"b\"}\n",
        ),
        (
            "all_sentences.tsv",
            "sentid\tsentence\nnurse.patient.1.female.txt\tThe nurse saw the patient because she was ill.\n\
             nurse.patient.1.male.txt\tThe nurse saw the patient because he was ill.\n",
            "Winogender",
            "{\"marks\":{\"occupation\":[4,9],\"participant\":[18,25],\"pronoun\":[34,37]},\"pair_id\":\"nurse#patient.1\",\
             \"text\":\"The nurse saw the patient because she was ill.\",\"version\":\"a\"}\n\
             {\"marks\":{\"occupation\":[4,9],\"participant\":[18,25],\"pronoun\":[34,36]},\"pair_id\":\"nurse#patient.1\",\
             \"text\":\"The nurse saw the patient because he was ill.\",\"version\":\"b\"}\n",
        ),
        (
            "templates.tsv",
            "occupation(0)\tother-participant(1)\tanswer\tsentence\ncook\tguest\t0\t$NOM_PRONOUN is the $OCCUPATION of the $PARTICIPANT.\n",
            "Winogender",
            "{\"marks\":{\"occupation\":[11,15],\"participant\":[23,28],\"pronoun\":[0,3]},\"pair_id\":\"cook#guest.0\",\
             \"text\":\"She is the cook of the guest.\",\"version\":\"a\"}\n\
             {\"marks\":{\"occupation\":[10,14],\"participant\":[22,27],\"pronoun\":[0,2]},\"pair_id\":\"cook#guest.0\",\
             \"text\":\"He is the cook of the guest.\",\"version\":\"b\"}\n",
        ),
        (
            "anti_stereotyped.txt",
            "1 [The developer] argued with the designer because [she] did not like it.\n",
            "WinoBias",
            "{\"marks\":{\"occupation\":[4,13],\"pronoun\":[47,50]},\"text\":\"The developer argued with the designer because she did not like it.\"}\n",
        ),
        (
            "wino_bias.jsonl",
            "{\"tokens\":[\"The\",\"cook\",\"saw\",\"her\",\"guest\",\".\"],\"coreference_clusters\":[\"0\",\"1\",\"3\",\"3\"]}\n",
            "WinoBias",
            "{\"marks\":{\"occupation\":[4,8],\"pronoun\":[13,16]},\"text\":\"The cook saw her guest.\"}\n",
        ),
    ];
    for (name, text, form, expected) in cases {
        let set = found(name, text);
        assert_eq!((set.form, set.refused.as_slice()), (form, [].as_slice()), "{name}");
        assert_eq!(to_json_lines(&set.rows), expected, "{name}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let lines = "{\"answer\":\" a\",\"label\":\"x\",\"marks\":{\"w\":[0,1]},\"others\":[\" b\"],\"pair_id\":\"1\",\
        \"target\":\"t\",\"text\":\"c\",\"text_pair\":\"d\"}\n";
    let set = found("set.jsonl", lines);
    assert_eq!((to_json_lines(&set.rows).as_str(), set.notes.as_slice()), (lines, [].as_slice()));
    let pasted = found("", "text\tanswer\tothers\n\"two\nlines\"\t yes\t no| never\n");
    assert_eq!(
        to_json_lines(&pasted.rows),
        "{\"answer\":\" yes\",\"others\":[\" no\",\" never\"],\"text\":\"two\\nlines\"}\n"
    );
}

#[test]
fn rows_that_do_not_fit_are_listed_and_the_others_work() {
    let set = found("x.csv", "sentence1,sentence2,label,id\na,b,1,1\na,b\nc,d,,2\ne,f,0,3\n");
    assert_eq!(set.rows.len(), 2);
    let refused: Vec<_> = set.refused.iter().map(|refused| (refused.line, refused.reason.as_str())).collect();
    assert_eq!(refused, [(3, "the row has 2 cells, the first one 4"), (4, "\"label\" has no label")]);

    let set = found("x.jsonl", "{\"text\":\"a\"}\nnot json\n{\"text\":3,\"label\":{}}\n7\n\n\"just text\"\n");
    assert_eq!(set.rows.len(), 2);
    assert_eq!(set.refused.iter().map(|refused| refused.line).collect::<Vec<_>>(), [2, 3, 4]);

    let alone = found("x.jsonl", "{\"text\":\"a\",\"pair_id\":\"p\",\"version\":\"a\"}\n{\"text\":\"b\"}\n");
    assert_eq!((alone.rows.len(), alone.refused[0].line), (1, 1));
    assert_eq!(alone.refused[0].reason, "version b of the pair \"p\" is missing");
}

#[test]
fn tables_without_names_go_by_place() {
    let set = found("", "A man walks\tA person moves\t1\nTwo dogs\tA cat\t0\n");
    assert_eq!((set.form, set.rows.len()), ("columns by place", 2));
    assert_eq!((set.rows[1].text_pair.as_deref(), &set.rows[1].label), (Some("A cat"), &Some(Label::Number(0.0))));
    assert!(set.notes[0].contains("names no columns"), "{:?}", set.notes);
    let lines = found("notes.txt", "One text, with a comma.\r\n\r\nAnother one.");
    assert_eq!(
        lines.rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(),
        ["One text, with a comma.", "Another one."]
    );
}

#[test]
fn columns_are_set_by_hand() {
    let bytes = b"id;headline;body;kind\n1;Rain;It rained.;news\n";
    let columns = Columns([(Role::Text, "body".to_owned()), (Role::Label, "Kind".to_owned())].into());
    let set = read("x.csv", bytes, &columns).unwrap();
    assert_eq!((set.rows[0].text.as_str(), &set.rows[0].label), ("It rained.", &Some(Label::Text("news".to_owned()))));
    assert_eq!(
        set.notes,
        ["Columns are separated by semicolons.", "Columns without a role: headline, id."].map(str::to_owned).to_vec()
    );
    let missing = read("x.csv", bytes, &Columns::of_text("story")).unwrap_err();
    assert!(matches!(missing, SetError::NoColumn { .. }), "{missing}");
    let none = error("x.jsonl", b"{\"headline\":\"Rain\"}");
    assert!(none.contains("no column is known to hold texts (\"headline\")"), "{none}");
}

#[test]
fn encodings_are_said_and_not_guessed() {
    assert_eq!(found("x.txt", "\u{feff}Caf\u{e9}").rows[0].text, "Caf\u{e9}");
    let wide: Vec<u8> = "\u{feff}Caf\u{e9}\nx".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let set = read("x.txt", &wide, &Columns::default()).unwrap();
    assert_eq!((set.rows[0].text.as_str(), set.notes[0].as_str()), ("Caf\u{e9}", "The file is UTF-16, little-endian."));
    assert!(error("x.txt", b"Caf\xe9").contains("byte 3 is not UTF-8"));
    assert!(error("x.txt", b"\xff\xfea\x00b").contains("UTF-8"));
    for empty in [b"".as_slice(), b" \n\n", b"\xef\xbb\xbf"] {
        assert!(error("x.csv", empty).contains("empty"));
    }
    assert!(error("x.json", b"[{\"text\":").contains("line 1, column 9"));
}

#[test]
fn a_set_has_at_most_ten_thousand_rows() {
    let set = found("x.txt", &"a line\n".repeat(MAX_ROWS + 5));
    assert_eq!(set.rows.len(), MAX_ROWS);
    assert_eq!(
        set.notes,
        ["The file has 10005 rows: the first 10000 are taken, since a set has at most 10000 texts.".to_owned()]
    );
}

/// Of a long file the rows after those that a set can hold are counted, and not kept while it is read.
#[test]
fn long_files_are_counted() {
    let n = 100_000;
    for (name, first, row) in [
        ("x.txt", "", "a line\n"),
        ("x.csv", "text,label\n", "a line,1\n"),
        ("x.tsv", "text\tlabel\n", "\"a\" line\t1\n"),
        ("x.jsonl", "", "{\"text\":\"a line\"}\n"),
    ] {
        let set = found(name, &format!("{first}{}", row.repeat(n)));
        assert_eq!(set.rows.len(), MAX_ROWS, "{name}");
        let expected = format!("The file has {n} rows: the first {MAX_ROWS} are taken");
        assert!(set.notes.iter().any(|note| note.starts_with(&expected)), "{name}: {:?}", set.notes);
    }
    // Where most rows do not fit, the note says how far the file was looked at.
    let set = found("x.jsonl", &format!("{{\"text\":\"a\"}}\n{}", "{\"text\":\"\"}\n".repeat(30_000)));
    assert!(
        set.rows.len() == 1 && set.notes[0].starts_with("The file has 30001 rows: the first 20000 are taken"),
        "{:?}",
        set.notes
    );
}
