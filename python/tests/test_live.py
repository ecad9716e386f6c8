"""What a figure says of itself without a kernel, and the picture that stands for it where scripts do not run."""

import base64
import html
import inspect
import re
import struct
import zlib

import numpy
import pytest

import headlight
from headlight import live, views
from headlight.picture import LARGEST, picture_of


@pytest.fixture
def trace(weights):
    return headlight.Trace(
        {f"blocks.{layer}.attn.hook_pattern": weights(3, 4, 4, seed=layer) for layer in range(2)},
        {"tokens": ["a", "b", "c", "d"], "edits": [{"kind": "zero_head", "layer": 0, "head": 1}]},
    )


def pixels(png):
    """The numbers in a PNG, by its own checksums."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(name + data) == struct.unpack_from(">I", png, at + 8 + length)[0], name
        parts[name] = data
        at += 12 + length
    wide, high = struct.unpack_from(">II", parts[b"IHDR"])
    rows = numpy.frombuffer(zlib.decompress(parts[b"IDAT"]), numpy.uint8).reshape(high, wide + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def test_what_is_chosen_at_first_is_known_without_a_kernel(trace):
    view = headlight.show(trace, view="head", layer=1, heads="all", query=[2], theme="dark")
    expected = {"view": "head", "layer": 1, "heads": [0, 1, 2], "query": [2], "key": []}
    assert view.selection == expected
    assert view.hover == {}
    assert view.edits == [{"kind": "zero_head", "layer": 0, "head": 1}]
    assert headlight.show(trace, **view.selection).selection == expected, "show takes what selection gives"


def test_links_are_read_as_the_frame_writes_them():
    link = "v=1&view=neuron&stack=decoder&attn=cross&layer=3&heads=0,2&key=1&neuron=5&scale=log"
    assert live.selection_of(link, 4) == {
        "view": "neuron", "stack": "decoder", "attn": "cross", "layer": 3, "heads": [0, 2], "query": [], "key": [1], "neuron": 5,
    }
    assert live.hover_of("v=1&query=2&key=0") == {"query": 2, "key": 0}
    assert live.hover_of("v=1") == {}


def test_without_anywidget_the_figure_is_a_frame_and_says_what_is_missing(trace, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    live._kind.cache_clear()
    view = headlight.show(trace)
    assert not live.is_available()
    assert set(view._repr_mimebundle_()) == {"text/html", "image/png", "text/plain"}
    for asked in (lambda: view.widget, lambda: view.select(layer=1), lambda: view.observe(print)):
        with pytest.raises(ImportError, match="pip install anywidget"):
            asked()
    with pytest.raises(ValueError, match="expected 'selection' or 'hover', found 'edits'"):
        view.observe(print, "edits")
    with pytest.raises(TypeError, match="unknown part 'layers'"):
        view.select(layers=1)


def test_a_notebooks_output_makes_its_picture_once(trace, monkeypatch):
    made = []
    monkeypatch.setattr(views, "picture_of", lambda *given: made.append(given) or picture_of(*given))
    headlight.show(trace)._repr_mimebundle_()
    assert len(made) == 1


def test_each_figure_has_a_name_of_its_own(trace):
    names = {re.search(r'name="(headlight-\w+)"', headlight.show(trace).data)[1] for _ in range(3)}
    assert len(names) == 3


def test_the_picture_is_of_what_the_figure_shows(trace):
    png, said = picture_of(trace, {"view": "head", "layer": 1, "heads": [2]})
    assert said == "Attention of layer 1, heads 2; in each picture rows are queries and columns keys"
    found = pixels(png)
    scale = (found.shape[0] - 4) // 4
    cells = found[2 + scale // 2 :: scale, 2 + scale // 2 :: scale][:4, :4]
    numpy.testing.assert_array_equal(cells, (trace.pattern(1)[2] * 255).round())
    png, said = picture_of(trace, {"view": "model"})
    assert said.startswith("Attention of all heads of layers 0 to 1")
    high, wide = pixels(png).shape
    assert (high - 2) * 3 == (wide - 2) * 2, "two rows of three heads"


def test_pictures_of_long_texts_stay_small_and_keep_the_largest_weights():
    pattern = numpy.zeros((12, 700, 700), numpy.float16)
    pattern[:, :, 0] = 1
    long = headlight.Trace({f"blocks.{layer}.attn.hook_pattern": pattern for layer in range(12)}, {"tokens": ["x"] * 700})
    found = pixels(picture_of(long, {"view": "model"})[0])
    assert max(found.shape) <= LARGEST
    assert (found == 255).any(axis=1).sum() > 0.9 * len(found)
    assert picture_of(headlight.Trace({"input_ids": numpy.arange(3)}, {"tokens": []}), {}) is None


def test_the_picture_lies_behind_the_frame_and_in_the_page_without_scripts(trace):
    view = headlight.show(trace)
    data = base64.b64encode(picture_of(trace, {})[0]).decode()
    assert view._repr_mimebundle_()["image/png"] == data
    before, frame = view.data.split("<iframe", 1)
    assert f'src="data:image/png;base64,{data}"' in before
    page = html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1])
    assert data in page.split("<noscript>")[1].split("</noscript>")[0]


def test_every_public_function_says_its_types():
    for name in headlight.__all__:
        given = getattr(headlight, name)
        functions = [given] if inspect.isfunction(given) else []
        if inspect.isclass(given):
            members = [each.fget if isinstance(each, property) else each for each in vars(given).values()]
            functions = [each for each in members if inspect.isfunction(each) and not each.__name__.startswith("_")]
        if inspect.ismodule(given):
            functions = [given.show]
        for function in functions:
            parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
            assert "return" in function.__annotations__, f"{name}: {function.__name__}"
            assert all(each.annotation is not each.empty for each in parameters), f"{name}: {function.__name__}"
