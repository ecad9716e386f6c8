"""BertViz's neuron view, for any transformers model."""

from __future__ import annotations

from typing import Any, Literal

from . import hugging_face
from .attention import numbers
from .views import HEIGHT, View, check_action, link_of, present, theme_of


def show(
    model: Any,
    model_type: str,
    tokenizer: Any,
    sentence_a: str,
    sentence_b: str | None = None,
    display_mode: Literal["dark", "light"] | None = "dark",
    layer: int | None = None,
    head: int | None = None,
    html_action: Literal["view", "return"] = "view",
    *,
    height: int = HEIGHT,
) -> View | None:
    """How the weights of a head arise from queries and keys.

    ``model`` is a model of transformers as it is loaded, not a changed one, of any kind; ``model_type`` is not used and stays
    for notebooks that were written for BertViz. ``headlight.trace`` says where queries and keys come from.
    """
    check_action(html_action)
    if not sentence_a:
        raise ValueError("sentence_a: expected a text, found none")
    trace = hugging_face.trace(model, tokenizer, sentence_a, sentence_b or None)
    if not any(name.endswith(("hook_q", "hook_rot_q")) for name in trace.tensors):
        kind = type(model).__name__
        raise ValueError(
            f"{kind}: expected a model whose queries and keys can be read, found none in its attention; head_view and "
            "model_view show its patterns"
        )
    shown = {
        "view": "neuron",
        "theme": theme_of(display_mode),
        "layer": trace.chosen_layer(layer),
        "heads": numbers(0 if head is None else head, trace.heads(), "head"),
    }
    return present(View(trace, link_of(shown), height), html_action)
