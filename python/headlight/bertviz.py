"""``head_view`` and ``model_view`` with the arguments of BertViz 1.4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from .attention import chosen, layers_of, numbers
from .tokens import added, checked, form_of, prettified
from .traces import Trace
from .views import HEIGHT, View, check_action, link_of, present, theme_of


def head_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    layer: int | None = None,
    heads: Sequence[int] | int | None = None,
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Iterable[int] | None = None,
    html_action: Literal["view", "return"] = "view",
    *,
    display_mode: Literal["dark", "light"] | None = None,
    height: int = HEIGHT,
) -> View | None:
    """One layer, token by token, with a line for each weight.

    ``attention`` holds an array [1, head, query, key] for each layer, ``tokens`` a text for each position. ``layer`` and
    ``heads`` are chosen first. For models with two stacks, ``encoder_attention``, ``decoder_attention`` and
    ``cross_attention`` come with ``encoder_tokens`` and ``decoder_tokens``. ``include_layers`` keeps only these layers.
    ``html_action="return"`` returns the figure, whose ``data`` is HTML.
    """
    check_action(html_action)
    trace = trace_of(
        attention, tokens, sentence_b_start, prettify_tokens, encoder_attention, decoder_attention, cross_attention,
        encoder_tokens, decoder_tokens, include_layers,
    )
    shown = {
        "view": "head",
        "theme": theme_of(display_mode),
        "layer": trace.chosen_layer(layer),
        "heads": "all" if heads is None else numbers(heads, trace.heads(), "heads"),
        **_first_attention(trace),
    }
    return present(View(trace, link_of(shown), height), html_action)


def model_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    display_mode: Literal["dark", "light"] | None = "dark",
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Iterable[int] | None = None,
    include_heads: Sequence[int] | int | None = None,
    html_action: Literal["view", "return"] = "view",
    *,
    height: int = HEIGHT,
) -> View | None:
    """All heads of all layers at once.

    The arguments are those of ``head_view``; ``include_heads`` shows only these heads, ``display_mode`` is "dark" or "light".
    """
    check_action(html_action)
    trace = trace_of(
        attention, tokens, sentence_b_start, prettify_tokens, encoder_attention, decoder_attention, cross_attention,
        encoder_tokens, decoder_tokens, include_layers,
    )
    hidden = None
    if include_heads is not None:
        included = numbers(include_heads, trace.heads(), "include_heads")
        hidden = [head for head in range(trace.heads()) if head not in included] or None
    shown = {"view": "model", "theme": theme_of(display_mode), "hidden_heads": hidden, **_first_attention(trace)}
    return present(View(trace, link_of(shown), height), html_action)


def trace_of(
    attention, tokens, sentence_b_start, prettify_tokens, encoder_attention, decoder_attention, cross_attention,
    encoder_tokens, decoder_tokens, include_layers,
):
    """The trace of what BertViz's functions are given."""
    of_two = (encoder_attention, decoder_attention, cross_attention, encoder_tokens, decoder_tokens)
    if attention is not None:
        if any(value is not None for value in of_two):
            raise ValueError(
                "attention: expected no argument of an encoder or decoder beside it, found one; attention is that of a model "
                "with one stack"
            )
        return _one_stack(attention, tokens, sentence_b_start, prettify_tokens, include_layers)
    if all(value is None for value in of_two[:3]):
        raise ValueError(
            "expected attention, or encoder_attention, decoder_attention or cross_attention, found none of them"
        )
    if sentence_b_start is not None:
        raise ValueError("sentence_b_start: expected a model with one stack, found attention of an encoder or decoder")
    if encoder_attention is None and cross_attention is None:
        return _one_stack(decoder_attention, decoder_tokens, None, prettify_tokens, include_layers, "decoder_")
    return _two_stacks(*of_two, prettify_tokens, include_layers)


def _one_stack(attention, tokens, sentence_b_start, prettify_tokens, include_layers, of=""):
    tokens = checked(tokens, f"{of}tokens")
    about = _about(tokens, None, prettify_tokens)
    if sentence_b_start is not None:
        if not 0 < sentence_b_start < len(tokens):
            raise ValueError(f"sentence_b_start: expected a position from 1 to {len(tokens) - 1}, found {sentence_b_start}")
        about["segments"] = [0, int(sentence_b_start)]
    layers = layers_of(attention, len(tokens), len(tokens), f"{of}attention")
    kept = chosen(layers, include_layers)
    return Trace({f"blocks.{layer}.attn.hook_pattern": pattern for layer, pattern in kept.items()}, about)


def _two_stacks(encoder, decoder, cross, encoder_tokens, decoder_tokens, prettify_tokens, include_layers):
    parts = [
        ("encoder_attention", encoder, "encoder.{}.attn", "encoder_tokens", "encoder_tokens"),
        ("decoder_attention", decoder, "decoder.{}.attn", "decoder_tokens", "decoder_tokens"),
        ("cross_attention", cross, "decoder.{}.cross_attn", "decoder_tokens", "encoder_tokens"),
    ]
    given = {"encoder_tokens": encoder_tokens, "decoder_tokens": decoder_tokens}
    tensors = {}
    for what, attention, part, queries, keys in parts:
        if attention is None:
            continue
        for name in (queries, keys):
            given[name] = checked(given[name], name)
        layers = layers_of(attention, len(given[queries]), len(given[keys]), what)
        for layer, pattern in chosen(layers, include_layers).items():
            tensors[f"{part.format(layer)}.hook_pattern"] = pattern
    return Trace(tensors, _about(given["encoder_tokens"], given["decoder_tokens"], prettify_tokens))


def _about(tokens, decoder_tokens, prettify_tokens):
    """What is said about tokens. Where they are not to be made pretty, they are shown as they are."""
    form, names = "plain", []
    if prettify_tokens:
        tokens, decoder_tokens = (each and prettified(each) for each in (tokens, decoder_tokens))
        both = [*(tokens or []), *(decoder_tokens or [])]
        form = form_of(both)
        names = added(both, form)
    about = {"tokens": tokens or [], "token_form": form}
    if names:
        about["added_tokens"] = names
    if decoder_tokens is not None:
        about["decoder_tokens"] = decoder_tokens
    return about


def _first_attention(trace):
    """The parts of a link for the attention that BertViz shows first: the first of encoder, decoder and cross."""
    for stack, attn, end in [("encoder", "self", "attn"), ("decoder", "self", "attn"), ("decoder", "cross", "cross_attn")]:
        if any(name.startswith(f"{stack}.") and name.endswith(f".{end}.hook_pattern") for name in trace.tensors):
            return {"stack": stack, "attn": attn}
    return {}
