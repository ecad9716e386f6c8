"""``trace``: a run of a transformers model, with its patterns, queries, keys and values."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from .arrays import to_numpy
from .attention import check
from .tokens import added, form_of_tokenizer
from .traces import Trace

# The longest output that a decoder writes by itself where no target is given.
WRITTEN = 32


def trace(
    model: Any, tokenizer: Any, text: str, text_pair: str | None = None, target: str | None = None
) -> Trace:
    """Runs a model on a text and keeps what its attentions did.

    ``model`` is any model of transformers, as it was loaded: the implementation of attention need not be "eager". ``text_pair``
    is the second of two texts; a model without pairs reads both, joined by a space. For a model with two stacks, ``target`` is
    what the decoder reads, after its start token; without it, the decoder writes at most 32 tokens, each the likeliest.

    Queries and keys are ``hook_q`` and ``hook_k`` as projected, and ``hook_rot_q`` and ``hook_rot_k`` as they enter the product,
    where a norm or rotation changes them; ``hook_attn_scores`` is what the softmax reads. ``headlight.capture`` says where they are read.
    """
    import torch

    from . import capture

    if not isinstance(text, str) or not text:
        raise ValueError(f"text: expected a text, found {text!r}")
    has_types = getattr(model.config, "type_vocab_size", 0) > 1
    inputs, about = _encoded(tokenizer, text, text_pair, {"return_token_type_ids": True} if has_types else {})
    device = getattr(model, "device", torch.device("cpu"))
    inputs = {name: torch.tensor([value], device=device) for name, value in inputs.items()}
    inputs = _accepted(model, inputs)
    is_two = bool(getattr(model.config, "is_encoder_decoder", False))
    if target is not None and not is_two:
        raise ValueError(f"target: expected a model with encoder and decoder, found {type(model).__name__}; leave target out")
    tensors = {"input_ids": inputs["input_ids"][0].cpu().numpy()}
    decoder_ids = None
    if is_two:
        decoder_ids = _decoder_ids(model, tokenizer, target, inputs)
        about["decoder_tokens"] = tokenizer.convert_ids_to_tokens(decoder_ids)
        inputs["decoder_input_ids"] = torch.tensor([decoder_ids], device=device)
        tensors["decoder_input_ids"] = inputs["decoder_input_ids"][0].cpu().numpy()
    calls, outputs, projected = capture.run(model, inputs)
    if calls:
        parts, has_sinks = _of_calls(model, calls, is_two, len(about["tokens"]), len(decoder_ids or []))
        if has_sinks:
            about["row_sums"] = "sinks"
    else:
        parts = _of_outputs(model, outputs, projected, is_two, len(about["tokens"]), len(decoder_ids or []))
    both = [*about["tokens"], *about.get("decoder_tokens", [])]
    about["token_form"] = form_of_tokenizer(tokenizer, both)
    vocabulary = getattr(tokenizer, "get_added_vocab", dict)()
    if names := added(both, about["token_form"], vocabulary):
        about["added_tokens"] = names
    about["model"] = {"name": _name(model)}
    return Trace({**tensors, **parts}, about)


def _name(model):
    """A model's name on the Hub, or that of its folder."""
    name = str(getattr(model, "name_or_path", "") or getattr(model.config, "model_type", "model"))
    return Path(name).name if Path(name).is_dir() else name


def _encoded(tokenizer, text, text_pair, types):
    """The inputs of a model as lists, and what is said about the texts."""
    if text_pair is None:
        encoded = tokenizer(text)
        ids = encoded["input_ids"]
        return dict(encoded), {"tokens": tokenizer.convert_ids_to_tokens(ids), "text": text}
    encoded = tokenizer(text, text_pair, **types)
    start = None
    if getattr(tokenizer, "is_fast", False):
        sides = encoded.sequence_ids(0)
        start = sides.index(1) if 1 in sides else None
        # A tokenizer that marks no border has no pairs.
        if start is not None and None not in sides[:start][1:]:
            joined = tokenizer(f"{text} {text_pair}", return_offsets_mapping=True)
            ends = joined.pop("offset_mapping")
            start = next((index for index, (_, end) in enumerate(ends) if end > len(text) + 1), None)
            encoded = joined
    elif 1 in (types := encoded.get("token_type_ids", [])):
        start = types.index(1)
    about = {"tokens": tokenizer.convert_ids_to_tokens(encoded["input_ids"]), "text": text, "text_pair": text_pair}
    if start:
        about["segments"] = [0, start]
    return dict(encoded), about


def _accepted(model, inputs):
    """The inputs that a model names: tokenizers may make more, as types of tokens for a model that has none."""
    named = inspect.signature(model.forward).parameters
    kept = {name: value for name, value in inputs.items() if name in named}
    if "use_cache" in named:
        kept["use_cache"] = False
    return kept


def _decoder_ids(model, tokenizer, target, inputs):
    """What the decoder reads: its start token, and the target without its last id."""
    start = getattr(model.config, "decoder_start_token_id", None)
    if start is None:
        start = getattr(getattr(model, "generation_config", None), "decoder_start_token_id", None)
    if target is None:
        if not hasattr(model, "generate"):
            raise ValueError(f"target: expected a text, since {type(model).__name__} cannot write one, found none")
        read = {name: value for name, value in inputs.items() if name in ("input_ids", "attention_mask")}
        written = model.generate(**read, do_sample=False, num_beams=1, max_new_tokens=WRITTEN)[0].tolist()
        return written[:-1]
    if start is None:
        raise ValueError(f"{type(model).__name__}: expected decoder_start_token_id in its configuration, found none")
    return [start, *tokenizer(text_target=target)["input_ids"][:-1]]


