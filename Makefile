# Qifen: `make demo` shows it, `make test` proves it. Everything happens in a virtual environment
# of its own (.venv); nothing is installed outside it but the Debian packages that `make test`
# names (and only where you are root; elsewhere it says which tests it leaves out).
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
YOLO_VENV ?= .venv-yolo
QIFEN_DATA ?= $(abspath ../shared/data)
export QIFEN_DATA
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps

.DEFAULT_GOAL := help


.PHONY: help install demo test test-yolo lint quick bench evaluate train docs clean

help:
	@echo "make demo          a real RTSP camera, four cars, one story; then the pages to open"
	@echo "make demo ONCE=1   the same, ends with the story; exit 0 only if it ended as scripted"
	@echo "make test          lint, types, floors and the whole test suite"
	@echo "make quick         the tests that need no browser, no PostgreSQL and no waiting"
	@echo "make bench         speed and memory, as JSON (YOLO=1: against ultralytics too)"
	@echo "make evaluate      what the eyes see, measured: the README's tables (ONLY=street: one part)"
	@echo "make train         makes the shipped weights anew from QIFEN_DATA (hours; goes on if stopped)"
	@echo "make install       only the program, into $(VENV); then: $(BIN)/qifen --help"

$(STAMPS)/venv: scripts/make-venv
	@scripts/make-venv "$(PYTHON)" "$(VENV)"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/core: $(STAMPS)/venv pyproject.toml
	@echo "== installing Qifen into $(VENV) (under 1 GB, no torch); a few minutes the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e .
	@touch $@

$(STAMPS)/test: $(STAMPS)/core
	@echo "== installing what the tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

install: $(STAMPS)/core
	@echo "== ready: $(BIN)/qifen --help"

$(STAMPS)/yolo: $(STAMPS)/test
	@scripts/make-venv "$(PYTHON)" "$(YOLO_VENV)"
	@echo "== installing the extra yolo (ultralytics and torch, 6 GB) into $(YOLO_VENV)"
	@$(YOLO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[yolo,test]'
	@touch $@

demo: $(STAMPS)/core
	@$(BIN)/qifen demo $(if $(ONCE),--once,)

lint: $(STAMPS)/test
	@echo "== ruff, import-linter, pyright"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright

test: $(STAMPS)/test
	@scripts/system-packages
	@$(MAKE) --no-print-directory lint
	@scripts/run-tests "$(BIN)"
	@$(if $(YOLO),$(MAKE) --no-print-directory test-yolo,echo "== left out: the tests of the extra yolo (6 GB); with them: make test YOLO=1")

test-yolo: $(STAMPS)/yolo
	@echo "== the types and tests of what needs the extra yolo, in $(YOLO_VENV)"
	@$(BIN)/pyright -p vision/train/pyright.json --pythonpath $(YOLO_VENV)/bin/python
	@$(YOLO_VENV)/bin/python -m pytest -m yolo tests

quick: $(STAMPS)/test
	@$(BIN)/python -m pytest -m "not browser and not postgres and not slow and not yolo" tests

bench: $(STAMPS)/test $(if $(YOLO),$(STAMPS)/yolo,)
	@$(BIN)/python -m benchmarks.run $(if $(YOLO),--yolo-python $(YOLO_VENV)/bin/python,)

train: $(STAMPS)/yolo
	@echo "== making all weights anew from QIFEN_DATA; goes on where it was stopped (build/train)"
	@OMP_NUM_THREADS=1 $(YOLO_VENV)/bin/python -m vision.train $(or $(WHAT),all)

evaluate: $(STAMPS)/test
	@$(BIN)/python -m benchmarks.evaluate $(if $(ONLY),--only $(ONLY),)

docs: $(STAMPS)/core
	@$(BIN)/python -m scripts.generate_docs

clean:
	rm -rf $(VENV) $(YOLO_VENV) .pytest_cache .ruff_cache .hypothesis .coverage* build *.egg-info
