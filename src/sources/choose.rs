//! Finds the checkpoints among a list of files: safetensors files, whole or in parts, or one of several GGUF files.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::size_words;

/// A checkpoint that can be loaded from the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// "safetensors", or the part of a GGUF file's name that tells it from the others, such as "Q4_K_M".
    pub label: String,
    /// Indices into the list of files.
    pub files: Vec<usize>,
    /// Length of these files together, in bytes.
    pub size: u64,
    /// Sentences for the reader, one for each thing that the checkpoint lacks.
    pub notes: Vec<String>,
}

/// Why the files do not make a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Sentence that names what is missing.
    pub message: String,
    /// Three lines of Python that convert the weights, where the files hold them in a form that only Python reads.
    pub convert: Option<[String; 3]>,
}

/// Files that may accompany safetensors files. The first tokenizer file that exists is taken.
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
/// Older tokenizer files, grouped by tokenizer.
const OLDER: [&[&str]; 7] = [
    &["vocab.txt"],
    &["vocab.json", "merges.txt"],
    &["vocab.json", "source.spm", "target.spm"],
    &["spiece.model"],
    &["sentencepiece.bpe.model"],
    &["tokenizer.model"],
    &["spm.model"],
];
const LABELS: &str = "labels.txt";
/// What says more about a tokenizer of any kind.
const BESIDE_TOKENIZER: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];
/// The chat template where it has a file of its own; the first that is there counts.
const CHAT: [&str; 2] = ["chat_template.jinja", "chat_template.json"];
/// What says which text a model writes.
const GENERATION: &str = "generation_config.json";
const ADAPTER: &str = "adapter_config.json";
const INDEX: &str = "model.safetensors.index.json";

/// The most GGUF files that are offered: the smallest ones. A repository has one for each quantisation.
const MAX_GGUFS: usize = 200;

/// Endings of files that hold pickled weights.
const PYTHON: [&str; 4] = [".bin", ".pt", ".pth", ".ckpt"];

/// The checkpoints among `files` (path and length in bytes), the unquantised one first, then by size. Files in folders
/// are ignored.
///
/// # Errors
/// When there is no checkpoint; the error says what is missing.
pub fn choices(files: &[(String, u64)]) -> Result<Vec<Choice>, Unusable> {
    let mut found = Vec::new();
    let problem = match safetensors(files) {
        Ok(choice) => {
            found.extend(choice);
            None
        }
        Err(problem) => Some(problem),
    };
    found.extend(ggufs(files));
    match (found.is_empty(), problem) {
        (false, _) => Ok(found),
        (true, Some(message)) => Err(Unusable { message, convert: None }),
        (true, None) => Err(nothing(files)),
    }
}

/// Three lines of Python that convert a PyTorch file to safetensors.
pub fn convert_lines(file: &str) -> [String; 3] {
    let quoted = file.replace('\\', "\\\\").replace('"', "\\\"");
    [
        "import torch, safetensors.torch".to_owned(),
        format!("weights = torch.load(\"{quoted}\", map_location=\"cpu\", weights_only=True)"),
        "safetensors.torch.save_file({name: tensor.clone().contiguous() for name, tensor in weights.items()}, \
         \"model.safetensors\")"
            .to_owned(),
    ]
}

fn safetensors(files: &[(String, u64)]) -> Result<Option<Choice>, String> {
    let at = |wanted: &str| files.iter().position(|(name, _)| name == wanted);
    // What stands beside an adapter without a configuration is the adapter's.
    let is_adapter = at(ADAPTER).is_some() && at(CONFIG).is_none();
    let weights = if is_adapter { Vec::new() } else { weights(files)? };
    if weights.is_empty() {
        // Who opens it says which model the adapter changes.
        let adapter = at(ADAPTER).map(|index| Choice {
            label: "adapter".to_owned(),
            files: vec![index],
            size: files[index].1,
            notes: Vec::new(),
        });
        return Ok(adapter);
    }
    let first = &files[weights[0]].0;
    let config = at(CONFIG).ok_or_else(|| format!("{CONFIG} is missing: it says what the weights in {first} are."))?;
    let mut taken = vec![config];
    let (tokenizer, note) = tokenizer(&at);
    taken.extend(tokenizer);
    taken.extend(at(GENERATION));
    taken.extend(weights);
    let size = taken.iter().fold(0, |size: u64, &index| size.saturating_add(files[index].1));
    Ok(Some(Choice { label: "safetensors".to_owned(), files: taken, size, notes: note.into_iter().collect() }))
}

