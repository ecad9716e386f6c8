"""BertViz's neuron view, for any transformers model."""

from . import hugging_face
from .attention import numbers
from .views import HEIGHT, View, check_action, link_of, present, theme_of


def show(
    model,
    model_type,
    tokenizer,
    sentence_a,
    sentence_b=None,
    display_mode="dark",
    layer=None,
    head=None,
    html_action="view",
    *,
    height=HEIGHT,
):
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
