//! Finishes the HTML files of the site: adds the build id, style sheets, and the files to fetch from the start.

use crate::page;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Where a page names the build.
const BUILD: &str = "__BUILD__";

/// Where embed.html names the style sheets of index.html.
const STYLES: &str = "__STYLES__";

/// Where a page names the parts of its program that are fetched with it.
const PARTS: &str = "<!-- parts of the program -->";

/// Finishes index.html, and embed.html, which has the same style sheets.
pub fn finish(folder: &Path, id: &str) -> Result<()> {
    let index = read(folder, "index.html")?;
    let embed = read(folder, "embed.html")?.replace(STYLES, &sheet_lines(&index).join("\n    "));
    let (first, all) = (page::files_of(folder, &["reader"])?, page::files_of(folder, &["reader", "views"])?);
    for (name, text, parts) in [("index.html", index, first), ("embed.html", embed, all)] {
        if !text.contains(BUILD) {
            bail!("{name} has no {BUILD} to replace by the build id");
        }
        write(folder, name, &with_parts(&text, &parts)?.replace(BUILD, id))?;
    }
    Ok(())
}

/// A page that fetches these files from the start.
fn with_parts(page: &str, files: &[String]) -> Result<String> {
    if !page.contains(PARTS) {
        bail!("a page has no {PARTS} to replace by parts of its program");
    }
    let link = |name: &String| {
        format!("<link rel=\"preload\" as=\"fetch\" crossorigin=\"anonymous\" href=\"{name}?v=__BUILD__\" />")
    };
    Ok(page.replace(PARTS, &files.iter().map(link).collect::<Vec<_>>().join("\n    ")))
}

/// The paths of the style sheets that index.html names, in its order.
pub fn sheets(folder: &Path) -> Result<Vec<String>> {
    let index = read(folder, "index.html")?;
    let path = |line: &str| {
        let path = line.split("href=\"").nth(1).and_then(|rest| rest.split(['?', '"']).next());
        path.map(str::to_owned).context("a style sheet of index.html has no href")
    };
    sheet_lines(&index).into_iter().map(path).collect()
}

fn sheet_lines(index: &str) -> Vec<&str> {
    index.lines().filter(|line| line.contains("rel=\"stylesheet\"")).map(str::trim).collect()
}

/// Reads a text of the site.
pub fn read(folder: &Path, name: &str) -> Result<String> {
    fs::read_to_string(folder.join(name)).with_context(|| format!("{} has no {name}", folder.display()))
}

/// Writes a text of the site.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(folder.join(name), text).with_context(|| format!("cannot write {name} into {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::{sheet_lines, with_parts};

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
