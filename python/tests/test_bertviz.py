"""head_view and model_view take what BertViz 1.4 takes, and say what they expect where it does not fit."""

import inspect
import sys

import numpy
import pytest

from headlight import head_view, model_view, neuron_view

TOKENS = ["[CLS]", "the", "cat", "[SEP]", "a", "rug", "##s", "[SEP]"]

# As BertViz 1.4.1 declares them.
TWO_STACKS = {
    "encoder_attention": None, "decoder_attention": None, "cross_attention": None, "encoder_tokens": None,
    "decoder_tokens": None, "include_layers": None,
}
FIRST = {"attention": None, "tokens": None, "sentence_b_start": None, "prettify_tokens": True}
NONE = inspect.Parameter.empty
SIGNATURES = [
    (head_view, FIRST | {"layer": None, "heads": None} | TWO_STACKS | {"html_action": "view"}),
    (model_view, FIRST | {"display_mode": "dark"} | TWO_STACKS | {"include_heads": None, "html_action": "view"}),
    (neuron_view.show, {"model": NONE, "model_type": NONE, "tokenizer": NONE, "sentence_a": NONE, "sentence_b": None,
                        "display_mode": "dark", "layer": None, "head": None, "html_action": "view"}),
]


@pytest.mark.parametrize(("function", "arguments"), SIGNATURES)
def test_arguments_are_those_of_bertviz_in_their_order(function, arguments):
    parameters = inspect.signature(function).parameters.values()
    found = {each.name: each.default for each in parameters if each.kind != each.KEYWORD_ONLY}
    assert list(found.items()) == list(arguments.items())


def drawn(attention, tokens=TOKENS, **arguments):
    return head_view(attention, tokens, html_action="return", **arguments)


def test_lists_stacks_and_batches_of_one_are_the_same_attention(weights):
    stacked = weights(3, 4, 8, 8)
    forms = [list(stacked), tuple(layer[None] for layer in stacked), stacked, stacked[:, None], stacked.tolist(),
             stacked.astype("float64")]
    for attention in forms:
        trace = drawn(attention).trace
        assert trace.layers() == [0, 1, 2]
        for layer in range(3):
            numpy.testing.assert_array_equal(trace.pattern(layer), stacked[layer])
    assert drawn(stacked.astype("float16")).trace.pattern(0).dtype == numpy.float16


def test_what_is_shown_first_becomes_the_link(weights):
    attention = weights(3, 4, 8, 8)
    assert drawn(attention).link == "view=head&layer=0&heads=all"
    assert drawn(attention, layer=2, heads=[1, 3], display_mode="dark").link == "view=head&theme=dark&layer=2&heads=1,3"
    view = model_view(attention, TOKENS, include_layers=[0, 2], include_heads=[0, 2], html_action="return")
    assert view.link == "view=model&theme=dark&hidden_heads=1,3"
    assert view.trace.layers() == [0, 2], "under their own numbers"
    assert drawn(attention, include_layers=[2]).link == "view=head&layer=2&heads=all"
    assert drawn(attention, include_layers=[0]).trace.layers() == [0]


def test_a_pair_has_segments_and_pieces_of_words_have_their_form(weights):
    about = drawn(weights(1, 2, 8, 8), sentence_b_start=4).trace.about
    assert about == {"format": 1, "tokens": TOKENS, "token_form": "wordpiece", "segments": [0, 4]}
    as_they_are = drawn(weights(1, 2, 8, 8), prettify_tokens=False).trace.about
    assert as_they_are["token_form"] == "plain"


@pytest.mark.parametrize(("tokens", "form", "added"), [
    (["The", "\u0120cat", "na\u00efve", "\u4f60"], "byte_level", ["\u4f60"]),
    (["\u2581The", "\u2581cat", "s", "</s>"], "sentencepiece", None),
    (["the</w>", "cat", "s</w>", "."], "plain", None),
])
def test_forms_are_read_from_the_tokens(weights, tokens, form, added):
    about = drawn(weights(1, 2, 4, 4), tokens).trace.about
    assert (about["token_form"], about.get("added_tokens")) == (form, added)
    assert not any("</w>" in token for token in about["tokens"])