def _place(path, is_two, is_cross):
    """The beginning of a hook's name, without the layer, from the path of an attention module."""
    if not is_two:
        return "blocks.{}.attn"
    words = path.split(".")
    if is_cross:
        return "decoder.{}.cross_attn"
    return "decoder.{}.attn" if "decoder" in words else "encoder.{}.attn"


def _of_calls(model, calls, is_two, n_tokens, n_target):
    """Tensors of the calls of attention, by the layers that their modules name, else in the order in which they ran."""
    from . import capture

    paths = {module: path for path, module in model.named_modules()}
    used, tensors, has_sinks = {}, {}, False
    for call in calls:
        path = paths.get(call.module, "")
        is_cross = any(word in path for word in capture.CROSS) or bool(getattr(call.module, "is_cross_attention", False))
        place = _place(path, is_two, is_cross)
        layers = used.setdefault(place, [])
        # ALBERT calls one module for all layers; in hybrid models, only some layers attend.
        index = getattr(call.module, "layer_idx", None)
        layers.append(index if isinstance(index, int) and index not in layers else len(layers))
        prefix = place.format(layers[-1])
        has_sinks |= getattr(call.module, "sinks", None) is not None
        tensors |= _of_call(call, prefix, is_cross, _sides(place, n_tokens, n_target), has_sinks)
    return tensors, has_sinks


def _sides(place, n_tokens, n_target):
    """How many queries and keys an attention has."""
    n_query = n_target if place.startswith("decoder") else n_tokens
    return n_query, n_tokens if place.endswith("cross_attn") else n_query


def _of_call(call, prefix, is_cross, sides, has_sinks):
    from . import capture

    name = f"{prefix}.hook_pattern"
    if call.pattern is None:
        raise ValueError(f"{name}: expected weights, found none; this attention does not compute them")
    pattern = to_numpy(call.pattern, name)
    check(pattern, *sides, name, "sinks" if has_sinks else None)
    tensors = {name: pattern}
    if call.scores is not None and not has_sinks:
        tensors[f"{prefix}.hook_attn_scores"] = to_numpy(call.scores, name)
    query, key = call.query.transpose(0, 1), call.key.transpose(0, 1)
    if query.shape[-1] != key.shape[-1] or len(key) != sides[1]:
        return tensors
    fused = capture.by_parts(call, query, key)
    for letter, entering, names in [("q", query, capture.QUERIES), ("k", key, capture.KEYS)]:
        if is_cross or capture.is_projected(entering, call.projected):
            tensors[f"{prefix}.hook_{letter}"] = to_numpy(entering, name)
            continue
        projected = fused.get(letter)
        if projected is None:
            projected = capture.by_heads(call.projected, names, *entering.shape[1:])
        if projected is not None:
            tensors[f"{prefix}.hook_{letter}"] = to_numpy(projected, name)
        # OPT multiplies its queries by the scale before the product; that is neither a norm nor a rotation.
        if projected is None or not capture.is_scaled(entering, projected):
            tensors[f"{prefix}.hook_rot_{letter}"] = to_numpy(entering, name)
    if call.value.transpose(0, 1).shape == key.shape:
        tensors[f"{prefix}.hook_v"] = to_numpy(call.value.transpose(0, 1), name)
    return tensors


def _of_outputs(model, outputs, projected, is_two, n_tokens, n_target):
    """Tensors of a model that returns its patterns, with queries and keys where modules of their own project them."""
    from . import capture

    lists = {"blocks.{}.attn": "attentions"}
    if is_two:
        lists = {"encoder.{}.attn": "encoder_attentions", "decoder.{}.attn": "decoder_attentions",
                 "decoder.{}.cross_attn": "cross_attentions"}
    tensors = {}
    for place, attribute in lists.items():
        returned = getattr(outputs, attribute, None)
        if not returned or all(weights is None for weights in returned):
            raise ValueError(
                f"{type(model).__name__}: expected a model that returns its attention, found none; load it with "
                'attn_implementation="eager", if it attends at all'
            )
        for layer, weights in enumerate(returned):
            name = f"{place.format(layer)}.hook_pattern"
            pattern = to_numpy(None if weights is None else weights[0], name)
            check(pattern, *_sides(place, n_tokens, n_target), name)
            tensors[name] = pattern
    attentions = [found for module, found in projected.items() if _has_both(found)]
    if is_two or len(attentions) != len(tensors):
        return tensors
    for layer, found in enumerate(attentions):
        n_heads = len(tensors[f"blocks.{layer}.attn.hook_pattern"])
        for letter, names in [("q", capture.QUERIES), ("k", capture.KEYS), ("v", capture.VALUES)]:
            rows = next((found[name] for name in names if name in found), None)
            if rows is not None and rows.shape[-1] % n_heads == 0:
                name = f"blocks.{layer}.attn.hook_{letter}"
                tensors[name] = to_numpy(rows.reshape(len(rows), n_heads, -1), name)
    return tensors


def _has_both(found):
    from . import capture

    return any(name in found for name in capture.QUERIES) and any(name in found for name in capture.KEYS)
