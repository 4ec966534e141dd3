"""The theory: what becomes of the hidden units, predicted from the declarations and the rows.

No network is trained and no verdict is read. The symmetry argument (``symmetry.py``) says which
units are equal, ``signals.py`` which of them a gradient, weight decay or noise of their own
reaches, ``chance.py`` how likely few masks or rows are to change nothing. Of the rules
(``rules.py``) the first that applies to a hidden layer decides it, and the least broken layer
decides the network. ``broken`` stands here for all units distinct: whether distinct units compute
the same (``redundant``) is measured, not predicted.
"""

from dataclasses import replace

import numpy as np

from symbreak import chance
from symbreak.layers import Layer
from symbreak.rules import ORDER, RULES, UNLIKELY, Prediction, Shares, sure
from symbreak.signals import FAINT, Signals, lasting, spread
from symbreak.start import Start

FEW_ROWS = 64
ALIVE = 0.1  # the share of the steps in which a unit that can fall silent is sure to be active


def predict(start: Start) -> Prediction:
    """Return the prediction of one network.

    What moves on a few rows moves on all, so units that start different need no more of them,
    unless zero weights make all rows alike.
    """
    if len(start.x) > 2 * FEW_ROWS and start.layers[0][0].all():
        few = _by_rows(replace(start, x=start.x[:FEW_ROWS], y=start.y[:FEW_ROWS]))
        if few.verdict == "broken" and few.rule == "own start":
            return few
    return _by_rows(start)


def _by_rows(start: Start) -> Prediction:
    """Return the prediction of one network from all rows of its start.

    Where what can happen and what is sure to happen do not lead to the same verdicts, both stand.
    """
    signals = spread(start)
    most = _predict(start, signals)
    lasts = not start.flat or lasting(start, spread(start, most=False))
    if lasts and not signals.is_faint and (start.often or not start.hidden_noise):
        return most
    least = _predict(start, spread(start, most=False, lasts=lasts, scale=FAINT * start.contrast))
    woken = least.verdict == "frozen" != most.verdict  # by what few masks may do
    if least.shares.keys() <= most.shares.keys() and most.known and not woken:
        return most
    both = [name for name in ORDER if name in most.shares.keys() | least.shares.keys()]
    reason = (
        most.reason + " But whether the noise or the steps get so far, the start does not tell."
    )
    return Prediction(dict.fromkeys(both, 1 / len(both)), most.rule, reason, known=False)


def _spelled(share: float) -> str:
    """Return a chance as a reader takes it in, as in ``0.268`` and ``1 in 83,000``."""
    return f"{share:.3g}" if share > 0.001 else f"1 in {float(f'{1 / share:.3g}'):,.0f}"


def _predict(start: Start, signals: Signals) -> Prediction:
    found = [_layer(Layer(start, signals, k)) for k in range(len(start.setting.hidden))]
    shares = {name: 0.0 for name in ORDER}
    below = [1.0]
    for i in range(len(ORDER)):
        above = np.prod([sum(p.shares.get(n, 0.0) for n in ORDER[i + 1 :]) for p in found])
        shares[ORDER[i]] = below[-1] - float(above)
        below.append(float(above))
    least = min(found, key=lambda p: min(ORDER.index(name) for name in p.shares))
    still = _still(start, signals, found)
    shares = {name: share * (1 - still) for name, share in shares.items()}
    shares["frozen"] += still
    reason = least.reason
    if len(found) > 1:
        reason = f"Hidden layer {found.index(least) + 1} of {len(found)} is least broken. {reason}"
    if still > chance.SURE:
        reason += f" With chance {_spelled(still)} no step changes anything."
    shares = sure(shares)
    known = all(p.known for p in found)
    doubt = _doubt(start, signals, shares)
    shares, known = shares | doubt, known and not doubt
    if not known:
        shares = dict.fromkeys(shares, 1 / len(shares))
    return Prediction(shares, least.rule, reason, known or len(shares) == 1)


def _doubt(start: Start, signals: Signals, shares: Shares) -> Shares:
    """Return the verdicts that are possible, too, where masks may silence units or layers."""
    if start.flat and start.own_noise and _few(start, signals, ALIVE):
        return dict.fromkeys(ORDER, 1.0)
    if start.flat and shares.keys() == {"frozen"} and any(g.any() for g in signals.graded):
        return dict.fromkeys(ORDER, 1.0)  # what moves may wake what is silent
    if "frozen" not in shares and _may_cancel(start, signals):
        return {"frozen": 1.0}
    if start.place == "weights" and not start.often:
        return _cut_off(start, signals, shares)
    hidden = start.setting.hidden
    if start.place != "hidden" or start.shared or start.continuous or len(hidden) == 1:
        return {}
    heard = np.prod([1 - start.p**units for units in hidden]) / 2
    if _few(start, signals, float(heard)):
        return dict.fromkeys(ORDER, 1.0)
    sparse = not all(w.all() for w, _ in start.layers) and shares.keys() != {"frozen"}
    path = (1 - (1 - start.p) ** len(hidden)) ** (start.batch * start.steps)
    return {"frozen": 1.0} if sparse and path > UNLIKELY else {}


