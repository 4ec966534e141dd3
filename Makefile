# Two commands do all the set-up: make report (the main job) and make test.
BIN := .venv/bin
PYTHON ?= python3
export PATH := $(CURDIR)/$(BIN):$(PATH)
CORES ?= 4

.PHONY: report test bench bench-report lock clean

report: .venv/ready
	snakemake --cores $(CORES)

# In CI nothing is skipped.
test: .venv/ready-test $(if $(CI),.venv/ready-bench .venv/ready-web .venv/ready-debian .venv/ready-slurm)
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow/rules
	snakemake --lint
	pytest -n 2

bench: .venv/ready-bench  # FULL=1: every cell; RESUME=1: go on with an interrupted run
	python -m bench $(if $(FULL),--full) $(if $(RESUME),--resume)

bench-report: .venv/ready-test  # size and speed of the report of large grids; needs chromium
	python -m bench.report_size

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "symbreak needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r $<
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.venv/ready-test: requirements-test.lock .venv/ready
	$(BIN)/pip install --quiet --require-hashes -r $<
	touch $@

# PyTorch's builds for CPUs and for CUDA share a version and no hash: this takes pip's choice.
.venv/ready-bench: requirements-bench.lock .venv/ready
	$(BIN)/pip install --quiet --require-hashes -r $<
	$(BIN)/pip install --quiet --no-build-isolation -e .[torch]
	touch $@

# For clusters only: Snakemake loads every plugin that it finds, each time it starts.
.venv/ready-slurm: requirements-slurm.lock .venv/ready
	$(BIN)/pip install --quiet --require-hashes -r $<
	touch $@

.venv/ready-web: tests/web/package-lock.json .venv/ready-test  # checkers of web pages
	mkdir -p .venv/web
	cp tests/web/package.json $< .venv/web
	npm ci --prefix .venv/web --ignore-scripts --no-audit --no-fund --silent
	touch $@

.venv/ready-debian: tests/debian-packages.txt .venv/ready
	packages=$$(grep -v '^#' $<); dpkg -s $$packages >/dev/null 2>&1 || { apt-get update -q && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$packages; }
	touch $@

lock:  # needs uv (npm for the last); the locks hold hashes and no index address
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --extra test -c requirements.lock pyproject.toml -o requirements-test.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --extra bench -c requirements-test.lock pyproject.toml -o requirements-bench.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --extra slurm -c requirements-test.lock pyproject.toml -o requirements-slurm.lock
	npm install --prefix tests/web --package-lock-only --omit-lockfile-registry-resolved --silent

clean:
	rm -rf results reports data/*/ .snakemake
