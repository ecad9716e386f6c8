"""The viewer with a trace inside: as a page in one file, and as a frame in a notebook.

The viewer is one HTML file with an empty slot. A frame holds it in its ``srcdoc``, so that several figures in a notebook
share nothing, and none asks for anything. The viewer's own Content-Security-Policy forbids every request.
"""

from __future__ import annotations

import base64
import html
import secrets
from collections.abc import Callable
from functools import cache
from importlib import resources
from os import PathLike
from typing import Any
from urllib.parse import quote

import numpy

from . import live
from .picture import picture_of
from .traces import Trace, load

SLOT = "__TRACE__"
HEIGHT = 900

# The parts of a link, as docs/formats.md lists them, that choose what a figure shows first.
PARTS = frozenset(
    "view stack attn layer heads query key neuron segment theme scale ends min drawn drawing heads_as without words beside cells "
    "cell_is number sorted hidden_layers hidden_heads order before_rotation stream token first_on_top".split()
)


class View:
    """A figure: what a notebook shows of a cell that ends with it.

    While a kernel runs and anywidget is installed, ``selection`` and ``hover`` follow the figure, ``observe`` calls a function
    when they change, and ``select`` chooses in the figure.
    """

    def __init__(self, trace: Trace, link: str = "", height: int = HEIGHT) -> None:
        self.trace = trace
        self.link = link
        self.height = height
        self.name = f"headlight-{secrets.token_hex(8)}"
        self._listener = None
        self._widget = None

    @property
    def selection(self) -> dict[str, Any]:
        """What is chosen in the figure, by the names that ``show`` takes: ``show(trace, **view.selection)`` shows the same."""
        return live.selection_of(self._told("selection") or self.link, self.trace.heads())

    @property
    def hover(self) -> dict[str, int]:
        """What the pointer is on: a dictionary with ``query``, ``key`` and ``neuron``, each where it is pointed at."""
        return live.hover_of(self._told("hover"))

    @property
    def edits(self) -> list[dict[str, Any]]:
        """The edits that acted in the run, as docs/edits.md lists them. A figure runs no model, so it makes none."""
        return list(self.trace.about.get("edits", []))

    def select(self, **parts: Any) -> None:
        """Chooses in the figure: ``view.select(layer=3, heads=[1])``. ``parts`` are those of ``show``; others stay."""
        check_parts(parts)
        listener = self._live()
        told = live.parts_of(self._told("selection") or self.link)
        link = link_of({**{name: value for name, value in told.items() if name in PARTS}, **parts})
        # The same wish as before is a new one where the reader has chosen something else since.
        listener.wanted = ""
        listener.wanted = f"v=1&{link}"

    def observe(self, function: Callable[[dict[str, Any]], object], name: str = "selection") -> None:
        """Calls ``function`` with the new value whenever ``selection`` or ``hover`` changes."""
        if name not in ("selection", "hover"):
            raise ValueError(f"name: expected 'selection' or 'hover', found {name!r}")
        self._live().observe(lambda _: function(getattr(self, name)), names=name)

    @property
    def widget(self) -> Any:
        """The figure as a widget of its own, for layouts of ipywidgets and for ``mo.ui.anywidget`` of marimo. It needs anywidget."""
        if self._widget is None:
            self._widget = live.listener(
                frame=self.name, page=self.page, height=self.height, follows_theme=self._follows_theme()
            )
        return self._widget

    def _live(self):
        """What hears the figure: a widget without a view, unless the figure is shown as a widget."""
        if self._widget is None and self._listener is None:
            self._listener = live.listener(frame=self.name, follows_theme=self._follows_theme())
        return self._widget or self._listener

    def _told(self, name):
        heard = self._widget or self._listener
        return "" if heard is None else getattr(heard, name)

    def _follows_theme(self):
        return "theme" not in live.parts_of(self.link)

    @property
    def page(self) -> str:
        """The whole page, as text."""
        return self._page_over(self._picture())

    @property
    def data(self) -> str:
        """The figure as HTML in ASCII: a frame that can be put into any page, or be one.

        A picture lies behind the frame: it is seen until the figure is drawn, and where a reader of notebooks takes frames out.
        """
        return self._data_over(self._picture())

    def _page_over(self, picture):
        slot = ("#" + self.link + "\n" if self.link else "") + base64.b64encode(self.trace.to_bytes()).decode()
        page = _viewer().replace(SLOT, slot)
        return page if picture is None else page.replace("</noscript>", f"{_image(*picture)}</noscript>", 1)

    def _data_over(self, picture):
        page = html.escape(self._page_over(picture)).encode("ascii", "xmlcharrefreplace").decode()
        frame = (
            f'<iframe title="Attention" name="{self.name}" srcdoc="{page}" width="100%" height="{self.height}" '
            'style="grid-area: 1 / 1; border: 0"></iframe>'
        )
        behind = "" if picture is None else _image(*picture, f"grid-area: 1 / 1; max-width: 100%; max-height: {self.height}px")
        return f'<div style="display: grid">{behind}{frame}</div>'

    def _picture(self):
        return picture_of(self.trace, live.selection_of(self.link, self.trace.heads()))

    def to_html(self, path: str | PathLike[str]) -> None:
        """Writes the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.page)

    def _repr_html_(self):
        return self.data

    def _repr_mimebundle_(self, include=None, exclude=None):
        picture = self._picture()
        bundle = {"text/html": self._data_over(picture), "text/plain": repr(self)}
        if picture is not None:
            bundle["image/png"] = base64.b64encode(picture[0]).decode()
        return bundle

    def _ipython_display_(self):
        from IPython.display import display

        # Before the figure, so that somebody listens when it says what it shows.
        listener = self._live() if live.is_available() else None
        display(self._repr_mimebundle_(), raw=True)
        if listener is not None and live.needs_view():
            display(listener)

    def _display_(self):
        """What marimo shows."""
        return self.widget

    def __repr__(self):
        return f"View({self.trace!r})"


def _image(png, said, style=""):
    styled = f' style="{style}"' if style else ""
    return f'<img alt="{html.escape(said)}"{styled} src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def show(trace: Trace | str | PathLike[str], *, height: int = HEIGHT, **parts: Any) -> View:
    """A figure of a trace, or of a file with one.

    ``parts`` say what is shown first, by the names of a link's parts: ``view="head"``, ``layer=2``, ``heads=[0, 3]``,
    ``query=4``, ``theme="dark"`` and so on; docs/formats.md lists all.
    """
    trace = trace if isinstance(trace, Trace) else load(trace)
    return View(trace, link_of(parts), height)


def to_html(trace: Trace | str | PathLike[str], path: str | PathLike[str], **parts: Any) -> None:
    """Writes a page in one file, which opens from disk without a network. ``parts`` are those of ``show``."""
    show(trace, **parts).to_html(path)


def link_of(parts):
    """The link of what is shown: ``view=head&layer=2``."""
    check_parts(parts)
    written = {name: _written(value) for name, value in parts.items() if value is not None}
    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in written.items() if value)


def check_parts(parts):
    """Refuses a part that no link has."""
    unknown = sorted(set(parts) - PARTS)
    if unknown:
        raise TypeError(f"unknown part {unknown[0]!r}: a figure takes {', '.join(sorted(PARTS))}")


def _written(value):
    if isinstance(value, (list, tuple, set, range, numpy.ndarray)):
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
