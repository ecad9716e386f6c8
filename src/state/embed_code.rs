//! HTML that shows the view on screen in somebody else's page.
//!
//! It has one of three forms, depending on where the numbers are. A trace under an address that others can reach is a frame, which draws its own still
//! picture. A trace on somebody's disk is an element that names the file, to be put beside the page. What only a model can make again
//! is an element with the model and the text, and a picture of the view inside, shown until somebody touches it.

use super::State;
use super::link::{Link, TracePlace};
use crate::trace::file::base64;

/// Height of a frame whose page does not load the script that follows the content, CSS pixels.
const HEIGHT: u32 = 560;

/// The trace of the first example, beside the page.
const FIRST_TRACE: &str = "example/first.safetensors";

/// Parts of a link that an element does not take over: it has a version of its own, fetches its trace itself, shows one view and no
/// workbench, and has the colours of its page.
const LEFT_OUT: [&str; 7] = ["v", "trace", "beside", "theme", "set", "made", "rows"];

impl State {
    /// Whether the code is about a run that only a model can make again, so that it needs a picture.
    pub fn embeds_a_run(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| !shown.is_trace)
    }

    /// HTML that shows this view in another page, `still` being an SVG of it where it is wanted; nothing before the first result.
    pub fn embed_code(&self, still: Option<&str>) -> Option<String> {
        // It follows the colours of its page.
        let mut link = Link { theme: None, ..self.link()? };
        if link.trace.is_none() && !self.embeds_a_run() {
            link.trace = Some(TracePlace::Url(FIRST_TRACE.to_owned()));
        }
        let view = match &link.trace {
            Some(TracePlace::Url(_)) => format!(
                "<iframe src=\"{}embed.html#{}\" title=\"{}\" width=\"100%\" height=\"{HEIGHT}\" loading=\"lazy\" \
                 style=\"border: 0\"></iframe>",
                escaped(&self.base_url),
                escaped(&link.write()),
                escaped(&self.embed_title()),
            ),
            Some(TracePlace::File(name)) => self.element(Some(name), &link, still),
            None => self.element(None, &link, still),
        };
        Some(format!(
            "{view}\n<script type=\"module\" src=\"{}headlight-view.js\"></script>\n",
            escaped(&self.base_url)
        ))
    }

    fn embed_title(&self) -> String {
        let name = self.shown.as_ref().map_or("a language model", |shown| &shown.model_name);
        format!("Attention inside {name}")
    }

    /// `<headlight-view>` with what it shows as attributes, named as in links.
    fn element(&self, src: Option<&str>, link: &Link, still: Option<&str>) -> String {
        let fragment = link.write();
        let parts = form_urlencoded::parse(fragment.as_bytes()).filter(|(name, _)| !LEFT_OUT.contains(&name.as_ref()));
        let title = self.embed_title();
        let own =
            [("title".into(), title.as_str().into())].into_iter().chain(src.map(|src| ("src".into(), src.into())));
        let attributes: String =
            own.chain(parts).map(|(name, value)| format!(" {name}=\"{}\"", escaped(&value))).collect();
        let still = still.map(|svg| {
            let data = base64(svg.as_bytes());
            format!("<img alt=\"{}\" src=\"data:image/svg+xml;base64,{data}\">", escaped(&title))
        });
        format!("<headlight-view{attributes}>{}</headlight-view>", still.unwrap_or_default())
    }
}

/// A text as the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::Page;
    use super::super::{Event, Home, SelectionEvent, TracePlace};
    use super::{LEFT_OUT, escaped};

    const SCRIPT: &str = "\n<script type=\"module\" src=\"http://host/headlight-view.js\"></script>\n";
    const ELEMENT: &str = include_str!("../../public/headlight-view.js");

    fn page() -> Page {
        let mut page = Page::with_result();
        page.event(Event::Select(SelectionEvent::LayerPicked(3)));
        page.event(Event::Select(SelectionEvent::HeadSoloed(1)));
        page
    }

    #[test]
    fn a_run_is_an_element_with_a_picture() {
        let page = page();
        let text = page.state.shown.as_ref().map(|shown| shown.input.text.clone());
        let code = page.state.embed_code(Some("<svg/>")).unwrap();
        assert!(
            code.starts_with("<headlight-view title=\"Attention inside Small, F32\" model=\"small\" text="),
            "{text:?} {code}"
        );
        assert!(code.contains(" view=\"head\" layer=\"3\" heads=\"1\""), "{code}");
        let picture =
            "><img alt=\"Attention inside Small, F32\" src=\"data:image/svg+xml;base64,PHN2Zy8+\"></headlight-view>";
        assert!(code.ends_with(&format!("{picture}{SCRIPT}")), "{code}");
        assert!(page.state.embed_code(None).unwrap().ends_with(&format!("\"></headlight-view>{SCRIPT}")));
    }

    #[test]
    fn a_trace_is_a_frame_where_others_can_reach_it_and_else_an_element_that_names_the_file() {
        let mut page = page();
        let mut code = |place: Option<TracePlace>| {
            if let Some(shown) = &mut page.state.shown {
                shown.is_trace = true;
                shown.origin.trace = place;
            }
            page.state.embed_code(None).unwrap()
        };
        let frame = code(Some(TracePlace::Url("https://a/b.safetensors".to_owned())));
        assert!(
            frame.starts_with("<iframe src=\"http://host/embed.html#v=1&amp;trace=https://a/b.safetensors&amp;"),
            "{frame}"
        );
        assert!(frame.contains("layer=3&amp;heads=1") && frame.ends_with(SCRIPT), "{frame}");
        let first = code(None);
        assert!(first.starts_with("<iframe") && first.contains("trace=example/first.safetensors"), "{first}");
        let element = code(Some(TracePlace::File("cat \"1\".safetensors".to_owned())));
        let expected = "<headlight-view title=\"Attention inside Small, F32\" src=\"cat &quot;1&quot;.safetensors\" view=\"head\" \
                        layer=\"3\" heads=\"1\"";
        assert!(element.starts_with(expected), "{element}");
    }

    #[test]
    fn nothing_ends_an_attribute() {
        assert_eq!(escaped("\"><script>&"), "&quot;&gt;&lt;script&gt;&amp;");
        assert_eq!(Page::at(Home::Page).state.embed_code(None), None, "nothing is on screen");
    }

    #[test]
    fn the_element_knows_every_part_of_a_link() {
        // What can be said, each name once: the format's, and those of how things are drawn.
        let link = include_str!("link.rs");
        let options = include_str!("link_options.rs");
        let named = [link, options].into_iter().flat_map(|source| {
            source
                .match_indices("put(\"")
                .map(|(at, _)| &source[at + 5..])
                .chain(source.match_indices("put_if(\"").map(|(at, _)| &source[at + 8..]))
        });
        let names: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() > 25 && names.contains(&"heads_as"), "{names:?}");
        for name in names.iter().filter(|name| !LEFT_OUT.contains(name)) {
            assert!(ELEMENT.contains(&format!("\"{name}\"")), "headlight-view.js does not take over {name}");
        }
    }
}
