"""symbreak: which settings break the symmetry between neurons? Plain Python, arrays in and out."""

__version__ = "0.1.0"
