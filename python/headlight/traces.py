"""A trace: activations by the names of TransformerLens, and what is said about them. The format is docs/formats.md's."""

from __future__ import annotations

import json
import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
from safetensors import deserialize, safe_open
from safetensors.numpy import save_file

if TYPE_CHECKING:
    from .views import View

METADATA = "headlight"
FORMAT = 1
PATTERN = re.compile(r"^(?:(encoder|decoder)|blocks)\.(\d+)\.(attn|cross_attn)\.hook_pattern$")


class Trace:
    """Activations of one run.

    ``tensors`` maps names such as ``blocks.0.attn.hook_pattern`` to numpy arrays without a batch axis. ``about`` is the
    object that names tokens, text and model.
    """

    def __init__(self, tensors: dict[str, numpy.ndarray], about: dict[str, Any]) -> None:
        self.tensors = dict(tensors)
        self.about = {"format": FORMAT, **about}

    @property
    def tokens(self) -> list[str]:
        """Tokens of the only stack, or of the encoder."""
        return list(self.about.get("tokens", []))

    @property
    def decoder_tokens(self) -> list[str] | None:
        """Tokens of the decoder of a model with two stacks, else None."""
        return self.about.get("decoder_tokens")

    def pattern(self, layer: int, stack: str | None = None, attn: str = "self") -> numpy.ndarray:
        """Weights [head, query, key] of a layer; ``attn`` is "self" or "cross"."""
        name = f"{stack or 'blocks'}.{layer}.{'cross_attn' if attn == 'cross' else 'attn'}.hook_pattern"
        if name not in self.tensors:
            held = sorted(found for found in self.tensors if PATTERN.match(found))
            raise KeyError(f"{name} is not in this trace, which has the patterns {', '.join(held) or 'of no layer'}")
        return self.tensors[name]

    def heads(self) -> int:
        """The most heads that an attention of this trace has, by its patterns or, without any, by its queries."""
        by_patterns = max((t.shape[-3] for name, t in self.tensors.items() if PATTERN.match(name)), default=0)
        return by_patterns or max((t.shape[-2] for name, t in self.tensors.items() if name.endswith("attn.hook_q")), default=0)

    def layers(self) -> list[int]:
        """The numbers of the layers that have patterns."""
        return sorted({int(match[2]) for match in map(PATTERN.match, self.tensors) if match})

    def chosen_layer(self, layer: int | None) -> int:
        """The layer that is asked for, which the trace must have; its first one where that is ``None``."""
        held = self.layers()
        if layer is not None and layer not in held:
            raise ValueError(f"layer: expected one of the layers {', '.join(map(str, held))}, found {layer}")
        return held[0] if layer is None else int(layer)

    def to_bytes(self) -> bytes:
        """The trace as the bytes of a file."""
        from safetensors.numpy import save as to_bytes

        return to_bytes(self._contiguous(), metadata=self._metadata())

    def save(self, path: str | PathLike[str]) -> None:
        """Writes a safetensors file that Headlight and ``load`` open."""
        save_file(self._contiguous(), str(path), metadata=self._metadata())

    def to_html(self, path: str | PathLike[str], **shown: Any) -> None:
        """Writes a page in one file, with the viewer inside. ``shown`` is as for ``show``."""
        from .views import to_html

        to_html(self, path, **shown)

    def show(self, **shown: Any) -> View:
        """A figure for a notebook. ``shown`` is as for ``headlight.show``."""
        from .views import show

        return show(self, **shown)

    def _repr_html_(self):
        return self.show()._repr_html_()

    def __repr__(self):
        name = self.about.get("model", {}).get("name", "unknown model")
        return f"Trace({name}, {len(self.tokens)} tokens, {len(self.tensors)} tensors)"

    def _contiguous(self):
        return {name: numpy.ascontiguousarray(_in_four_bytes(tensor)) for name, tensor in self.tensors.items()}

    def _metadata(self):
        return {METADATA: json.dumps(self.about, ensure_ascii=False)}


def _in_four_bytes(tensor):
    """Numbers of eight bytes, which numpy makes where nobody says otherwise and traces do not hold, in four."""
    return tensor.astype(numpy.float32) if numpy.asarray(tensor).dtype == numpy.float64 else tensor


def save(trace: Trace, path: str | PathLike[str]) -> None:
    """Writes a trace to a safetensors file."""
    trace.save(path)


def load(path: str | PathLike[str]) -> Trace:
    """Reads a trace from a safetensors file, whoever wrote it.

    Tensors in bfloat16 become float32. A file without metadata is a trace whose tokens are numbered.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: expected a trace in a file, found none; save one with headlight.save(trace, path)")
    with safe_open(str(path), framework="numpy") as file:
        metadata = file.metadata() or {}
        names = list(file.keys())
        two_bytes = {name for name in names if file.get_slice(name).get_dtype() == "BF16"}
        tensors = {name: file.get_tensor(name) for name in names if name not in two_bytes}
    if two_bytes:
        tensors |= {name: _widened(each) for name, each in deserialize(Path(path).read_bytes()) if name in two_bytes}
    about = json.loads(metadata.get(METADATA, "{}"))
    if about.get("format", FORMAT) != FORMAT:
        raise ValueError(f"{path}: expected a trace of format {FORMAT}, found format {about['format']}")
    if "tokens" not in about:
        about["tokens"] = [str(position) for position in range(_n_tokens(tensors, path))]
    return Trace(tensors, about)


def _widened(tensor):
    """A tensor in bfloat16, which numpy does not have, as float32: its bits are the upper half of those of float32."""
    bits = numpy.frombuffer(tensor["data"], dtype="<u2").astype(numpy.uint32) << 16
    return bits.view(numpy.float32).reshape(tensor["shape"])


def _n_tokens(tensors, path):
    for name, tensor in tensors.items():
        if PATTERN.match(name):
            return tensor.shape[-1]
        if name.endswith(("hook_q", "hook_k")):
            return tensor.shape[-3]
    raise ValueError(f"{path}: expected patterns, or queries and keys, by the names of TransformerLens, found neither")
