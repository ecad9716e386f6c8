"""TransformerLens: a cache of activations as a trace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy

from .arrays import to_numpy
from .attention import check
from .tokens import added, form_of_tokenizer
from .traces import Trace

KEPT = re.compile(r"^blocks\.\d+\.attn\.hook_(pattern|q|k|v|rot_q|rot_k)$")


def from_transformer_lens(cache: Any, model: Any, text: str | Sequence[int] | None = None) -> Trace:
    """The trace of a cache that ``model.run_with_cache`` gave.

    ``model`` is a ``TransformerBridge`` (4.x) or a ``HookedTransformer`` (2.x and 3.x). ``text`` is what was run; without it, the
    tokens are read from the cache: a bridge keeps their ids, and for a HookedTransformer the rows of ``hook_embed`` are found
    in the embedding.
    """
    tensors = {name: _of_one(name, value) for name, value in cache.items() if KEPT.match(name)}
    patterns = [name for name in tensors if name.endswith("hook_pattern")]
    if not patterns:
        raise ValueError(
            "cache: expected blocks.0.attn.hook_pattern, found no pattern; call run_with_cache without names_filter, or with one "
            "that keeps attn.hook_pattern"
        )
    ids = _ids(cache, model, text)
    for name in patterns:
        check(tensors[name], len(ids), len(ids), name)
    tensors["input_ids"] = numpy.asarray(ids, dtype=numpy.int64)
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        tokens, form = [str(each) for each in ids], "plain"
    else:
        tokens = tokenizer.convert_ids_to_tokens(ids)
        form = form_of_tokenizer(tokenizer, tokens)
    about = {"tokens": tokens, "token_form": form, "model": {"name": str(getattr(model.cfg, "model_name", "") or "model")}}
    if names := added(tokens, form, getattr(tokenizer, "get_added_vocab", dict)()):
        about["added_tokens"] = names
    if isinstance(text, str):
        about["text"] = text
    return Trace(tensors, about)


def _of_one(name, value):
    """A tensor without its batch axis."""
    if name.endswith("hook_pattern") and value.ndim == 3:
        return to_numpy(value, name)
    array = to_numpy(value, name)
    n_axes = 3
    if array.ndim == n_axes + 1:
        if array.shape[0] != 1:
            raise ValueError(f"{name}: expected a batch of one, found a batch of {array.shape[0]}; take cache[...][:1]")
        array = array[0]
    if array.ndim != n_axes:
        raise ValueError(f"{name}: expected 3 axes and one for the batch, found the shape {list(array.shape)}")
    return array


def _ids(cache, model, text):
    """The ids that were read."""
    if text is not None:
        ids = model.to_tokens(text) if isinstance(text, str) else text
        return _list(ids)
    if "embed.hook_in" in cache:
        return _list(cache["embed.hook_in"])
    if "hook_embed" in cache and hasattr(model, "W_E"):
        rows = cache["hook_embed"]
        rows = rows[0] if rows.ndim == 3 else rows
        found = [(model.W_E == row).all(dim=-1).nonzero().flatten() for row in rows]
        if all(len(each) for each in found):
            return [int(each[0]) for each in found]
    raise ValueError("text: expected the text that was run, since the cache does not hold its tokens; pass text=")


def _list(ids):
    ids = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    if ids and isinstance(ids[0], list):
        if len(ids) != 1:
            raise ValueError(f"text: expected a batch of one, found a batch of {len(ids)}")
        ids = ids[0]
    return [int(each) for each in ids]
