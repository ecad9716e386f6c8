"""Patterns, queries, keys and values of a transformers model, as they enter its attention.

transformers calls every attention through one table of functions, ``AttentionInterface``. During a run this module stands in that
table under a name of its own. It hands each call on to the eager function of the model's own module, which computes the weights,
and notes what went in and what came out: queries and keys after their norms and rotation. Beside it, hooks on the projections
note queries and keys before these. The model's settings are put back afterwards.

Models that do not use the table (BLOOM, MPNet, XLNet …) give their patterns through ``output_attentions``, and queries and keys
through the hooks alone, where they are projected by modules of their own.
"""

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch.overrides import TorchFunctionMode

NAME = "headlight"
QUERIES = ("q_proj", "query", "q_lin", "q", "q_attn")
KEYS = ("k_proj", "key", "k_lin", "k")
VALUES = ("v_proj", "value", "v_lin", "v")
# Below every score of float16 and wider numbers; masks of float16 are near -65504.
MASKED = -3e4
# Parts of the names of modules that read another stack.
CROSS = ("encoder_attn", "EncDecAttention", "crossattention", "cross_attn", "encoder_decoder_attention")


@dataclass
class Call:
    """One attention of one layer. Tensors have the axes [head, query, key], or [head, pos, neuron]."""

    module: torch.nn.Module
    pattern: torch.Tensor | None = None
    scores: torch.Tensor | None = None
    query: torch.Tensor | None = None
    key: torch.Tensor | None = None
    value: torch.Tensor | None = None
    projected: dict = field(default_factory=dict)


def run(model, inputs):
    """Runs a model on a batch of one; the calls of its attentions in order, and its outputs."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad(), _projections(model) as projected:
            calls, outputs = _through_table(model, inputs, projected)
            if not calls:
                projected.clear()
                outputs = model(**inputs, output_attentions=True)
        return calls, outputs, projected
    finally:
        model.train(was_training)


def _through_table(model, inputs, projected):
    """The calls that went through transformers' table; none where the model does not use it."""
    try:
        from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS as masks
        from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS as functions
    except ImportError:  # before 4.53
        return [], None
    if not getattr(type(model), "_can_set_attn_implementation", lambda: True)():
        return [], None
    calls = []

    def attention(module, query, key, value, *arguments, **named):
        eager = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
        if eager is None:
            raise _Unknown
        with _Scores() as noted:
            output, pattern = eager(module, query, key, value, *arguments, **named)
        found = projected.pop(module, {})
        tensors = (pattern, _scores(noted.scores, pattern), query, key, value)
        calls.append(Call(module, *(None if tensor is None else tensor[0].clone() for tensor in tensors), found))
        return output, pattern

    functions.register(NAME, attention)
    masks.register(NAME, masks["eager"])
    try:
        with _implementation(model, NAME):
            return calls, model(**inputs)
    except _Unknown:
        return [], None
    finally:
        for table in (functions, masks):
            table._global_mapping.pop(NAME, None)


class _Scores(TorchFunctionMode):
    """Notes what the first softmax reads: scores after scale, cap, bias and mask."""

    scores = None

    def __torch_function__(self, function, types, arguments=(), named=None):
        if function in (torch.nn.functional.softmax, torch.softmax, torch.Tensor.softmax) and self.scores is None:
            self.scores = arguments[0]
        return function(*arguments, **(named or {}))


def _scores(scores, pattern):
    """Scores with -inf where a mask forbids a key; None where their softmax is not the pattern."""
    if scores is None or pattern is None or scores.shape != pattern.shape:
        return None
    scores = scores.float()
    if not torch.allclose(scores.softmax(dim=-1), pattern.float(), atol=1e-2):
        return None
    # Masks are the lowest number of their type, to which a score may have been added.
    return scores.masked_fill(scores < MASKED, float("-inf"))


class _Unknown(Exception):
    """A module that has no eager function beside it."""


@contextmanager
def _implementation(model, name):
    """The model with another implementation of attention in all of its parts."""
    configs = {id(config): config for config in (getattr(m, "config", None) for m in model.modules()) if config is not None}
    before = {key: getattr(config, "_attn_implementation_internal", None) for key, config in configs.items()}
    for config in configs.values():
        config._attn_implementation_internal = name
    try:
        yield
    finally:
        for key, config in configs.items():
            config._attn_implementation_internal = before[key]


@contextmanager
def _projections(model):
    """What the projections of each attention give, by attention module and name, while the model runs."""
    found, handles = {}, []

    def note(parent, name):
        def hook(_module, _inputs, output):
            if isinstance(output, torch.Tensor) and output.dim() == 3:
                found.setdefault(parent, {})[name] = output[0].clone()

        return hook

    for parent in model.modules():
        if "attention" not in type(parent).__name__.lower():
            continue
        for name, child in parent.named_children():
            weight = getattr(child, "weight", None)
            if weight is not None and weight.dim() == 2:
                handles.append(child.register_forward_hook(note(parent, name)))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def by_heads(projected, names, n_heads, d_head):
    """What a projection with one of these names gives, [pos, head, neuron]; None where none has that width."""
    for name in names:
        rows = projected.get(name)
        if rows is not None and rows.shape[-1] == n_heads * d_head:
            return rows.reshape(len(rows), n_heads, d_head)
    return None


def by_parts(call, query, key):
    """Queries and keys of a projection that makes values too, by the letters q and k; nothing where it is laid out in a way
    that its values do not confirm. ``query`` and ``key`` have the shapes to return.
    """
    value = call.value.transpose(0, 1)
    if value.shape != key.shape:
        return {}
    n_pos, n_heads, d_head = query.shape
    n_key_heads = key.shape[1]
    for rows in call.projected.values():
        if rows.shape != (n_pos, (n_heads + 2 * n_key_heads) * d_head):
            continue
        heads = rows.reshape(n_pos, -1, d_head)
        one_after_another = heads.split([n_heads, n_key_heads, n_key_heads], dim=1)
        by_head = rows.reshape(n_pos, n_heads, -1, d_head).unbind(2) if n_heads == n_key_heads else one_after_another
        for q, k, v in (one_after_another, by_head):
            if torch.equal(v, value):
                return {"q": q, "k": k}
    return {}


def is_projected(entering, projected):
    """Whether what enters the product, [pos, head, neuron], is what a projection gave, or a part of that."""
    flat = entering.reshape(len(entering), -1)
    width, step = flat.shape[-1], entering.shape[-1]
    for rows in projected.values():
        if len(rows) != len(flat):
            continue
        for start in range(0, rows.shape[-1] - width + 1, step):
            if torch.equal(rows[:, start : start + width], flat):
                return True
    return False


def is_scaled(entering, projected):
    """Whether what enters the product is what a projection gave, times one number."""
    largest = projected.abs().argmax()
    factor = entering.flatten()[largest] / projected.flatten()[largest]
    return torch.allclose(entering, projected * factor, rtol=1e-3, atol=0)
