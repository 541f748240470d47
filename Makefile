# make demo and make test each do everything from a bare clone; `make` alone lists the rest.

PYTHON ?= # an interpreter to build .venv with; empty = the first of CANDIDATES that will do
VENV ?= .venv
DEMO ?= tidegauge-report
ARGS ?= # passed on: make test ARGS="-k psi"
EXTRAS ?= text,llm,offline
# what the demo installs beside the core; EXTRAS=text leaves torch out, and the report says what it lacks

BIN := $(VENV)/bin
CANDIDATES := $(or $(strip $(PYTHON)),python3 python3.14 python3.13 python3.12 python3.11 python)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types bench dist clean distclean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed ## run the demo suite and write its report
	@$(BIN)/tidegauge demo -o $(DEMO)

test: $(VENV)/.installed-dev ## run every test (ARGS="-k name" for some)
	@$(BIN)/python -m pytest $(or $(ARGS),-n auto --dist loadfile)

lint: $(VENV)/.installed-dev ## check formatting, style and who imports whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## format, and repair what can be repaired
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: $(VENV)/.installed-dev ## check types, strictly
	@$(BIN)/mypy

bench: $(VENV)/.installed-dev ## run every benchmark; minutes
	@set -e; for file in benchmarks/[!_]*.py; do echo "== $$file"; $(BIN)/python $$file; done

dist: $(VENV)/.installed-dev ## build the wheel and the source archive into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## remove what the commands above left, except .venv
	@rm -rf dist build $(DEMO) .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .import_linter_cache benchmarks/results benchmarks/.cache
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv as well
	@rm -rf $(VENV)

# pip comes last into a new environment, so its presence says that the environment is whole.
# Where the system's Python lacks ensurepip (Debian splits it off), the system's pip fetches pip.
$(BIN)/pip:
	@for python in $(CANDIDATES); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    found=$$python; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "tidegauge needs Python 3.11 or newer; tried: $(CANDIDATES)" >&2; \
	  echo "  next: install one, or name it: make demo PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi; \
	echo "creating $(VENV) with $$($$found --version)"; \
	if $$found -c 'import ensurepip' >/dev/null 2>&1; then \
	  $$found -m venv $(VENV); \
	elif ! { $$found -m venv --without-pip $(VENV) \
	    && $$found -m pip --quiet --python $(BIN)/python install pip; } >/dev/null 2>&1; then \
	  echo "$$found cannot create a virtual environment: it has neither ensurepip nor pip" >&2; \
	  echo "  next: on Debian or Ubuntu, apt install python3-venv; then run make again" >&2; \
	  exit 1; \
	fi

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing tidegauge into $(VENV); minutes the first time, most of them for torch"
	@$(PIP) install -qq --editable '.$(if $(strip $(EXTRAS)),[$(strip $(EXTRAS))])' -c constraints.txt
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing tidegauge and its development tools into $(VENV); minutes the first time, most of them for torch"
	@$(PIP) install -qq 'pip>=25.1'  # the first that reads dependency groups
	@$(PIP) install -qq --editable '.[text,llm,judge,offline,onnx,skops,mlflow,serve,alerts,postgres,prometheus]' --group dev -c constraints.txt
	@touch $(VENV)/.installed $@
