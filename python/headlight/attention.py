"""Attention weights as they come from models: one array per layer, or all layers stacked."""

import numpy

from .arrays import to_numpy, without_batch

AXES = "head, query, key"

# As far as rows may be from 1, in numbers of four and of two bytes.
TOLERANCE = {"float32": 4e-3, "float16": 1e-2}


def layers_of(attention, n_query, n_key, what, row_sums=None):
    """A dictionary of patterns [head, query, key] by layer.

    ``attention`` is a list with an array for each layer, or one array whose first axis is the layer. An axis of length 1 for
    the batch may stand before the heads.
    """
    if attention is None:
        raise ValueError(f'{what}: expected an array for each layer, found None; load the model with attn_implementation="eager"')
    if isinstance(attention, dict):
        raise ValueError(f"{what}: expected a list with an array for each layer, found a dictionary")
    if not isinstance(attention, (list, tuple)):
        stacked = to_numpy(attention, what)
        if stacked.ndim not in (4, 5):
            raise ValueError(
                f"{what}: expected a list of layers or a stacked array of the shape [layer, {AXES}], found {list(stacked.shape)}"
            )
        attention = list(stacked)
    if len(attention) == 0:
        raise ValueError(f'{what}: expected at least one layer, found none; load the model with attn_implementation="eager"')
    found = {}
    for layer, each in enumerate(attention):
        name = f"{what} of layer {layer}"
        pattern = without_batch(to_numpy(each, name), 3, name, AXES)
        check(pattern, n_query, n_key, name, row_sums)
        found[layer] = pattern
    return found


def check(pattern, n_query, n_key, name, row_sums=None):
    """Refuses, with one sentence, a pattern that the viewer would refuse."""
    n_heads, *sides = pattern.shape
    if sides != [n_query, n_key]:
        raise ValueError(
            f"{name}: expected {n_query} queries and {n_key} keys, as there are tokens, found {sides[0]} and {sides[1]}"
        )
    if n_heads == 0:
        raise ValueError(f"{name}: expected at least one head, found none")
    if not numpy.isfinite(pattern).all():
        raise ValueError(f"{name}: expected finite weights, found NaN or infinity")
    if (pattern < 0).any():
        raise ValueError(f"{name}: expected weights of at least 0, found {pattern.min():.3g}; pass them after the softmax")
    sums = pattern.sum(axis=-1, dtype=numpy.float64)
    off = sums - 1 if row_sums == "sinks" else numpy.abs(sums - 1)
    if off.max() > TOLERANCE[str(pattern.dtype)]:
        head, row = (int(place) for place in numpy.unravel_index(off.argmax(), off.shape))
        expected = "at most 1" if row_sums == "sinks" else "1"
        raise ValueError(
            f"{name}: expected rows that sum to {expected}, found {sums[head, row]:.4g} in head {head}, row {row}; call "
            "model.eval() and pass the weights after the softmax"
        )


def chosen(layers, include_layers, what="include_layers"):
    """The layers named by ``include_layers``, under their own numbers; all of them for None."""
    if include_layers is None:
        return layers
    include = [int(layer) for layer in include_layers]
    for layer in include:
        if layer not in layers:
            raise ValueError(f"{what}: expected layers from 0 to {len(layers) - 1}, found {layer}")
    if not include:
        raise ValueError(f"{what}: expected at least one layer, found none")
    return {layer: layers[layer] for layer in sorted(set(include))}


def numbers(values, count, what):
    """Indices below ``count``, from a list or from one number."""
    values = [values] if isinstance(values, (int, numpy.integer)) else list(values)
    for value in values:
        if not 0 <= int(value) < count:
            raise ValueError(f"{what}: expected numbers from 0 to {count - 1}, found {value}")
    return [int(value) for value in values]
