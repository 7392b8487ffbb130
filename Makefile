# make demo and make test need python3 (3.10 or newer), git and make; each makes .venv by itself.
# make test-lowest makes .venv-lowest, with the lowest version of every dependency that pyproject.toml allows.
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python

LOWEST := .venv-lowest/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

# The suite on all cores: each process takes whole modules (tests/conftest.py).
BY_CORES := --numprocesses logical --maxprocesses 4 --dist loadfile

.PHONY: demo test test-lowest compatibility lint bench clean

demo: .venv/.demo-installed
	$(PY) examples/rag_demo.py

test: .venv/.dev-installed
	$(PY) -m pytest $(BY_CORES)

test-lowest: .venv-lowest/.installed
	$(LOWEST)/python -m pytest $(BY_CORES)

# Versions of pymilvus, programs that use it and our tests with the stores of others, each in an environment of its
# own (needs the network).
compatibility: .venv/.dev-installed
	$(PY) -m tests.compatibility

lint: .venv/.dev-installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(BIN)/lint-imports

bench: .venv/.dev-installed
	$(PY) -m benchmarks.ingest
	$(PY) -m benchmarks.opening
	$(PY) -m benchmarks.tenants
	$(PY) -m benchmarks.exact_search
	$(PY) -m benchmarks.overhead
	$(PY) -m benchmarks.indexes
	$(PY) -m benchmarks.graphs
	$(PY) -m benchmarks.sparse
	$(PY) -m benchmarks.max_sim
	$(PY) -m benchmarks.full_text
	$(PY) -m benchmarks.async_search
	$(PY) -m benchmarks.hybrid_search
	$(PY) -m benchmarks.langchain_ingest
	$(PY) -m benchmarks.filters
	$(PY) -m benchmarks.order
	$(PY) -m benchmarks.sizing
	$(PY) -m benchmarks.busy
	$(PY) -m benchmarks.peers

.venv/.created:
	$(PYTHON) -m venv .venv
	touch $@

.venv/.demo-installed: .venv/.created pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	touch $@

.venv/.dev-installed: .venv/.created pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

.venv-lowest/.installed: .venv/.dev-installed pyproject.toml
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	$(PY) -m uv pip install --quiet --python $(LOWEST)/python --resolution lowest-direct \
		--only-binary :all: --no-binary milvus-store -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-lowest .venv-compatibility milvus_demo.db
