"""Colours as numbers: contrast of WCAG 2, distances in OKLab, and what two kinds of eyes see."""

import re

import numpy as np
from symbreak import page

Array = np.ndarray

# Machado, Oliveira and Fernandes 2009, severity 1, on linear red, green and blue.
EYES = {
    "all": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip
CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                  [0.2119034982, 0.6806995451, 0.1073969566],
                  [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def tokens(mode: str) -> dict[str, str]:
    """The colours of the page's style by name, in ``light`` or ``dark``."""
    light, dark = re.findall(r":root(?:, \.light)? \{[^}]*--paper[^}]*\}", page.style())[:2]
    return dict(re.findall(r"--([\w-]+): (#\w+);", light if mode == "light" else light + dark))


def linear(colour: str) -> Array:
    """Linear red, green and blue of #rgb or #rrggbb, from 0 to 1."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (first, second))
    return (high + 0.05) / (low + 0.05)


def distance(first: str, second: str, eyes: str = "all") -> float:
    """The distance of two colours in OKLab, times 100, as some eyes see them: 2 is just seen."""
    a, b = (LAB @ np.cbrt(CONES @ np.clip(EYES[eyes] @ linear(c), 0, 1)) for c in (first, second))
    return 100 * float(np.linalg.norm(a - b))