def test_two_stacks_have_three_attentions(weights):
    source, target = TOKENS, ["<pad>", "Die", "Katze"]
    given = {"encoder_attention": list(weights(2, 1, 4, 8, 8)), "decoder_attention": list(weights(2, 1, 4, 3, 3)),
             "cross_attention": list(weights(2, 1, 2, 3, 8)), "encoder_tokens": source, "decoder_tokens": target}
    view = model_view(**given, display_mode="light", html_action="return")
    assert view.link == "view=model&theme=light&stack=encoder&attn=self"
    assert view.trace.tokens == source
    assert view.trace.decoder_tokens == target
    assert view.trace.pattern(1, "decoder", "cross").shape == (2, 3, 8)
    cross = {name: given[name] for name in ("cross_attention", "encoder_tokens", "decoder_tokens")}
    assert head_view(**cross, html_action="return").link.endswith("stack=decoder&attn=cross")
    alone = head_view(decoder_attention=given["decoder_attention"], decoder_tokens=target, html_action="return")
    assert (alone.trace.tokens, alone.trace.layers()) == (target, [0, 1])


def test_wrong_arguments_are_refused_with_one_sentence(weights):
    one, rows = weights(2, 4, 8, 8), weights(2, 4, 8, 8)
    rows[1, 2, 3] *= 2
    holes = weights(2, 4, 8, 8)
    holes[0, 0, 0, 0] = numpy.nan
    cases = [
        ({"attention": one}, "'tokens' is required"),
        ({"attention": one, "tokens": "the cat"}, "tokens: expected a list with a text for each position, found one text"),
        ({"attention": one, "tokens": [101, 102]}, "tokens: expected texts, found int at position 0"),
        ({"attention": one, "tokens": TOKENS[:7]}, "expected 7 queries and 7 keys, as there are tokens, found 8 and 8"),
        ({"attention": one[:, :, 0], "tokens": TOKENS}, "expected a list of layers or a stacked array of the shape [layer, head"),
        ({"attention": [one[0, 0]], "tokens": TOKENS}, "attention of layer 0: expected the shape [head, query, key]"),
        ({"attention": [one], "tokens": TOKENS}, "expected a batch of one, found a batch of 2"),
        ({"attention": (None, None), "tokens": TOKENS}, 'expected an array, found None; load the model with attn_implementation="eager"'),
        ({"attention": ["a"], "tokens": TOKENS}, "attention of layer 0: expected an array of numbers, found str"),
        ({"attention": [], "tokens": TOKENS}, "expected at least one layer, found none; load the model with attn_implementation"),
        ({"attention": rows, "tokens": TOKENS}, "attention of layer 1: expected rows that sum to 1, found 2 in head 2, row 3"),
        ({"attention": holes, "tokens": TOKENS}, "expected finite weights, found NaN or infinity"),
        ({"attention": numpy.log(one), "tokens": TOKENS}, "expected weights of at least 0"),
        ({"attention": one, "tokens": TOKENS, "layer": 2}, "layer: expected one of the layers 0, 1, found 2"),
        ({"attention": one, "tokens": TOKENS, "heads": [4]}, "heads: expected numbers from 0 to 3, found 4"),
        ({"attention": one, "tokens": TOKENS, "include_layers": [2]}, "include_layers: expected layers from 0 to 1, found 2"),
        ({"attention": one, "tokens": TOKENS, "sentence_b_start": 8}, "sentence_b_start: expected a position from 1 to 7, found 8"),
        ({"attention": one, "tokens": TOKENS, "cross_attention": one}, "expected no argument of an encoder or decoder beside it"),
        ({"cross_attention": one, "encoder_tokens": TOKENS}, "'decoder_tokens' is required"),
        ({}, "expected attention, or encoder_attention"),
        ({"attention": one, "tokens": TOKENS, "display_mode": "sepia"}, "display_mode: expected 'dark' or 'light', found 'sepia'"),
        ({"attention": one, "tokens": TOKENS, "html_action": "save"}, "html_action: expected 'view' or 'return', found 'save'"),
    ]
    for arguments, expected in cases:
        with pytest.raises(ValueError) as refusal:
            head_view(**{"html_action": "return"} | arguments)
        assert expected in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_viewing_needs_a_notebook_and_says_so(weights, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    with pytest.raises(ImportError, match='html_action="return"'):
        head_view(weights(1, 2, 8, 8), TOKENS)
