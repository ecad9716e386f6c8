//! Files that are not what their names say, recognised by how they start: the message then says what to do.

/// What a file is instead of a checkpoint, a tokenizer or a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignFile {
    /// Git LFS's stand-in for a large file.
    #[error(
        "{file} is a Git LFS pointer, not the file: its {size} bytes were not fetched. Run \"git lfs pull\" in its folder, or \
         download the file by itself"
    )]
    Pointer {
        /// The file.
        file: String,
        /// Length of the file that it stands for, as the pointer has it.
        size: String,
    },
    /// A web page, saved or sent in the place of the file.
    #[error("{file} is a web page, not the file: download it again, by the link that leads to the file itself")]
    WebPage {
        /// The file.
        file: String,
    },
}

/// Bytes from the start of a file that tell what it is.
pub const FOREIGN_BYTES: u64 = 512;

impl ForeignFile {
    /// What `start`, the first bytes of a file, says of it; nothing for any other file.
    pub fn of(file: &str, start: &[u8]) -> Option<Self> {
        let start = String::from_utf8_lossy(&start[..start.len().min(FOREIGN_BYTES as usize)]);
        if start.starts_with("version https://git-lfs.github.com/spec/") {
            let size = start.lines().find_map(|line| line.strip_prefix("size ")).unwrap_or("unknown").to_owned();
            return Some(ForeignFile::Pointer { file: file.to_owned(), size });
        }
        let start = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_ascii_lowercase();
        let is_page = ["<!doctype html", "<html"].iter().any(|tag| start.starts_with(tag));
        is_page.then(|| ForeignFile::WebPage { file: file.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_pages_are_told_from_files() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 428344\n";
        let message = ForeignFile::of("model.safetensors", pointer.as_bytes()).unwrap().to_string();
        assert!(
            message.starts_with("model.safetensors is a Git LFS pointer, not the file: its 428344 bytes"),
            "{message}"
        );
        for page in ["<!DOCTYPE html><title>Sign in</title>", "\u{feff}\n <html lang=\"en\">"] {
            let message = ForeignFile::of("m.gguf", page.as_bytes()).unwrap().to_string();
            assert!(message.starts_with("m.gguf is a web page"), "{message}");
        }
        for file in ["{\"model_type\": \"bert\"}", "GGUF", "version 2 of a vocabulary", "<unk>\n<s>\n<html>\n", ""] {
            assert_eq!(ForeignFile::of("f", file.as_bytes()), None, "{file}");
        }
    }
}
