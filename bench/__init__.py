"""The benchmark: this trainer beside its peers, on the same training (``make bench``).

``cells`` says what is trained and ``contenders`` who trains it; ``agreement`` holds that they all
do the same work, ``measure`` times it, ``exactness`` counts broken bits, ``floor`` says how fast it
could be; ``tables``, ``figure`` and ``page`` write it down.
"""

import os

# One thread for everyone. Frameworks read these when they are imported, so they are set here.
for _name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
