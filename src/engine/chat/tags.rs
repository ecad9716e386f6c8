//! `{% generation %}` … `{% endgeneration %}`: a tag of transformers that marks what the assistant wrote and leaves the text as it
//! is. minijinja has no tags beside its own, so it becomes a block that does nothing but keep its variables to itself.

/// The template with such tags in the place of transformers' own.
pub(super) fn without_generation(source: &str) -> String {
    let mut written = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at + 2);
        written.push_str(before);
        rest = tag;
        let trimmed = tag.trim_start_matches(['-', '+']).trim_start();
        for (name, instead) in [("generation", "with"), ("endgeneration", "endwith")] {
            let Some(after) = trimmed.strip_prefix(name) else { continue };
            if after.trim_start().trim_start_matches(['-', '+']).starts_with("%}") {
                written.push_str(&tag[..tag.len() - trimmed.len()]);
                written.push_str(instead);
                rest = after;
            }
        }
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tag_itself_is_replaced() {
        for (source, expected) in [
            ("a{% generation %}b{% endgeneration %}", "a{% with %}b{% endwith %}"),
            ("{%- generation -%}\n{%-endgeneration+%}", "{%- with -%}\n{%-endwith+%}"),
            ("{% if generation %}{{ generation }}", "{% if generation %}{{ generation }}"),
            ("{% generations %}{%", "{% generations %}{%"),
        ] {
            assert_eq!(without_generation(source), expected);
        }
    }
}
