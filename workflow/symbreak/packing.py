"""The pages of settings, packed: what is drawn in 8 bits, sentences apart from their numbers.

A chunk holds the pages of up to ``CHUNK`` settings. It is a line of JSON with the lengths of its
streams, then the streams, each of one kind of bytes over all settings and in a block of its own of
the gzip, so that each has its own code. ``templates/js/unpack.js`` reads it. Streams of numbers
that change slowly hold differences, modulo 256. The same pages give the same bytes.

Letters: c checkpoints, u units, k the length of a neuron vector, b rows.
"""

import json
import math
import re
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

Array = np.ndarray
Row = dict[str, Any]  # of ``pages.table``

CHUNK = 100  # settings
ROOM = 750_000  # bytes of all pages, packed: what a file of 2 MB has left
BASE, A_NUMBER = 200, 0.6  # bytes of a page without its paths, and of a number of the paths
FEWEST = 8  # checkpoints of the paths at least
OCTAVE = 8  # steps of a scale in a factor of two
LARGEST = 127  # the code of the largest number of a scale; minus this, of the smallest
SHADES = 63  # the same of activations, which are drawn as shades
TOP = 254  # the code of the largest distance; 1 is the smallest above zero, 0 is zero
UNKNOWN = 255  # the code of a distance that is not finite
ENDS = -1000 * OCTAVE, 1024 * OCTAVE - 1  # of scales: smaller numbers are drawn as 0
KINDS = ("distance", "paths", "weights", "activations", "learned")
NUMBER = re.compile(r"−?\d[\d,]*(?:\.\d+)?(?:e−?\d+)?")


def packed(streams: Iterable[bytes]) -> str:
    """Return streams as base64 of a gzip without a date, a block a stream."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = [part for stream in streams
             for part in (pack.compress(stream), pack.flush(zlib.Z_SYNC_FLUSH))]  # fmt: skip
    return b64encode(b"".join([*parts, pack.flush()])).decode()


def text(value: Any) -> bytes:
    """Return a JSON value without spaces."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return plain.encode()


def points(size: int, units: int, checkpoints: int) -> int:
    """Return how many checkpoints of its paths a page shows: all, or as many as there is room for.

    ``size`` is the number of settings, ``units`` the width of the widest layer.
    """
    numbers = (ROOM / size - BASE) / A_NUMBER
    return min(checkpoints, max(FEWEST, int(numbers / (2 * units))))


