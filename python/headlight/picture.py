"""A still picture of a trace, as PNG: what a notebook shows where scripts do not run.

Rows are queries and columns keys; the darker, the more weight. It needs no library for drawing.
"""

import struct
import zlib

import numpy

from .traces import PATTERN

LARGEST = 1200
GAP = 2
# The paper, and the colour of a weight of 1.
PAPER, INK = numpy.array([255.0, 255.0, 255.0]), numpy.array([16.0, 64.0, 144.0])


def picture_of(trace, chosen):
    """The PNG of what a figure of these parts shows first, and a sentence that says what it is; ``None`` without patterns.

    The model view is every head of every layer, a row for each layer; others are the chosen heads of the chosen layer.
    """
    patterns = _patterns(trace, chosen.get("stack"), chosen.get("attn"))
    if not patterns:
        return None
    layer = chosen.get("layer", min(patterns))
    if chosen.get("view") == "model" or layer not in patterns:
        rows = [list(patterns[layer]) for layer in sorted(patterns)]
        said = f"Attention of all heads of layers {min(patterns)} to {max(patterns)}, a row for each layer"
    else:
        n_heads = len(patterns[layer])
        heads = [head for head in chosen.get("heads", []) if head < n_heads] or list(range(n_heads))
        n_columns = max(1, round(len(heads) ** 0.5))
        cells = [patterns[layer][head] for head in heads]
        rows = [cells[start : start + n_columns] for start in range(0, len(cells), n_columns)]
        said = f"Attention of layer {layer}, heads {', '.join(map(str, heads))}"
    return _png(_sheet(rows)), f"{said}; in each picture rows are queries and columns keys"


def _patterns(trace, stack, attn):
    """The patterns of one attention by layer; of the first one, where that is not chosen."""
    found = {}
    for name, pattern in trace.tensors.items():
        match = PATTERN.match(name)
        if match:
            kind = (match[1], "cross" if match[3] == "cross_attn" else "self")
            found.setdefault(kind, {})[int(match[2])] = pattern[0] if pattern.ndim == 4 else pattern
    kind = (stack, attn or "self")
    return found.get(kind) or next(iter(found.values()), {})


def _sheet(rows):
    """Pictures side by side, as numbers from 0 to 1; gaps are paper."""
    n_columns = max(len(row) for row in rows)
    n_high, n_wide = rows[0][0].shape
    room = [max(1, (LARGEST - GAP * (n + 1)) // n) for n in (len(rows), n_columns)]
    # Cells grow until the sheet is as large as it may be, or shrink: a smaller picture keeps the largest weight of its part.
    scale = max(1, min(room[0] // n_high, room[1] // n_wide, 24))
    step = max(-(-n_high // room[0]), -(-n_wide // room[1]), 1)
    cells = [[_scaled(numpy.asarray(cell, dtype=numpy.float32), scale, step) for cell in row] for row in rows]
    high, wide = cells[0][0].shape
    sheet = numpy.zeros((GAP + len(rows) * (high + GAP), GAP + n_columns * (wide + GAP)), numpy.float32)
    for down, row in enumerate(cells):
        for across, cell in enumerate(row):
            top, left = GAP + down * (high + GAP), GAP + across * (wide + GAP)
            sheet[top : top + high, left : left + wide] = cell
    return numpy.clip(sheet, 0, 1)


def _scaled(cell, scale, step):
    if step > 1:
        padded = numpy.pad(cell, [(0, -n % step) for n in cell.shape])
        high, wide = (n // step for n in padded.shape)
        cell = padded.reshape(high, step, wide, step).max(axis=(1, 3))
    return cell.repeat(scale, axis=0).repeat(scale, axis=1)


def _png(sheet):
    """A PNG with a palette of 256 colours."""
    shares = numpy.linspace(0, 1, 256)[:, None]
    palette = (PAPER + (INK - PAPER) * shares).round().astype(numpy.uint8).tobytes()
    pixels = (sheet * 255).round().astype(numpy.uint8)
    # Each row begins with the number of its filter: none.
    rows = numpy.concatenate([numpy.zeros((len(pixels), 1), numpy.uint8), pixels], axis=1)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 3, 0, 0, 0)
    parts = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
