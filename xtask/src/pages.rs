//! Finishes the pages that trunk leaves in dist/: puts the build id in, and takes out what only trunk reads.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Where embed.html takes over the style sheets of index.html.
const STYLES: &str = "__STYLES__";

/// Finishes index.html, and embed.html, which has the same style.
pub fn finish(dist: &Path, id: &str) -> Result<()> {
    let index = read(dist, "index.html")?;
    if !index.contains("__BUILD__") {
        bail!("index.html has no __BUILD__ to replace by the build id");
    }
    let embed = read(dist, "embed.html")?.replace(STYLES, &sheet_lines(&index).join("\n    "));
    write(dist, "embed.html", &finished(&embed, id))?;
    write(dist, "index.html", &finished(&index, id))
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
    use super::{finished, sheet_lines};

    #[test]
    fn index_loses_trunk_links_and_gets_the_id() {
        let text = "<head>\n <!-- trunk: a -->\n    <link data-trunk rel=\"rust\" data-bin=\"app\" />\n    <meta content=\"__BUILD__\" />\n</head>";
        assert_eq!(finished(text, "12"), "<head>\n    <meta content=\"12\" />\n</head>\n");
    }

    #[test]
    fn style_sheets_are_found_in_their_order() {
        let text = "<link rel=\"icon\" />\n  <link rel=\"stylesheet\" href=\"b.css\" />\n  <link rel=\"stylesheet\" href=\"a.css\" />";
        let lines = ["<link rel=\"stylesheet\" href=\"b.css\" />", "<link rel=\"stylesheet\" href=\"a.css\" />"];
        assert_eq!(sheet_lines(text), lines);
    }
}
