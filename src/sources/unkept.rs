//! What the reader is told of a model that the browser could not keep.

/// The sentences about a model that was fetched and runs, but is not kept as a whole; `reason` is the browser's.
pub fn unkept(model: &str, reason: &str) -> String {
    // No browser names its reason alike, but each calls the bound of its storage a quota.
    let is_full = reason.to_ascii_lowercase().contains("quota");
    let why = if is_full { "whose storage is full".to_owned() } else { format!("whose storage failed ({reason})") };
    format!(
        "{model} is not kept in this browser, {why}: it runs from memory, and the next visit downloads it again. To keep it, \
         delete other models under “Models on this device”, then load it again"
    )
}

#[cfg(test)]
mod tests {
    use super::unkept;

    #[test]
    fn the_reader_is_told_which_model_is_not_kept_why_and_what_to_do() {
        for (reason, expected) in [
            ("Quota exceeded.", "t/full is not kept in this browser, whose storage is full: it runs from memory"),
            ("The quota has been exceeded.", "whose storage is full:"),
            ("Unexpected internal error.", "whose storage failed (Unexpected internal error.):"),
        ] {
            let told = unkept("t/full", reason);
            assert!(told.contains(expected) && told.contains("under “Models on this device”"), "{told}");
        }
    }
}
