"""What guesses belong to: the data and the training behind the verdicts, whatever the grid."""

import hashlib
import json

import numpy as np

from symbreak.settings import Experiment

DIGITS = 8


def ground(experiment: Experiment, x: np.ndarray, y: np.ndarray) -> str:
    """Return hex digits of all that decides a setting's verdict beside the setting and the seeds.

    That is the training rows x [b, d] with labels y [b], the seed, the steps and the threshold. A
    grid of more settings or more replicates keeps them: a guess is still one of the same setting.
    """
    said = [experiment.seed, experiment.steps, experiment.redundancy, x.shape]
    digest = hashlib.sha256(json.dumps(said).encode())
    for values in (x, y):
        digest.update(np.ascontiguousarray(values, np.float64).tobytes())
    return digest.hexdigest()[:DIGITS]
