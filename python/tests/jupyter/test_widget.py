"""Figures beside a kernel: what the frame's script tells Python, and what a notebook keeps."""

import nbclient
import nbformat
import pytest

import headlight
from headlight import live


@pytest.fixture
def trace(weights):
    tensors = {f"blocks.{layer}.attn.hook_pattern": weights(4, 3, 3, seed=layer) for layer in range(3)}
    return headlight.Trace(tensors, {"tokens": ["a", "b", "c"]})


def test_python_follows_the_frame_and_the_frame_python(trace):
    view = headlight.show(trace, view="head", layer=1, theme="dark")
    seen, pointed = [], []
    view.observe(seen.append)
    view.observe(pointed.append, "hover")
    listener = view._live()
    assert (listener.frame, listener.page, listener.follows_theme) == (view.name, "", False)
    # What the listener's script sets is what the frame told it.
    listener.set_state({"selection": "v=1&view=head&layer=2&heads=1,3&key=0&scale=log"})
    listener.set_state({"hover": "v=1&query=2"})
    chosen = {"view": "head", "layer": 2, "heads": [1, 3], "query": [], "key": [0]}
    assert (view.selection, seen) == (chosen, [chosen])
    assert (view.hover, pointed) == ({"query": 2}, [{"query": 2}])
    view.select(layer=0, key=[1, 2], sorted=True)
    assert listener.wanted == "v=1&view=head&layer=0&heads=1,3&key=1,2&scale=log&sorted=1", "what was not named stays"


def test_the_widget_has_the_page_and_is_what_python_hears(trace):
    view = headlight.show(trace, height=321)
    widget = view.widget
    assert (widget.page, widget.height, widget.frame, widget.follows_theme) == (view.page, 321, view.name, True)
    widget.set_state({"selection": "v=1&view=model&layer=2&heads=all"})
    assert view.selection["heads"] == [0, 1, 2, 3]
    assert view.widget is widget and view._live() is widget


CELL = """
import numpy, headlight
weights = numpy.full((2, 3, 3), 1 / 3, numpy.float32)
view = headlight.show(headlight.Trace({"blocks.0.attn.hook_pattern": weights}, {"tokens": ["a", "b", "c"]}))
view
"""
FOUND = "from headlight import live\nprint(live.is_available(), view._listener is not None, view._live().comm is not None)"


@pytest.mark.parametrize("editor", ["", "VSCODE_PID"])
def test_what_a_notebook_keeps_is_the_frame_and_its_picture(editor, monkeypatch):
    if editor:
        monkeypatch.setenv(editor, "1")
    else:
        monkeypatch.delenv("VSCODE_PID", raising=False)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (CELL, FOUND)])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    shown, printed = (cell.outputs for cell in notebook.cells)
    assert set(shown[0].data) == {"text/html", "text/plain", "image/png"}
    # Editors that load scripts only of what is shown get the listener beside it, which has nothing to see.
    views = [set(output.data) for output in shown[1:]]
    assert views == ([{"text/plain", "application/vnd.jupyter.widget-view+json"}] if editor else [])
    assert printed[0].text == "True True True\n"


def test_colab_and_vs_code_are_known(monkeypatch):
    monkeypatch.delenv("VSCODE_PID", raising=False)
    assert not live.needs_view()
    monkeypatch.setitem(__import__("sys").modules, "google.colab", object())
    assert live.needs_view()
