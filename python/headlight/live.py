"""What a figure in a notebook tells Python while a kernel runs, through anywidget.

The figure itself is plain HTML, so that a saved notebook shows it without a kernel. A ``Listener`` stands beside it: a widget
without a view, whose script hears the frame's messages. Its ``page`` makes it a figure of its own, for layouts of widgets.
"""

import os
import sys
from functools import cache
from importlib import resources
from urllib.parse import parse_qsl

# The parts of a link that say what is chosen, and how each is read.
_NUMBERS = ("heads", "query", "key")
_NUMBER = ("layer", "neuron")
_NAMES = ("view", "stack", "attn")


def is_available():
    """Whether anywidget is installed and a kernel runs, which has somebody to speak with."""
    try:
        import anywidget  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def needs_view():
    """Whether this notebook loads scripts only of widgets that are shown: Colab and VS Code."""
    return "google.colab" in sys.modules or "VSCODE_PID" in os.environ


def listener(**traits):
    """A listener for the frame of a name."""
    return _kind()(**traits)


@cache
def _kind():
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise ImportError("a figure tells Python what is chosen through anywidget: pip install anywidget") from None

    class Listener(anywidget.AnyWidget):
        _esm = (resources.files(__package__) / "listener.js").read_text(encoding="utf-8")
        frame = traitlets.Unicode().tag(sync=True)
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int().tag(sync=True)
        follows_theme = traitlets.Bool(True).tag(sync=True)
        selection = traitlets.Unicode().tag(sync=True)
        hover = traitlets.Unicode().tag(sync=True)
        wanted = traitlets.Unicode().tag(sync=True)

    return Listener


def parts_of(link):
    """The parts of a link, as texts by name."""
    return dict(parse_qsl(link, keep_blank_values=True))


def selection_of(link, n_heads):
    """What a link chooses, by the names that ``show`` takes. ``n_heads`` is what "all" means."""
    parts = parts_of(link)
    chosen = {name: parts[name] for name in _NAMES if name in parts}
    chosen |= {name: int(parts[name]) for name in _NUMBER if name in parts}
    for name in _NUMBERS:
        text = parts.get(name)
        chosen[name] = list(range(n_heads)) if text == "all" else [int(number) for number in text.split(",")] if text else []
    return chosen


def hover_of(link):
    """What a link points at: ``query``, ``key`` and ``neuron``, each where it is pointed at."""
    return {name: int(value) for name, value in parts_of(link).items() if name in ("query", "key", "neuron")}
