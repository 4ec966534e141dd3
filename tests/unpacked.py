"""What ``packing`` packs, unpacked: the specification of templates/js/unpack.js in Python."""

import gzip
import json
from base64 import b64decode
from typing import Any

import numpy as np
from symbreak import packing
from symbreak.packing import LARGEST, OCTAVE, SHADES, TOP, UNKNOWN

Array = np.ndarray


class Stream:
    """Bytes, taken from their start."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, *shape: int) -> Array:
        """Return the next bytes as whole numbers from 0 to 255, in this shape."""
        count = int(np.prod(shape))
        self.at += count
        part = self.content[self.at - count : self.at]
        return np.frombuffer(part, np.uint8).astype(np.int64).reshape(shape)

    def sums(self, *shape: int) -> Array:
        """Return what the next bytes are the differences of, along the last axis."""
        return np.cumsum(self.take(*shape), axis=-1) & 255


def chunk(text: str, hidden: list[str], features: int, checkpoints: int, most: int) -> list[Any]:
    """Return the pages of a chunk; ``hidden`` are the labels of its settings' widths."""
    head, _, rest = gzip.decompress(b64decode(text)).partition(b"\n")
    whole, streams = Stream(rest), []
    for length in json.loads(head):
        streams.append(whole.take(length).astype(np.uint8).tobytes())
    *drawn, texts, numbers = streams
    shapes = Stream(drawn[0]).take(3, len(hidden))
    known = int((shapes[0] > 0).sum())
    high = np.frombuffer(drawn[2], np.int8).astype(np.int64).reshape(6, known)
    scales = 256 * high + Stream(drawn[1]).take(6, known)
    sources = [Stream(part) for part in drawn[3:]]
    words = [sentences(*found) for found in json.loads(texts)]
    values, pages, place = json.loads(numbers), [], 0
    for i, (layer, steps, rows) in enumerate(shapes.T.tolist()):
        if not layer:
            pages.append(None)
            continue
        widths = (features, *map(int, hidden[i].split("-")), 1)
        kept = packing.kept(steps, most)
        drawn_page = _drawn(widths, layer, len(kept), rows, checkpoints, scales[:, place], sources)
        own = {kind: found[place] for kind, found in zip(packing.KINDS, words, strict=True)}
        pages.append(drawn_page | {"kept": kept, "numbers": values[place], "texts": own})
        place += 1
    return pages


def _drawn(widths: tuple[int, ...], layer: int, steps: int, rows: int, checkpoints: int,
           scales: Array, sources: list[Stream]) -> dict[str, Array]:  # fmt: skip
    units, length = widths[layer], widths[layer - 1] + 1 + widths[layer + 1]
    low, high, *sizes = scales.tolist()
    distances, paths, before, after, activations = sources
    return {
        "distance": distance(distances.sums(3, checkpoints), low, high),
        "points": signed(centred(paths.sums(units, 2, steps)), sizes[0]).transpose(2, 0, 1),
        "before": signed(before.take(units, length) - 128, sizes[1]),
        "after": signed(after.take(units, length) - 128, sizes[2]),
        "activations": signed(centred(activations.sums(units, rows)), sizes[3], SHADES),
    }


def centred(codes: Array) -> Array:
    """Return codes modulo 256 as numbers from -128 to 127."""
    return (codes + 128) % 256 - 128


def signed(codes: Array, size: int, largest: int = LARGEST) -> Array:
    """Return the numbers of a scale, NaN where they were not finite."""
    return np.where(codes == -128, np.nan, codes / largest * 2.0 ** (size / OCTAVE))


def distance(codes: Array, low: int, high: int) -> Array:
    """Return the distances of a scale of logarithms, NaN where they were not finite."""
    values = 2.0 ** ((low + (codes - 1) / (TOP - 1) * max(1, high - low)) / OCTAVE)
    return np.where(codes == 0, 0.0, np.where(codes == UNKNOWN, np.nan, values))


def sentences(frames: list[str], frame_of: list[int], columns: list[list[str]]) -> list[str]:
    """Return sentences with their numbers put back."""
    numbers = [[column.split(" ") for column in places] for places in columns]
    rows = [zip(*places, strict=True) for places in numbers]
    found = []
    for frame in frame_of:
        parts = frames[frame].split("\f")
        taken = next(rows[frame]) if len(parts) > 1 else ()
        found.append("".join(a + b for a, b in zip(parts, (*taken, ""), strict=True)))
    return found
