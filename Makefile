# Everything runs in .venv, which demo/bootstrap.py makes and keeps up to date.
.DEFAULT_GOAL := help
.PHONY: demo test check bench clean help

# Any Python that runs bootstrap.py, which then looks for one Hookline supports; PYTHON=... chooses that one.
BOOT := $(shell for python in "$(PYTHON)" python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo "$$python" && break; done)
RUN = @$(or $(BOOT),$(error No Python found. Install Python 3.11, 3.12 or 3.13, or name the one you \
	have: make $@ PYTHON=/path/to/python3)) -m demo.bootstrap
export PYTHON

DB ?= postgres
PORT ?= 8080

demo: ## Start Airflow with Hookline, send two events, show them. ONCE=1 ends by itself; DB=sqlite; PORT=8080
	$(RUN) demo -m demo $(if $(filter-out 0 no,$(ONCE)),--once) --db $(DB) --port $(PORT)

test: ## Run the checks and all tests
	$(RUN) test -m demo.checks test

check: ## Lint, format, types, layers: seconds
	$(RUN) test -m demo.checks check

bench: ## Run the benchmarks, or the one NAME=accept names
	$(RUN) test -m demo.checks bench $(NAME)

clean: ## Remove the virtual environment, the demo's state and caches
	rm -rf .venv .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