/// Indices of the safetensors files with the weights: all parts of `…-00001-of-00003.safetensors`, or a single file.
fn weights(files: &[(String, u64)]) -> Result<Vec<usize>, String> {
    let here: Vec<usize> = (0..files.len())
        .filter(|&index| is_top(&files[index].0) && files[index].0.to_ascii_lowercase().ends_with(".safetensors"))
        .collect();
    let name = |index: usize| files[index].0.as_str();
    if let Some(&one) = here.iter().find(|&&index| name(index) == "model.safetensors") {
        return Ok(vec![one]);
    }
    let mut parts: Vec<(u32, u32, usize)> =
        here.iter().filter_map(|&index| part_of(name(index)).map(|(part, n_parts)| (part, n_parts, index))).collect();
    parts.sort_unstable();
    if let Some(&(_, n_parts, first)) = parts.first() {
        let here: HashSet<(u32, u32)> = parts.iter().map(|(part, n_all, _)| (*part, *n_all)).collect();
        let missing = (1..=n_parts).find(|part| !here.contains(&(*part, n_parts)));
        return match missing {
            None => {
                Ok(parts.into_iter().filter(|(_, n_all, _)| *n_all == n_parts).map(|(_, _, index)| index).collect())
            }
            Some(part) => {
                let stem = name(first).rsplitn(4, '-').last().unwrap_or_default();
                let width = name(first).rsplit('-').next().map_or(5, |end| end.len() - ".safetensors".len());
                Err(format!(
                    "{stem}-{part:0width$}-of-{n_parts:0width$}.safetensors is missing: {} of {n_parts} parts are here.",
                    parts.len()
                ))
            }
        };
    }
    // An adapter is not a model.
    let here: Vec<usize> = here.into_iter().filter(|&index| name(index) != "adapter_model.safetensors").collect();
    match here.as_slice() {
        [] if files.iter().any(|(name, _)| name == INDEX) => {
            Err(format!("The parts that {INDEX} names are missing: *.safetensors."))
        }
        [] | [_] => Ok(here),
        _ => {
            let names: Vec<&str> = here.iter().map(|&index| name(index)).collect();
            Err(format!(
                "There are several safetensors files ({}): choose one, named model.safetensors.",
                names.join(", ")
            ))
        }
    }
}

/// The part and the number of parts in a name: (2, 3) for "…-00002-of-00003.safetensors".
fn part_of(name: &str) -> Option<(u32, u32)> {
    let stem = name.rsplit_once('.')?.0;
    let (rest, n_parts) = stem.rsplit_once("-of-")?;
    let (_, part) = rest.rsplit_once('-')?;
    let number = |text: &str| text.parse().ok().filter(|number| (1..10_000).contains(number));
    Some((number(part)?, number(n_parts)?))
}

/// Indices of the tokenizer's files, and a sentence for the reader where there is no tokenizer.
fn tokenizer(at: &impl Fn(&str) -> Option<usize>) -> (Vec<usize>, Option<String>) {
    let with_more = |files: Vec<usize>| {
        let beside = BESIDE_TOKENIZER.iter().filter_map(|name| at(name));
        files.into_iter().chain(beside).chain(CHAT.iter().find_map(|name| at(name))).collect()
    };
    let found = OLDER.iter().find_map(|names| names.iter().map(|name| at(name)).collect::<Option<Vec<usize>>>());
    match (at(TOKENIZER), found) {
        (Some(tokenizer), _) => (with_more(vec![tokenizer]), None),
        (None, Some(older)) => (with_more(older), None),
        (None, None) => {
            // The set of which the fewest files are missing.
            let missing = |names: &&[&str]| names.iter().filter(|name| at(name).is_none()).count();
            let begun = OLDER
                .iter()
                .copied()
                .filter(|names| missing(names) < names.len())
                .min_by_key(|names| (missing(names), usize::MAX - names.len()));
            let what = match begun {
                Some(names) => {
                    let (here, gone): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| at(name).is_some());
                    let is = if gone.len() == 1 { "is" } else { "are" };
                    format!("{} {is} missing beside {}", gone.join(" and "), here.join(" and "))
                }
                None => "There is no tokenizer.json, nor older files of a tokenizer".to_owned(),
            };
            let labels = at(LABELS);
            let and = if labels.is_some() { ", shown with the labels of labels.txt" } else { "" };
            (labels.into_iter().collect(), Some(format!("{what}: the model reads token ids instead of text{and}.")))
        }
    }
}

