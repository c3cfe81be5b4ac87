# The only entry. Needs Python 3.11 or newer, make and git; everything else goes into .venv, from requirements.lock.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Resolves requirements.lock; a tool of `make lock` alone, so it lives outside .venv.
UV := uv==0.13.9
# What bench-peers measures beside us, in an environment of its own: never in .venv or requirements.lock. Later releases
# of LiteLLM than this one need companions that cannot be had; benchmarks/README.md says more.
LITELLM := 1.108.7
PORTKEY := 1.15.2
PEERS := .venv-peers/.litellm-$(LITELLM)-portkey-$(PORTKEY)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Containers often set it. Without bytecode each server, and tests start hundreds, compiles itself before it begins.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test check generate lock bench bench-decide bench-classifier bench-cascade bench-hedging bench-peers
.PHONY: soak clean test-clients

help: ## This list
	@printf 'make VERB [ARGS="..."] [PYTHON=python3.12]\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(READY) ## A router, a client and simulated providers, without any key
	$(BIN)/pointsman demo $(ARGS)

serve: $(READY) ## The router on examples/pointsman.yaml, HTTP API included; ARGS=--simulated needs no key
	$(BIN)/pointsman serve --config examples/pointsman.yaml --api 127.0.0.1:8081 $(ARGS)

# More processes than most machines that build have cores: tests wait more than they compute. A file stays together, and
# those that take longest come first.
test: $(READY) ## All tests; ARGS="-k hedge -x" goes to pytest
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-clients: $(READY) ## The clients of every language, and that they agree; ARGS goes to the suite's pytest
	$(BIN)/python -m scripts.test_clients $(ARGS)

check: $(READY) ## Lint, format, types, layers, contract, drift of all that is generated or locked
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/python scripts/check_java_names.py
	$(BIN)/python scripts/check_breaking.py
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python scripts/docs.py --check
	$(BIN)/python scripts/example_policy.py --check
	$(BIN)/pip check
	$(BIN)/python -m pytest -q tests/unit/test_dependencies.py

generate: $(READY) ## Code of every language from protos/, generated sections of docs/, the example policy
	$(BIN)/python scripts/generate.py
	$(BIN)/python scripts/docs.py
	$(BIN)/python scripts/example_policy.py

lock: ## requirements.lock from each pyproject.toml; ARGS=--upgrade moves what is pinned already
	$(require-python)
	test -x .venv-lock/bin/uv || $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet '$(UV)'
	.venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--no-emit-package pointsman --python-version 3.11 --extra dev \
		pyproject.toml plugins/pointsman-embeddings/pyproject.toml clients/python/pyproject.toml -o requirements.lock $(ARGS)

bench: $(READY) ## What routing costs, against a bare gRPC echo
	$(BIN)/python -m benchmarks.overhead $(ARGS)

bench-decide: $(READY) ## What a decision costs, with all policies, many rules, models and sessions
	$(BIN)/python -m benchmarks.decide $(ARGS)

bench-classifier: $(READY) ## How well prompts are sorted; ARGS="--data FOLDER" names the labelled prompts
	$(BIN)/python -m benchmarks.classifier $(ARGS)

bench-hedging: $(READY) ## What hedging does to the slowest answers, against the best that can be had
	$(BIN)/python -m benchmarks.hedging $(ARGS)

soak: $(READY) ## A server under load for a while; ARGS="--minutes 30"; then kill -9 and caps, 200 times each
	$(BIN)/python -m benchmarks.soak $(ARGS)
	POINTSMAN_KILLS=200 POINTSMAN_ROUNDS=200 $(BIN)/python -m pytest tests/faults/test_caps.py \
		tests/e2e/test_acknowledged.py

bench-cascade: $(READY) ## What cascades keep and save; ARGS="--data FOLDER" names the recorded answers
	$(BIN)/python -m benchmarks.cascade $(ARGS)

bench-peers: $(READY) $(PEERS) ## What a call costs us and other gateways, beside each other
	$(BIN)/python -m benchmarks.peers $(ARGS)

clean: ## Removes the environment and every cache
	rm -rf $(VENV) .venv-lock .venv-peers .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	git clean -fdXq clients .tools
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define require-python
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Pointsman needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
		"Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
endef

$(READY): requirements.lock pyproject.toml plugins/example-policy/pyproject.toml \
		plugins/pointsman-embeddings/pyproject.toml clients/python/pyproject.toml
	$(require-python)
	@echo 'Setting up $(VENV) ... (a minute or two)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e . -e plugins/example-policy \
		-e plugins/pointsman-embeddings -e clients/python
	@touch $@

# Wheels only and no scripts: installing runs nothing of theirs.
$(PEERS):
	$(require-python)
	@echo 'Setting up .venv-peers ... (a minute or two)'
	@rm -rf .venv-peers
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/pip install --quiet --only-binary :all: 'litellm[proxy]==$(LITELLM)'
	@if command -v npm >/dev/null; then npm install --silent --ignore-scripts --no-audit --no-fund \
		--no-update-notifier --prefix .venv-peers '@portkey-ai/gateway@$(PORTKEY)'; \
		else echo 'There is no npm: Portkey is left out'; fi
	@touch $@
