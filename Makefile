# Everything a person or CI does here, by name. `make help` lists it; each recipe calls a tool that says the rest.
PORT ?= 8080
ANALYSIS ?=
PYTHON = $(or $(shell command -v python3;),$(error python3 is missing: sudo apt-get install python3 python3-venv))
SETUP = "$(PYTHON)" -m pipelines.bootstrap
RESULTS := .stillhouse/test

export STILLHOUSE_ARTIFACTS := $(CURDIR)/$(RESULTS)

.DEFAULT_GOAL := help
.PHONY: help up down test bench lint format notebooks image cluster images test-cluster demo cluster-down clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

up: ## from the notebooks to the service on 127.0.0.1: set up, run, gate, release, serve (PORT=8080)
	@$(SETUP) up --port $(PORT)
	@.venv/bin/stillhouse up $(ANALYSIS) --port $(PORT)

down: .venv/bin/stillhouse ## stop the service
	@$< down

test: ## all tests that need no cluster; JUnit report and executed notebooks in .stillhouse/test/
	@$(SETUP) all
	@.venv/bin/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal --durations 10 --junitxml $(RESULTS)/junit.xml

bench: ## how fast the service, the pipeline and the image are, beside others; 10,000 hostile requests
	@$(SETUP) all
	@printf 'tests/bench/%s.py\n' service pipeline image hostile | xargs -n 1 .venv/bin/python

lint: ## ruff and mypy --strict
	@$(SETUP) all
	@.venv/bin/pre-commit run --all-files

format: ## format the code, and mend what ruff can mend
	@$(SETUP) all
	@.venv/bin/ruff check --fix --quiet; .venv/bin/ruff format

notebooks: ## execute the committed notebooks on the reference data and keep their outputs
	@$(SETUP) all
	@.venv/bin/python tests/notebooks/refresh_outputs.py

image: .venv/bin/stillhouse ## assemble the serving image of the released model
	@$< image

cluster: ## a Kubernetes to test on: that of $KUBECONFIG, kind's, or one built here (as root)
	@$(SETUP) all
	@.venv/bin/python -m tests.cluster up

images: ## the images of hub, user servers, pipeline and service, pushed to the cluster's registry
	@$(SETUP) all
	@.venv/bin/python -m images

test-cluster: ## the tests that need a cluster; evidence of the failed ones in .stillhouse/test/cluster/
	@$(SETUP) all
	@.venv/bin/python -m pytest tests/on_cluster --durations 10 --junitxml $(RESULTS)/junit-cluster.xml

demo: ## the whole way on the cluster, in a browser; screenshots in .stillhouse/test/demo/
	@$(SETUP) all
	@.venv/bin/python -m pytest --capture no tests/on_cluster/test_demo.py --junitxml $(RESULTS)/junit-demo.xml

cluster-down: .venv/bin/stillhouse ## remove the cluster that was built here, and every trace of it
	@.venv/bin/python -m tests.cluster down

clean: ## stop the service, and remove the environment, the runs and the releases
	@-test ! -x .venv/bin/stillhouse || .venv/bin/stillhouse down
	rm -rf .venv .stillhouse .dvc/cache .dvc/tmp .*_cache .hypothesis notebooks/*/build notebooks/*/model

.venv/bin/stillhouse:
	@echo "Nothing is set up here yet: make up" >&2; exit 1
