//! Finishes the pages that trunk leaves in dist/: puts the build id in, and takes out what only trunk reads.

use crate::page;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Where embed.html takes over the style sheets of index.html.
const STYLES: &str = "__STYLES__";

/// Where a page names what its program needs at first, beside what starts it.
const PARTS: &str = "<!-- parts of the program -->";

/// Finishes index.html, and embed.html, which has the same style.
pub fn finish(dist: &Path, id: &str) -> Result<()> {
    let index = read(dist, "index.html")?;
    if !index.contains("__BUILD__") {
        bail!("index.html has no __BUILD__ to replace by the build id");
    }
    let embed = read(dist, "embed.html")?.replace(STYLES, &sheet_lines(&index).join("\n    "));
    let (first, all) = (page::files_of(dist, &["reader"])?, page::files_of(dist, &["reader", "views"])?);
    write(dist, "embed.html", &finished(&with_parts(&embed, &all)?, id))?;
    write(dist, "index.html", &finished(&with_parts(&index, &first)?, id))
}

/// A page that has these files under way from the start.
fn with_parts(page: &str, files: &[String]) -> Result<String> {
    if !page.contains(PARTS) {
        bail!("a page has no {PARTS} to replace by parts of its program");
    }
    let link = |name: &String| {
        format!("<link rel=\"preload\" as=\"fetch\" crossorigin=\"anonymous\" href=\"{name}?v=__BUILD__\" />")
    };
    Ok(page.replace(PARTS, &files.iter().map(link).collect::<Vec<_>>().join("\n    ")))
}

/// The style sheets that index.html names, in its order: their paths in dist/.
pub fn sheets(dist: &Path) -> Result<Vec<String>> {
    let index = read(dist, "index.html")?;
    let path = |line: &str| {
        let path = line.split("href=\"").nth(1).and_then(|rest| rest.split(['?', '"']).next());
        path.map(str::to_owned).context("a style sheet of index.html has no href")
    };
    sheet_lines(&index).into_iter().map(path).collect()
}

fn sheet_lines(index: &str) -> Vec<&str> {
    index.lines().filter(|line| line.contains("rel=\"stylesheet\"")).map(str::trim).collect()
}

fn finished(text: &str, id: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = ["<link data-trunk", "<!-- trunk:"].iter().filter_map(|mark| rest.find(mark)).min() {
        kept.push_str(&rest[..start]);
        rest = rest[start..].find('>').map_or("", |end| &rest[start + end + 1..]);
    }
    kept.push_str(rest);
    let lines = kept.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n"));
    lines.collect::<String>().replace("__BUILD__", id)
}

/// Reads a text of dist/.
pub fn read(dist: &Path, name: &str) -> Result<String> {
    fs::read_to_string(dist.join(name)).with_context(|| format!("dist/ has no {name}"))
}

/// Writes a text of dist/.
pub fn write(dist: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(dist.join(name), text).with_context(|| format!("cannot write dist/{name}"))
}

#[cfg(test)]
mod tests {
    use super::{finished, sheet_lines, with_parts};

    #[test]
    fn index_loses_trunk_links_and_gets_the_id() {
        let text = "<head>\n <!-- trunk: a -->\n    <link data-trunk rel=\"rust\" data-bin=\"app\" />\n    <meta content=\"__BUILD__\" />\n</head>";
        assert_eq!(finished(text, "12"), "<head>\n    <meta content=\"12\" />\n</head>\n");
    }

    #[test]
    fn a_page_names_the_parts_of_its_program() {
        let page = with_parts(
            "<head>\n    <!-- parts of the program -->\n</head>",
            &["a.wasm".to_owned(), "b.wasm".to_owned()],
        )
        .unwrap();
        let lines: Vec<&str> = page.lines().map(str::trim).collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].ends_with("href=\"a.wasm?v=__BUILD__\" />") && lines[2].contains("b.wasm"), "{lines:?}");
        assert!(with_parts("<head></head>", &[]).is_err());
    }

    #[test]
    fn style_sheets_are_found_in_their_order() {
        let text = "<link rel=\"icon\" />\n  <link rel=\"stylesheet\" href=\"b.css\" />\n  <link rel=\"stylesheet\" href=\"a.css\" />";
        let lines = ["<link rel=\"stylesheet\" href=\"b.css\" />", "<link rel=\"stylesheet\" href=\"a.css\" />"];
        assert_eq!(sheet_lines(text), lines);
    }
}