fn ggufs(files: &[(String, u64)]) -> Vec<Choice> {
    let is_gguf = |name: &str| is_top(name) && name.to_ascii_lowercase().ends_with(".gguf");
    // Image projectors and GGUF files in parts are not supported.
    let is_whole = |name: &str| part_of(name).is_none() && !name.to_ascii_lowercase().starts_with("mmproj");
    let mut found: Vec<usize> =
        (0..files.len()).filter(|&index| is_gguf(&files[index].0) && is_whole(&files[index].0)).collect();
    found.sort_by_key(|&index| files[index].1);
    let stems: Vec<&str> = found.iter().map(|&index| gguf_stem(&files[index].0)).collect();
    // All begin alike up to there.
    let common = stems.iter().map(|stem| common_start(stem, stems[0])).min().unwrap_or(0);
    let n_more = found.len().saturating_sub(MAX_GGUFS);
    let note = (n_more > 0).then(|| format!("{n_more} larger GGUF files are not listed."));
    let choice = |(&index, stem): (&usize, &&str)| Choice {
        label: gguf_label(stem, if stems.len() == 1 { stem.len() } else { common }),
        files: vec![index],
        size: files[index].1,
        notes: note.iter().cloned().collect(),
    };
    found.iter().zip(&stems).take(MAX_GGUFS).map(choice).collect()
}

fn gguf_stem(name: &str) -> &str {
    &name[..name.len() - ".gguf".len()]
}

/// The part of a GGUF file's name that the other names lack, usually its quantisation: after the last mark within the `common`
/// beginning of all. For a single file, its last part.
fn gguf_label(stem: &str, common: usize) -> String {
    let shared = stem[..common].rfind(['.', '-']).map_or(0, |at| at + 1);
    let label = &stem[shared..];
    if label.is_empty() { stem.to_owned() } else { label.to_owned() }
}

fn common_start(one: &str, other: &str) -> usize {
    one.char_indices()
        .zip(other.chars())
        .find(|((_, a), b)| a != b)
        .map_or(one.len().min(other.len()), |((at, _), _)| at)
}

fn nothing(files: &[(String, u64)]) -> Unusable {
    let is_python = |name: &str| {
        let name = name.to_ascii_lowercase();
        PYTHON.iter().any(|end| name.ends_with(end))
            && !name.ends_with("training_args.bin")
            && !name.ends_with("optimizer.pt")
    };
    if let Some((name, size)) = files.iter().find(|(name, _)| is_top(name) && is_python(name)) {
        let message = format!(
            "{name} ({}) is in PyTorch’s own form, which can hold any program and which only Python reads. Convert it with \
             these three lines, then open the folder again.",
            size_words(*size)
        );
        return Unusable { message, convert: Some(convert_lines(name)) };
    }
    if files.iter().any(|(name, _)| name.to_ascii_lowercase().ends_with(".gguf")) {
        let message = "The GGUF files here are in parts or no language models: take one that is whole.".to_owned();
        return Unusable { message, convert: None };
    }
    const N_NAMED: usize = 6;
    let mut names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).take(N_NAMED).collect();
    if files.len() > N_NAMED {
        names.push("…");
    }
    let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let message = if files.iter().any(|(name, _)| name == CONFIG) {
        format!("The weights are missing: a *.safetensors file belongs beside {CONFIG} (found: {found}).")
    } else {
        format!(
            "There is no checkpoint here: it takes config.json with *.safetensors, or a *.gguf file (found: {found})."
        )
    };
    Unusable { message, convert: None }
}

fn is_top(name: &str) -> bool {
    !name.contains('/')
}

#[cfg(test)]
mod tests;
