# What the rules share. A job on a cluster reads all these pages twice before it starts: what one job
# alone needs, and long lists of files, are functions, which are called for the jobs at hand.

# One thread a job: networks are the parallel axis, and BLAS bits depend on the number of threads.
libraries = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "NUMBA")
os.environ |= {f"{name}_NUM_THREADS": "1" for name in libraries}
os.environ |= {"SYMBREAK_KERNELS": os.path.abspath(f"{EXPERIMENT.results}/kernels")}


def code(module):
    """Return the parameter that reruns a rule's jobs when code that decides them changes.

    Another machine's job takes it from the run that planned it, by its environment: so it can tell
    that its own library is another one, or was edited while it waited.
    """
    name = f"SYMBREAK_CODE_{module}"

    def planned(wildcards):
        if not workflow.remote_exec or name not in os.environ:
            os.environ[name] = files.fingerprint(module)
        return os.environ[name]

    return planned


def tries(amount):
    """Return a resource of which a job gets twice as much at its second try, and so on."""
    return lambda wildcards, attempt: attempt * amount


def there(table):
    """Return the function that gives a table's files of the initializers that can be shown."""

    def files_of(wildcards):
        homes = incomplete.shown(EXPERIMENT)
        if not homes:
            sys.exit(
                "partial: no combination is trained and measured yet, nothing to report"
            )
        return [f"{place}/{table}/{init}.parquet" for init, place in homes.items()]

    return files_of
