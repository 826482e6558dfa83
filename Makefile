# One command for each thing that people do with a checkout; what it needs is set up first.

# The system's Python, if it will do: distributions build theirs with profiles, and so it is a sixth faster.
PYTHON ?= $(if $(shell /usr/bin/python3 -c '$(FITS)' 2>/dev/null),/usr/bin/python3,python3)
FITS := import ensurepip, sys; assert sys.version_info >= (3, 11); print("yes")
BIN := .venv/bin
SETUP := $(PYTHON) -m tests.setup
PAGE := player/dist/index.html
ARGS ?=
FAULTY := coturn valkey chromium nginx faketime toxiproxy
# Without caches pytest rewrites every module anew, at which CPython 3.11 now and then fails.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo smoke test test-here faults faults-short bench lint types layers player check-player schema docs pictures version clean

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 14

demo: .venv/ready $(PAGE) ## Run the whole stack here; the page is on http://localhost:8080
	@$(SETUP) --optional coturn
	@pixelstream up $(ARGS)

smoke: .venv/ready $(PAGE) ## Play a stream in a headless browser, through the relay only; prints JSON
	@$(SETUP) coturn chromium
	@pixelstream up --smoke --relay-only $(ARGS)

test: test-here faults-short test-cluster ## Everything that must hold before a commit

test-here: lint types layers check-player $(PAGE) ## The same without a cluster
	@$(SETUP) relay coturn valkey chromium
	pytest -m "not cluster" $(ARGS)

faults: .venv/ready $(PAGE) ## Break everything 100 times while sessions play: hours; ARGS="--fault NAME --repeat N"
	@$(SETUP) $(FAULTY)
	@python -m tests.faults $(ARGS)

faults-short: .venv/ready $(PAGE) ## The same in minutes; a part of make test
	@$(SETUP) $(FAULTY)
	@python -m tests.faults --short $(ARGS)

bench: .venv/ready ## What signalling costs, beside a bare relay; prints a table and JSON
	@$(SETUP) relay
	@$(SETUP) --optional valkey
	@pixelstream bench $(ARGS)

lint: .venv/ready ## Style
	ruff check .
	ruff format --check .

types: .venv/ready ## Types
	mypy

layers: .venv/ready ## Imports run one way
	lint-imports

player: $(PAGE) ## Build the web page

check-player: $(PAGE) ## Types and tests of the web page
	cd player && npm run --silent check && npm test --silent

schema: .venv/ready ## Write values.schema.json of every chart
	python -m pixelstream.settings.schema charts/pixelstream

docs: .venv/ready ## Write README.md of every chart, the list of metrics and the dashboards
	python -m tests.setup.readmes
	python -m tests.setup.catalogue
	python -m tests.setup.dashboards

pictures: .venv/ready ## Draw every dashboard over a played day into docs/images/dashboards
	@$(SETUP) chromium
	python -m tests.telemetry.render

version: .venv/ready ## Write the release number everywhere: make version V=1.4.0
	python -m tests.setup.version "$(V)"
	@$(MAKE) --no-print-directory docs

clean: ## Remove what was built and installed here
	rm -rf .venv build dist player/dist player/node_modules tests/bench/node_modules *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/ready: pyproject.toml
	@$(SETUP) venv
	@touch $@

$(PAGE): $(wildcard player/*.html player/*.json player/*.ts) $(shell find player/src player/public -type f) | .venv/ready
	@$(SETUP) player
	@touch $@

-include tests/cluster/cluster.mk images/images.mk