def kept(count: int, most: int) -> list[int]:
    """Return at most so many of ``count`` checkpoints, evenly spaced, first and last among them."""
    some = min(count, most)
    if some < 2:
        return list(range(some))
    return [(2 * i * (count - 1) + some - 1) // (2 * (some - 1)) for i in range(some)]


def chunks(rows: Iterable[Row | None], most: int) -> Iterator[str]:
    """Yield the packed pages of settings in the grid's order, ``CHUNK`` a chunk."""
    rows = iter(rows)
    while some := list(islice(rows, CHUNK)):
        yield chunk(some, most)


def chunk(rows: Sequence[Row | None], most: int) -> str:
    """Return the packed pages of some settings, None for a missing one.

    ``most`` is how many checkpoints of its paths each shows.
    """
    known = [row for row in rows if row is not None]
    shapes = [_shape(row) for row in rows]
    scales = np.array([_scales(row) for row in known], np.int64).reshape(-1, 6).T
    streams = [
        np.array(shapes, np.uint8).T.tobytes(),
        (scales & 255).astype(np.uint8).tobytes(),
        (scales >> 8 & 255).astype(np.uint8).tobytes(),
        b"".join(map(_distances, known)),
        b"".join(_paths(row, most) for row in known),
        b"".join(signed(row["before"]) for row in known),
        b"".join(signed(row["after"]) for row in known),
        b"".join(map(_activations, known)),
        text([sentences([row[f"{kind}_text"] for row in known]) for kind in KINDS]),
        text([numbers(row) for row in known]),
    ]
    head = text([len(stream) for stream in streams]) + b"\n"
    return packed([head, *streams])


def _shape(row: Row | None) -> tuple[int, int, int]:
    """Return layer (0: missing), finite checkpoints of the paths, rows of the activations."""
    if row is None:
        return 0, 0, 0
    units = _units(row)
    return int(row["layer"]), len(row["points"]) // (2 * units), len(row["activations"]) // units


def _units(row: Row) -> int:
    return int(str(row["hidden"]).split("-")[int(row["layer"]) - 1])


def _scales(row: Row) -> list[int]:
    """Return the steps of the least and largest distance, and of the largest other numbers."""
    values = np.concatenate([row[f"distance_{name}"] for name in ("low", "median", "high")])
    above = values[np.isfinite(values) & (values > 0)]
    low = max(ENDS[0], math.floor(OCTAVE * np.log2(above.min()))) if above.size else 0
    ends = [low, max(low, step(above))]
    return ends + [step(row[name]) for name in ("points", "before", "after", "activations")]


def step(values: Any) -> int:
    """Return the least s within ``ENDS`` with |v| <= 2^(s / OCTAVE) for all finite values [...].

    0 where all are 0.
    """
    array = np.abs(np.asarray(values, np.float64))
    largest = array[np.isfinite(array)].max(initial=0.0)
    found = math.ceil(OCTAVE * math.log2(largest)) if largest else 0
    return min(max(ENDS[0], found), ENDS[1])


def signed(values: Any) -> bytes:
    """Return numbers in 8 bits on the scale of the largest: 128 is 0, and 0 is not finite.

    The error is at most 2^(s / OCTAVE) / (2 LARGEST), with ``step`` s.
    """
    return (_levels(values) + 128).astype(np.uint8).tobytes()


def _levels(values: Any, largest: int = LARGEST) -> Array:
    array = np.asarray(values, np.float64)
    share = np.clip(np.nan_to_num(array) * 2.0 ** (-step(array) / OCTAVE), -1, 1)
    return np.where(np.isfinite(array), np.rint(largest * share), -128).astype(np.int64)


def _distances(row: Row) -> bytes:
    """Return low, median and high over checkpoints on one scale of logarithms, as differences."""
    low, high = _scales(row)[:2]
    found = []
    for name in ("low", "median", "high"):
        values = np.asarray(row[f"distance_{name}"], np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (OCTAVE * np.log2(values) - low) / max(1, high - low)
        codes = 1 + np.rint((TOP - 1) * np.clip(np.nan_to_num(share), 0, 1))
        codes = np.where(values == 0, 0, np.where(np.isfinite(values), codes, UNKNOWN))
        found.append(differences(codes.astype(np.int64)))
    return b"".join(found)


def differences(codes: Array) -> bytes:
    """Return each number less the one before it, along the last axis, modulo 256."""
    return (np.diff(codes, axis=-1, prepend=0) & 255).astype(np.uint8).tobytes()


def _paths(row: Row, most: int) -> bytes:
    """Return the differences of each unit's places over the checkpoints kept, [u, 2, c]."""
    codes = _levels(row["points"]).reshape(-1, _units(row), 2)
    return differences(codes[kept(len(codes), most)].transpose(1, 2, 0))


def _activations(row: Row) -> bytes:
    """Return the differences of each unit's activations over the rows, [u, b]."""
    return differences(_levels(row["activations"], SHADES).reshape(_units(row), -1))


def numbers(row: Row) -> list[float | None]:
    """Return share of variance, share of networks per property, unit per property."""
    names = [name for name in row if name.startswith("share")] + [
        name for name in row if name.startswith("unit_")]  # fmt: skip
    return [float(f"{row[n]:.4g}") if np.isfinite(row[n]) else None for n in names]


def sentences(texts: list[str]) -> Any:
    """Return sentences as [their frames, the frame of each, a text of numbers a place of a frame].

    A frame is a sentence with a form feed in place of each number.
    """
    frames = [NUMBER.sub("\f", sentence) for sentence in texts]
    places = list(dict.fromkeys(frames))
    found = [NUMBER.findall(sentence) for sentence in texts]
    columns = [
        [" ".join(column) for column in zip(*(n for n, f in zip(found, frames, strict=True)
                                              if f == frame), strict=True)]
        for frame in places
    ]  # fmt: skip
    return [places, [places.index(frame) for frame in frames], columns]
