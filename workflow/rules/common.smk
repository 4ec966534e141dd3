# What the rules share. A job on a cluster reads all these pages twice before it starts: what one job
# alone needs, and long lists of files, are functions, which are called for the jobs at hand.

# One thread a job: networks are the parallel axis, and BLAS bits depend on the number of threads.
libraries = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "NUMBA")
os.environ |= {f"{name}_NUM_THREADS": "1" for name in libraries}
os.environ |= {"SYMBREAK_KERNELS": os.path.abspath(f"{EXPERIMENT.results}/kernels")}


def code(module):
    """Return the parameter that reruns a rule's jobs when code that decides them changes."""
    return lambda wildcards: files.fingerprint(module)


def tries(amount):
    """Return a resource of which a job gets twice as much at its second try, and so on."""
    return lambda wildcards, attempt: attempt * amount
