"""Which BLAS is behind NumPy's ``@``: its bits, and so what they separate, depend on it."""

from threadpoolctl import threadpool_info


def numpy_blas() -> tuple[str, str]:
    """Return NumPy's BLAS and the kernel that it chose for this CPU."""
    every = [found for found in threadpool_info() if found["user_api"] == "blas"]
    own = [found for found in every if "numpy" in found["filepath"]]
    if not own and len(every) != 1:  # a wheel brings its own, an environment has one for all
        return "not reported", "not reported"
    found = (own or every)[0]
    name = f"{found['internal_api']} {found['version']}"
    return name, str(found.get("architecture") or "not reported")


def label() -> str:
    """Return the library and its kernel in a line, as in ``openblas 0.3.31, kernel Haswell``."""
    return "{}, kernel {}".format(*numpy_blas())
