//! Sets of texts: the first byte says which ending the file's name has. What is read can be written, and read again as the same rows.

use headlight::sets::{Columns, MAX_ROWS, read, to_json_lines};

const NAMES: [&str; 6] = ["", "x.csv", "x.tsv", "x.json", "x.jsonl", "x.txt"];

pub fn run(data: &[u8]) {
    let (kind, bytes) = data.split_first().map_or((0, data), |(kind, rest)| (usize::from(*kind), rest));
    match read(NAMES[kind % NAMES.len()], bytes, &Columns::default()) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(set) => {
            assert!(set.rows.len() <= MAX_ROWS + 1, "the last record may hold two rows");
            assert!(set.refused.iter().all(|refused| !refused.reason.is_empty()));
            if set.rows.is_empty() {
                return;
            }
            let lines = to_json_lines(&set.rows);
            let again = read("x.jsonl", lines.as_bytes(), &Columns::default());
            assert!(again.is_ok_and(|again| again.rows == set.rows && again.refused.is_empty()), "{lines}");
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let seeds: [(u8, &str); 9] = [
        (1, "sentence1,sentence2,label,id\n\"a, b\",c,1,2\nd,e,0,3\n"),
        (1, "x;sent_more;sent_less\n1;She cooks.;He cooks.\n"),
        (2, "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\t\"I am\there\n"),
        (2, "sentid\tsentence\ncook.guest.1.female.txt\tThe cook saw her.\ncook.guest.1.male.txt\tThe cook saw him.\n"),
        (
            3,
            "{\"data\":{\"intra\":[{\"id\":\"x\",\"context\":\"BLANK\",\"sentences\":[{\"sentence\":\"S\",\"gold_label\":\"stereotype\"},{\"sentence\":\"A\",\"gold_label\":\"anti-stereotype\"}]}]}}",
        ),
        (
            4,
            "{\"text\":\"na\u{ef}ve\",\"marks\":{\"w\":[0,6]},\"answer\":\"a\",\"others\":[\"b\"],\"label\":1.5}\n{\"text\":\"b\",\"pair_id\":\"p\",\"version\":\"a\"}\n",
        ),
        (4, "{\"tokens\":[\"The\",\"cook\",\"saw\",\"her\"],\"coreference_clusters\":[\"0\",\"1\",\"3\",\"3\"]}\n"),
        (0, "A man walks\tA person moves\t1\n"),
        (5, "1 [The developer] argued with the designer because [she] did not like it.\n"),
    ];
    seeds.iter().map(|(kind, text)| [&[*kind], text.as_bytes()].concat()).collect()
}
