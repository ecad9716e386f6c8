"""The viewer with a trace inside: as a page in one file, and as a frame in a notebook.

The viewer is one HTML file with an empty slot. A frame holds it in its ``srcdoc``, so that several figures in a notebook
share nothing, and none asks for anything. The viewer's own Content-Security-Policy forbids every request.
"""

import base64
import html
from functools import cache
from importlib import resources
from urllib.parse import quote

from .traces import Trace, load

SLOT = "__TRACE__"
HEIGHT = 900

# The parts of a link, as docs/formats.md lists them, that choose what a figure shows first.
PARTS = frozenset(
    "view stack attn layer heads query key neuron segment theme scale ends min drawing heads_as without words beside cells "
    "cell_is number sorted hidden_layers hidden_heads order before_rotation stream token first_on_top".split()
)


class View:
    """A figure: what a notebook shows of a cell that ends with it."""

    def __init__(self, trace, link="", height=HEIGHT):
        self.trace = trace
        self.link = link
        self.height = height

    @property
    def page(self):
        """The whole page, as text."""
        slot = ("#" + self.link + "\n" if self.link else "") + base64.b64encode(self.trace.to_bytes()).decode()
        return _viewer().replace(SLOT, slot)

    @property
    def data(self):
        """The figure as HTML in ASCII: a frame that can be put into any page, or be one."""
        page = html.escape(self.page).encode("ascii", "xmlcharrefreplace").decode()
        frame = f'<iframe title="Attention" srcdoc="{page}" width="100%" height="{self.height}" style="border: 0"></iframe>'
        return f"<div>{frame}</div>"

    def to_html(self, path):
        """Writes the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.page)

    def _repr_html_(self):
        return self.data

    def __repr__(self):
        return f"View({self.trace!r})"


def show(trace, *, height=HEIGHT, **parts):
    """A figure of a trace, or of a file with one.

    ``parts`` say what is shown first, by the names of a link's parts: ``view="head"``, ``layer=2``, ``heads=[0, 3]``,
    ``query=4``, ``theme="dark"`` and so on; docs/formats.md lists all.
    """
    trace = trace if isinstance(trace, Trace) else load(trace)
    return View(trace, link_of(parts), height)


def to_html(trace, path, **parts):
    """Writes a page in one file, which opens from disk without a network. ``parts`` are those of ``show``."""
    show(trace, **parts).to_html(path)


def link_of(parts):
    """The link of what is shown: ``view=head&layer=2``."""
    unknown = sorted(set(parts) - PARTS)
    if unknown:
        raise TypeError(f"unknown part {unknown[0]!r}: a figure takes {', '.join(sorted(PARTS))}")
    written = {name: _written(value) for name, value in parts.items() if value is not None}
    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in written.items())


def _written(value):
    if isinstance(value, (list, tuple, set, range)):
        return ",".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


@cache
def _viewer():
    file = resources.files(__package__) / "viewer.html"
    if not file.is_file():
        raise FileNotFoundError("viewer.html is missing in the package: build it with `cargo xtask build --python`")
    page = file.read_text(encoding="utf-8")
    if page.count(SLOT) != 1:
        raise ValueError(f"{file}: expected a viewer with one empty slot, found {page.count(SLOT)}; install the package anew")
    return page


def present(view, html_action):
    """What BertViz's ``html_action`` asks for: to show the figure, or to return it."""
    if html_action == "return":
        return view
    try:
        from IPython.display import display
    except ImportError:
        raise ImportError('html_action="view" needs a notebook: install ipython, or take html_action="return"') from None
    display(view)
    return None


def check_action(html_action):
    """Refuses an action before anything is computed."""
    if html_action not in ("view", "return"):
        raise ValueError(f"html_action: expected 'view' or 'return', found {html_action!r}")


def theme_of(display_mode):
    """BertViz's display mode as a theme; None follows the notebook."""
    if display_mode not in (None, "dark", "light"):
        raise ValueError(f"display_mode: expected 'dark' or 'light', found {display_mode!r}")
    return display_mode
