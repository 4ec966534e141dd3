"""Random draws by counter: the same key and counter give the same number, whatever came before.

The generator is Threefry-2x64 with 13 rounds (Salmon and others, "Parallel random numbers: as easy
as 1, 2, 3", SC 2011), additions, rotations and exclusive ors of 64-bit integers. A key is
(experiment seed; replicate and purpose), a counter is (index; step and layer): the same replicate
of two settings draws the same numbers, and nothing depends on stacking, order or cores.
"""

from typing import Any

import numpy as np

from symbreak.normal import normal_quantile

Array = Any  # uint64 NumPy arrays here, machine integers in the compiled engine

INIT, BIAS, DROPOUT, ORDER, DATA, SPLIT, RESAMPLE = range(1, 8)  # purposes; never renumbered

WEIGHT_LAYER = 63  # the layer word of DropConnect's draws; inputs are 0, hidden layers 1 to 62

PARITY = np.uint64(0x1BD11BDAA9FC1A22)
ONE, TWO, THREE = np.uint64(1), np.uint64(2), np.uint64(3)
LOW32 = np.uint64(0xFFFFFFFF)
SHIFT32 = np.uint64(32)


def mix(a: Array, b: Array, left: Any, right: Any) -> tuple[Array, Array]:
    """One Threefry round: add, rotate by ``left`` (``right`` is 64 - left), exclusive or."""
    a = a + b
    return a, ((b << left) | (b >> right)) ^ a


def threefry(key0: Array, key1: Array, index: Array, step: Array) -> tuple[Array, Array]:
    """Return two words of 64 random bits for each (key, counter); shapes broadcast."""
    key2 = PARITY ^ key0 ^ key1
    a, b = index + key0, step + key1
    a, b = mix(a, b, np.uint64(16), np.uint64(48))
    a, b = mix(a, b, np.uint64(42), np.uint64(22))
    a, b = mix(a, b, np.uint64(12), np.uint64(52))
    a, b = mix(a, b, np.uint64(31), np.uint64(33))
    a, b = a + key1, b + key2 + ONE
    a, b = mix(a, b, np.uint64(16), np.uint64(48))
    a, b = mix(a, b, np.uint64(32), np.uint64(32))
    a, b = mix(a, b, np.uint64(24), np.uint64(40))
    a, b = mix(a, b, np.uint64(21), np.uint64(43))
    a, b = a + key2, b + key0 + TWO
    a, b = mix(a, b, np.uint64(16), np.uint64(48))
    a, b = mix(a, b, np.uint64(42), np.uint64(22))
    a, b = mix(a, b, np.uint64(12), np.uint64(52))
    a, b = mix(a, b, np.uint64(31), np.uint64(33))
    a, b = a + key0, b + key1 + THREE
    return mix(a, b, np.uint64(16), np.uint64(48))


def stream_key(replicate: Array, purpose: int) -> Array:
    """Return the second key word of a replicate's stream for one purpose."""
    return np.asarray(replicate, np.uint64) * np.uint64(16) + np.uint64(purpose)


def words32(key0: Array, key1: Array, count: int, step: Array) -> np.ndarray:
    """Return [..., count] words of 32 bits, as uint64; four to a generator call, low half first."""
    index = np.arange((count + 3) // 4, dtype=np.uint64)
    a, b = threefry(
        np.asarray(key0)[..., None], np.asarray(key1)[..., None], index, np.asarray(step)[..., None]
    )
    words = np.stack([a & LOW32, a >> SHIFT32, b & LOW32, b >> SHIFT32], axis=-1)
    return words.reshape(*words.shape[:-2], -1)[..., :count]


def uniforms(seed: int, replicate: int, purpose: int, count: int, block: int = 0) -> np.ndarray:
    """Return ``count`` float64 in (0, 1), multiples of 2^-53 shifted by half a step.

    ``block`` (a matrix, a column) tells the draws of one purpose apart.
    """
    index = np.arange((count + 1) // 2, dtype=np.uint64)
    words = threefry(np.uint64(seed), stream_key(replicate, purpose), index, np.uint64(block))
    bits = np.stack(words, axis=-1).reshape(-1)[:count]
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def normals(seed: int, replicate: int, purpose: int, count: int, block: int = 0) -> np.ndarray:
    """Return ``count`` standard normal float64, by the quantile of ``uniforms``."""
    return normal_quantile(uniforms(seed, replicate, purpose, count, block))
