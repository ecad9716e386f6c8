//! Where a checkpoint's chat template is: chat_template.jinja, else `chat_template` of tokenizer_config.json, else
//! chat_template.json; in a GGUF file `tokenizer.chat_template`.

use serde_json::Value;

use super::ChatTemplate;
use crate::engine::files::gguf::Gguf;
use crate::engine::tokenizer::Tokenizer;

const JINJA: &str = "chat_template.jinja";
const JSON: &str = "chat_template.json";
const CONFIG: &str = "tokenizer_config.json";
const FIELD: &str = "chat_template";
const GGUF_FIELD: &str = "tokenizer.chat_template";

/// The files that hold nothing but a chat template, as far as they are there.
#[derive(Debug, Default)]
pub struct ChatFiles {
    jinja: Option<Vec<u8>>,
    json: Option<Vec<u8>>,
    gguf: Option<Result<String, String>>,
}

impl ChatFiles {
    /// Names of the files.
    pub const NAMES: [&str; 2] = [JINJA, JSON];

    /// Takes a file by its name; false for other names.
    pub fn take(&mut self, name: &str, bytes: &[u8]) -> bool {
        let place = match name {
            JINJA => &mut self.jinja,
            JSON => &mut self.json,
            _ => return false,
        };
        *place = Some(bytes.to_vec());
        true
    }

    /// Takes the template of a GGUF file.
    pub fn take_gguf(&mut self, gguf: &Gguf) {
        let found = gguf.optional(GGUF_FIELD, Gguf::string).map(|source| source.map(str::to_owned));
        self.gguf = found.map_err(|error| error.to_string()).transpose();
    }

    /// The template, if there is one. `config`: tokenizer_config.json, if it is there.
    ///
    /// # Errors
    /// A sentence where there is one that cannot be read.
    pub fn template(&self, config: Option<&[u8]>, tokenizer: &Tokenizer) -> Result<Option<ChatTemplate>, String> {
        let source = match (&self.gguf, &self.jinja) {
            (Some(source), _) => Some(source.clone()?),
            (None, Some(jinja)) => Some(text(JINJA, jinja)?),
            (None, None) => match of_json(CONFIG, config)? {
                Some(source) => Some(source),
                None => of_json(JSON, self.json.as_deref())?,
            },
        };
        Ok(source.map(|source| ChatTemplate { source, tokens: tokenizer.named_tokens().to_vec() }))
    }
}

fn text(file: &str, bytes: &[u8]) -> Result<String, String> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|error| format!("{file} is not text: {error}"))
}

/// The field of a JSON file: a template, a list of templates with names, or an object from names to templates.
fn of_json(file: &str, bytes: Option<&[u8]>) -> Result<Option<String>, String> {
    let Some(bytes) = bytes else { return Ok(None) };
    let json: Value = serde_json::from_slice(bytes).map_err(|error| format!("{file} cannot be read: {error}"))?;
    let named: Vec<(&str, &str)> = match json.get(FIELD) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(source)) => return Ok(Some(source.clone())),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|entry| Some((entry.get("name")?.as_str()?, entry.get("template")?.as_str()?)))
            .collect(),
        Some(Value::Object(map)) => {
            map.iter().filter_map(|(name, source)| Some((name.as_str(), source.as_str()?))).collect()
        }
        Some(_) => return Err(format!("{file}: {FIELD} is neither a template nor a list of templates with names")),
    };
    match named.iter().find(|(name, _)| *name == "default") {
        Some((_, source)) => Ok(Some((*source).to_owned())),
        None => {
            let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Err(format!("{file}: {FIELD} has no template named default (found: {names})"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENIZER: &[u8] = br#"{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}}"#;

    fn found(files: &[(&str, &str)]) -> Result<Option<String>, String> {
        let tokenizer = Tokenizer::from_tokenizer_json("tokenizer.json", TOKENIZER).unwrap();
        let mut chat = ChatFiles::default();
        let mut config = None;
        for (name, content) in files {
            match chat.take(name, content.as_bytes()) {
                true => {}
                false => config = Some(content.as_bytes()),
            }
        }
        chat.template(config, &tokenizer).map(|template| template.map(|template| template.source))
    }

    #[test]
    fn the_file_that_transformers_would_take_is_taken() {
        let of_config = (CONFIG, r#"{"chat_template":"of config"}"#);
        let named = (
            CONFIG,
            r#"{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"of list"}]}"#,
        );
        let of_json = (JSON, r#"{"chat_template":"of json"}"#);
        let jinja = (JINJA, "of jinja");
        type Folder<'a> = &'a [(&'a str, &'a str)];
        let table: [(Folder<'_>, Option<&str>); 7] = [
            (&[], None),
            (&[(CONFIG, "{}")], None),
            (&[of_config, of_json], Some("of config")),
            (&[named], Some("of list")),
            (&[of_config, jinja, of_json], Some("of jinja")),
            (&[(CONFIG, r#"{"chat_template":null}"#), of_json], Some("of json")),
            (&[(JSON, r#"{"chat_template":{"default":"of object","rag":"r"}}"#)], Some("of object")),
        ];
        for (files, expected) in table {
            assert_eq!(found(files), Ok(expected.map(str::to_owned)), "{files:?}");
        }
    }

    #[test]
    fn a_template_that_cannot_be_read_is_named() {
        let table = [
            (JSON, "[", "chat_template.json cannot be read"),
            (CONFIG, r#"{"chat_template":3}"#, "tokenizer_config.json: chat_template is neither"),
            (CONFIG, r#"{"chat_template":[{"name":"rag","template":"r"}]}"#, "no template named default (found: rag)"),
        ];
        for (name, content, expected) in table {
            let error = found(&[(name, content)]).unwrap_err();
            assert!(error.contains(expected), "{content}: {error}");
        }
    }
}
