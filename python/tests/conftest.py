"""What the tests share: weights that a softmax could have made."""

import numpy
import pytest


@pytest.fixture
def weights():
    """A function that makes patterns of a shape, the same each time."""

    def make(*shape, dtype="float32", seed=0):
        scores = numpy.random.default_rng(seed).normal(size=shape)
        exp = numpy.exp(scores)
        return (exp / exp.sum(axis=-1, keepdims=True)).astype(dtype)

    return make
