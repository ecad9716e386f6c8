"""nnsight: a run of the model that a ``LanguageModel`` wraps, or patterns that were saved in one of its traces."""

from __future__ import annotations

from typing import Any

from . import hugging_face
from .attention import layers_of
from .traces import Trace


def from_nnsight(
    model: Any,
    text: str,
    text_pair: str | None = None,
    target: str | None = None,
    attention: Any = None,
) -> Trace:
    """The trace of a run of nnsight's ``LanguageModel``.

    Without ``attention`` the wrapped model is run anew, as ``headlight.trace`` does. ``attention`` is a list with the weights
    [1, head, query, key] of each layer that were saved in ``with model.trace(text):``, with the changes made there; queries and
    keys are left out then, since they may be those of another run.
    """
    tokenizer = getattr(model, "tokenizer", None)
    if _wrapped(model) is None or tokenizer is None:
        raise ValueError(f"model: expected a LanguageModel of nnsight, found {type(model).__name__}")
    if not getattr(model, "dispatched", True):
        model.dispatch()
    found = hugging_face.trace(_wrapped(model), tokenizer, text, text_pair, target)
    if attention is None:
        return found
    if found.decoder_tokens is not None:
        raise ValueError("attention: expected a model with one stack, found one with encoder and decoder")
    n_tokens = len(found.tokens)
    saved = [getattr(each, "value", each) for each in attention]
    layers = layers_of(saved, n_tokens, n_tokens, "attention")
    kept = {name: tensor for name, tensor in found.tensors.items() if name == "input_ids"}
    found.tensors = {**kept, **{f"blocks.{layer}.attn.hook_pattern": pattern for layer, pattern in layers.items()}}
    return found


def _wrapped(model):
    """The model of transformers inside: ``_module`` since nnsight 0.4, ``_model`` before and in between."""
    found = getattr(model, "_module", None)
    found = getattr(model, "_model", None) if found is None else found
    return found if hasattr(found, "config") else None
