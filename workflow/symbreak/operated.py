"""What a network loses without a neuron, and what cloning and merging neurons change, in words."""

from dataclasses import replace

import numpy as np

from symbreak import paths, surgery, trainer
from symbreak.networks import Layer, Trained, split_layers
from symbreak.settings import Setting
from symbreak.summary import are, number

Array = np.ndarray


def sentence(trained: Trained, replicate: int, layer: int, x: Array, y: Array) -> str:
    """Return it for the trained weights of one network; empty where it diverged.

    x [b, d] and y [b] are the training rows, ``layer`` counts from 1.
    """
    setting, final = replace(trained.setting, arithmetic="exact"), trained.weights[replicate, -1]
    if not np.isfinite(final).all():
        return ""
    rows, inputs = x.astype(setting.dtype), x.shape[1]
    outputs, _, logit = trainer.forward(split_layers(final, trained.widths), rows, setting)
    rise = surgery.lesion_losses(setting, final[None], layer, outputs[layer][None], rows, y)[0]
    wider, twice = surgery.cloned(setting, final[None], inputs, layer, 0)
    clone = split_layers(twice[0], (inputs, *wider.hidden, 1))
    narrow, fewer = surgery.smaller(setting, final, outputs[1:], inputs)
    kept, width = narrow.hidden[layer - 1], setting.hidden[layer - 1]
    named = paths.named(trained, layer, replicate)
    most, least, first = (
        1 + unit if named is None else named.name_of(unit)
        for unit in (int(rise.argmax()), int(rise.argmin()), 0)
    )
    which = "any one neuron" if most == least else f"neuron {most}"
    other = "" if most == least else f"; without neuron {least}, by {number(float(rise.min()))}"
    return (
        f"Without {which}, what it tells of the rows replaced by its mean, the training loss rises "
        f"by {number(float(rise.max()))} nats{other}. Neuron {first} twice, its outgoing weights "
        f"shared, changes outputs by {_most(clone, rows, wider, logit)} at most. Equal, opposite "
        f"and dead neurons merged, {kept} of {width} {are(kept)} left, and outputs change by "
        f"{_most(fewer, rows, narrow, logit)} at most."
    )


def _most(layers: list[Layer], x: Array, setting: Setting, logit: Array) -> str:
    """Return the largest difference of a network's logits from those of the whole one."""
    if all(setting.hidden):
        found = trainer.forward(layers, x, setting)[2]
    else:  # no neuron is left: the same output for every row
        found = layers[-1][1]
    return number(float(abs(found - logit).max()))
