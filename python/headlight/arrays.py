"""Arrays of any library as numpy arrays that a trace can hold: float32 or float16, contiguous."""

import numpy


def to_numpy(value, what):
    """A torch, JAX or numpy array, or nested lists of numbers, as a numpy array of float32 or float16.

    bfloat16 and float64 become float32: numpy has no bfloat16, and float32 holds its values exactly.
    ``what`` names the value in a message.
    """
    if value is None:
        raise ValueError(f'{what}: expected an array, found None; load the model with attn_implementation="eager"')
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        # By its name, so that torch need not be imported.
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        value = value.numpy()
    try:
        array = numpy.asarray(value)
        if array.dtype != numpy.float16:
            array = array.astype(numpy.float32)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: expected an array of numbers, found {type(value).__name__}") from None
    return numpy.ascontiguousarray(array)


def without_batch(array, n_axes, what, axes):
    """The array without a first axis of length 1. ``axes`` names those that are expected."""
    if array.ndim == n_axes + 1 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == n_axes:
        return array
    if array.ndim == n_axes + 1:
        raise ValueError(f"{what}: expected a batch of one, found a batch of {array.shape[0]}; choose one text")
    raise ValueError(f"{what}: expected the shape [{axes}], or one more axis of length 1 before it, found {list(array.shape)}")
