"""The self-test of a training job: do equal units stay equal (E1), are the bits known ones (P)?

Seventeen small networks, eight steps of shuffled minibatches, dropout and Adam: sixteen in the
lanes, the last, a copy of the first, alone with its rows in the lanes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from symbreak import trainer
from symbreak.initializers import INITIALIZERS
from symbreak.networks import network_widths, neuron_vectors
from symbreak.settings import REGISTRIES, Setting
from symbreak.streams import DATA, uniforms

Train = Callable[..., tuple[np.ndarray, np.ndarray]]

KNOWN_BITS = {"float64": "6f35169e5227d041", "float32": "d49d3fa912b3dd6d"}
REPLICATES = np.append(np.arange(16), 0)
INPUTS, HIDDEN, STEPS = 3, (5, 4), 8


class WrongBits(RuntimeError):
    """This machine's arithmetic gives other bits than it should: nothing it trains is usable."""


def self_test(train: Train, dtype: str) -> None:
    """Raise WrongBits unless an engine's arithmetic is right on this machine, in a precision."""
    weights = trained(train, dtype)
    widths = network_widths(INPUTS, HIDDEN)
    layers = [neuron_vectors(weights[0], widths, layer) for layer in (1, 2)]
    digest = hashlib.blake2b(weights.astype(f"<f{weights.itemsize}").tobytes(), digest_size=8)
    known = KNOWN_BITS[dtype]
    for right, fault in (
        (all((units == units[0]).all() for units in layers), "equal units came out different (E1)"),
        ((weights[0] == weights[-1]).all(), "a network came out different alone (E3)"),
        (digest.hexdigest() == known, f"the bits are {digest.hexdigest()}, not {known} (P)"),
    ):
        if not right:
            raise WrongBits(f"self-test in {dtype}: {fault} on this machine; train elsewhere, and "
                            "report the CPU and the versions")  # fmt: skip


def trained(train: Train, dtype: str) -> np.ndarray:
    """Return the weights [17, p] of the self-test; the first and the last start as equal units."""
    names = ("constant", "shared", "constant", "tanh", "adam")
    kinds = zip(REGISTRIES.items(), names, strict=True)
    choices = {kind: registry.choose(name) for (kind, registry), name in kinds}
    setting = Setting(**choices, hidden=HIDDEN, learning_rate=0.5, weight_decay=0.01, batch_size=8,
                      arithmetic="exact", dtype=dtype)  # fmt: skip
    x = uniforms(1, 0, DATA, 60).reshape(20, INPUTS) * 4 - 2
    y = (x[:, 0] > 0).astype(dtype)
    start = trainer.initial_parameters(setting, INPUTS, 1, 0)
    random = replace(setting, init=INITIALIZERS.choose("normal"))
    starts = [
        start,
        *(trainer.initial_parameters(random, INPUTS, 1, r) for r in range(1, 16)),
        start,
    ]
    weights, _ = train(setting, np.stack(starts), REPLICATES, x.astype(dtype), y, 1,
                       np.array([STEPS]))  # fmt: skip
    return weights[:, 0]
