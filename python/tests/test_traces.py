"""Traces in files and in pages."""

import base64
import html
import json
import re
import struct

import numpy
import pytest

import headlight


@pytest.fixture
def trace(weights):
    tensors = {f"blocks.{layer}.attn.hook_pattern": weights(2, 3, 3, seed=layer) for layer in range(2)}
    return headlight.Trace(tensors, {"tokens": ["a", "</script><!--", "\u201c\U0001f308"], "token_form": "plain"})


def slot(page):
    [found] = re.findall(r'<script type="application/octet-stream;base64" id="headlight-trace">(.*?)</script>', page, re.DOTALL)
    return found


def test_a_trace_comes_back_from_its_file(trace, tmp_path):
    headlight.save(trace, tmp_path / "a.safetensors")
    back = headlight.load(tmp_path / "a.safetensors")
    assert back.about == trace.about
    assert back.tensors.keys() == trace.tensors.keys()
    numpy.testing.assert_array_equal(back.pattern(1), trace.pattern(1))
    with pytest.raises(KeyError, match="has the patterns blocks.0.attn.hook_pattern, blocks.1.attn.hook_pattern"):
        back.pattern(2)


def file_of(path, dtype, numbers, metadata):
    """A safetensors file, made by hand, of one pattern."""
    header = {"blocks.0.attn.hook_pattern": {"dtype": dtype, "shape": [1, 2, 2], "data_offsets": [0, len(numbers)]}}
    text = json.dumps(header | metadata).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)


def test_bfloat16_and_files_without_metadata_are_read(tmp_path):
    # 1.0 is 0x3f80 in bfloat16, 0.5 is 0x3f00.
    file_of(tmp_path / "b.safetensors", "BF16", struct.pack("<4H", 0x3F80, 0, 0x3F00, 0x3F00), {})
    trace = headlight.load(tmp_path / "b.safetensors")
    assert trace.tokens == ["0", "1"]
    assert trace.pattern(0).dtype == numpy.float32
    assert trace.pattern(0).tolist() == [[[1.0, 0.0], [0.5, 0.5]]]


def test_numbers_of_eight_bytes_are_written_in_four(weights, tmp_path):
    trace = headlight.Trace({"blocks.0.attn.hook_pattern": weights(2, 3, 3, dtype="float64")}, {"tokens": ["a", "b", "c"]})
    trace.save(tmp_path / "a.safetensors")
    assert headlight.load(tmp_path / "a.safetensors").pattern(0).dtype == numpy.float32
    assert b'"F64"' not in trace.to_bytes()


def test_missing_and_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a trace in a file, found none"):
        headlight.load(tmp_path / "none.safetensors")
    metadata = {"__metadata__": {"headlight": json.dumps({"format": 2, "tokens": ["a", "b"]})}}
    file_of(tmp_path / "new.safetensors", "F32", bytes(16), metadata)
    with pytest.raises(ValueError, match="expected a trace of format 1, found format 2"):
        headlight.load(tmp_path / "new.safetensors")


def test_a_page_holds_the_trace_and_what_is_shown_first(trace, tmp_path):
    headlight.to_html(trace, tmp_path / "a.html", view="head", layer=1, heads=[0, 1])
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    link, encoded = slot(page).split("\n")
    assert link == "#view=head&layer=1&heads=0,1"
    assert base64.b64decode(encoded) == trace.to_bytes()
    assert "__TRACE__" not in page
    assert page.lstrip().lower().startswith("<!doctype html>")


def test_a_figure_is_a_frame_that_any_encoding_shows(trace):
    view = headlight.show(trace, view="model", height=500)
    assert view.data == view._repr_html_()
    assert view.data.isascii()
    [page] = re.findall(r'<iframe title="Attention" name="headlight-\w+" srcdoc="([^"]*)" width="100%" height="500" style=', view.data)
    assert html.unescape(page) == view.page


def test_files_are_shown_like_traces(trace, tmp_path):
    trace.save(tmp_path / "a.safetensors")
    assert headlight.show(tmp_path / "a.safetensors").trace.tokens == trace.tokens
    assert trace._repr_html_().count("<iframe") == 1


def test_any_list_of_numbers_is_a_part_and_an_empty_one_is_left_out(trace):
    for heads in ([0, 1], (0, 1), range(2), numpy.array([0, 1])):
        assert headlight.show(trace, view="head", heads=heads).link == "view=head&heads=0,1"
    for heads in ([], (), range(0), numpy.array([], int)):
        assert headlight.show(trace, view="head", heads=heads).link == "view=head"


def test_unknown_parts_are_refused_and_text_is_quoted(trace):
    with pytest.raises(TypeError, match="unknown part 'colour'"):
        headlight.show(trace, colour="red")
    view = headlight.show(trace, view="stream", token=" a&b<\n", before_rotation=True)
    assert view.link == "view=stream&token=%20a%26b%3C%0A&before_rotation=1"