def _may_cancel(start: Start, signals: Signals) -> bool:
    """Tell whether sums that are zero without noise may be so under every mask, too."""
    if start.place == "input":
        small = bool(start.layers[0][0].any()) and start.hides_inputs
        return small and any(bool(c.any()) for c in signals.cancelled)
    return start.place == "weights" and start.cancels


def _few(start: Start, signals: Signals, share: float) -> bool:
    """Tell whether equal units might stay equal if only a share of the draws counted."""
    layers = [Layer(start, signals, k) for k in range(len(start.setting.hidden))]
    return any(
        1 - layer.split(c, share)[1] > UNLIKELY
        for layer in layers
        if layer.splits
        for c, size in layer.sizes.items()
        if size > 1 and layer.graded[layer.kept == c].any()
    )


def _cut_off(start: Start, signals: Signals, shares: Shares) -> Shares:
    """Return the verdicts that DropConnect may lead to, too, if it cuts off layers by chance.

    The chance is computed only where every weight counts from the first step on.
    """
    split = len(shares.keys() - {"frozen"})
    if split == 0 or all(w.all() for w, _ in start.layers):
        return dict.fromkeys(ORDER, 1.0) if len(start.layers) > 2 and split > 1 else {}
    paths = [max(1, int(rows.any(axis=0).sum())) for rows in signals.heard]
    if chance.cut_off(start.p, paths) ** start.steps < UNLIKELY and split == 1:
        return {}
    return dict.fromkeys(ORDER if split > 1 else ORDER[:1], 1.0)


def _layer(layer: Layer) -> Prediction:
    """Return the first rule's prediction that applies."""
    found = (decide(layer) for decide in RULES.values())
    return next(prediction for prediction in found if prediction is not None)


def _still(start: Start, signals: Signals, found: list[Prediction]) -> float:
    """Return the chance that no draw of masks or rows ever moves some layer."""
    last = len(start.setting.hidden) - 1
    layer = Layer(start, signals, last)
    if any("frozen" in p.shares for p in found) or any(d.any() for d in signals.decayed):
        return 0.0
    pulls = layer.lattice
    if start.place == "weights" and pulls is None:
        once = chance.cut_off(start.p, start.setting.hidden)
        if last == 0:
            once = chance.nothing_kept(start.p, *layer.fan) ** layer.units
        return float(once**start.steps)
    if pulls is None:
        return _never_heard(start, signals)
    if start.place != "hidden":
        if start.batch == len(start.x):
            return 0.0
        return chance.always_balanced(*pulls, start.batch, start.steps)
    if start.continuous:
        return 0.0
    units = 1 if start.shared else layer.units
    return chance.balanced_masks(start.p, *pulls, start.batch, units) ** start.steps


def _never_heard(start: Start, signals: Signals) -> float:
    """Return the chance that the rows and masks of all steps give some layer no gradient.

    A row gives one if a unit is kept in each layer among those that pass a signal on that row.
    """
    error = abs(start.passed[2])
    heard, steps = (error > np.finfo(start.x.dtype).eps).astype(float), start.steps
    for rows in signals.heard:
        later = not rows.any()  # its first gradient comes a step after that of the layer above
        steps -= later
        units = np.minimum((rows | later).sum(axis=1), 1 if start.shared else rows.shape[1])
        masked = start.place == "hidden" and not start.continuous
        heard = heard * (1 - start.p**units if masked else units > 0)
    steps, count = max(1, steps), len(start.x)
    if start.batch == count and 2 * start.y.sum() == count:
        dark = (start.rows[0] == 0).all(axis=1) & (abs(start.passed[2]) == 0.5)
        heard = np.where(dark, 0.0, heard)  # rows that show nothing cancel each other
    silent = 1 - (heard * start.rows[2] * count).reshape(count, -1).sum(axis=1)
    if start.batch == count:
        return float(np.prod(silent) ** steps)
    if set(silent.tolist()) <= {0.0, 1.0}:
        return chance.all_silent(int(silent.sum()), count, start.batch * steps)
    return float(silent.mean() ** (start.batch * steps))
