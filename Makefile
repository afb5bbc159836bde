# One task runner for people and for CI. `make demo` and `make test` need nothing but Python.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PRECORD_SHARED ?= ../shared
DATA := $(PRECORD_SHARED)/data
export PRECORD_SHARED

.PHONY: help setup demo test check fuzz bench docs baselines costs ablations towers readers trees cross calibrate scaling results gates wheel bundle check-bundle clean

help: ## list what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $(VENV)/.runtime $@

setup: $(VENV)/.dev chromium ## install everything that development needs

.PHONY: chromium
chromium: # the browser of the page's tests; without it, and without root, they are skipped with a reason
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| echo 'no Chromium: the tests of the page will be skipped'


demo: $(VENV)/.runtime ## 300 simulated cases, two queries, the most similar cases (no PyTorch, no data)
	$(BIN)/precord demo --out demo

test: $(VENV)/.dev chromium ## every test; real recordings are read from PRECORD_SHARED where present
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2

check: $(VENV)/.dev ## style, types, layers, generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/reference.py --check

fuzz: $(VENV)/.dev ## the property tests with many more examples
	PRECORD_FUZZ_EXAMPLES=50 $(BIN)/pytest tests/io tests/library --numprocesses 2

bench: $(VENV)/.dev chromium ## speed of query, ingestion, start-up, encodings, of the service under load and of its page
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/encodings.py
	$(BIN)/python benchmarks/load.py
	$(BIN)/python benchmarks/page.py

docs: $(VENV)/.dev ## regenerate the command-line reference
	$(BIN)/python tools/reference.py

VIEWS := signed qiu2023-grid qiu2023-concat
WITHHELD := signed signed-one-beat signed-no-polarity signed-no-voltage
BASELINES := runs/supervised/weights/encoder.json runs/withheld/weights/encoder.json \
	runs/first-reader/weights/encoder.json runs/towers/weights/encoder.json \
	runs/budget-minilm/weights/encoder.json $(VIEWS:%=runs/budget-%/weights/encoder.json)

runs/supervised/weights/encoder.json: | $(VENV)/.dev
	$(BIN)/precord train configs/supervised.py --out runs/supervised

runs/towers/weights/encoder.json: | $(VENV)/.dev
	PRECORD_TREES=0 $(BIN)/precord train configs/shipped.py --out runs/towers

runs/first-reader/weights/encoder.json: | $(VENV)/.dev
	PRECORD_TREES=0 PRECORD_PARTNERS=0 $(BIN)/precord train configs/shipped.py --out runs/first-reader

runs/withheld/weights/encoder.json: | $(VENV)/.dev
	$(BIN)/precord train configs/withheld.py --out runs/withheld

runs/budget-minilm/weights/encoder.json: | $(VENV)/.dev
	PRECORD_BASE=budget PRECORD_TEXT_TRAINING=frozen PRECORD_TEXT_TOWER=$$($(BIN)/python -c \
		'from tests.pretrained import minilm; print(minilm())') \
		$(BIN)/precord train configs/minilm.py --out runs/budget-minilm

runs/budget-%/weights/encoder.json: | $(VENV)/.dev
	PRECORD_VIEW=$* $(BIN)/precord train configs/budget.py --out runs/budget-$*

runs/cv-%/queries.npz: | $(VENV)/.dev
	PRECORD_VIEW=$* $(BIN)/precord cross-validate configs/budget.py --out runs/cv-$*

baselines: $(BASELINES) ## train what the system is measured against (two hours on 2 cores)

costs: $(WITHHELD:%=runs/cv-%/queries.npz) ## what one beat, lost polarity and lost voltage cost, inside folds 1-8 (half an hour)
	$(BIN)/precord compare $(WITHHELD:%=runs/cv-%)

ABLATIONS := base hard-targets simulated text-pairs redrawn

runs/cv-ablation-%/queries.npz: | $(VENV)/.dev
	$(BIN)/precord cross-validate configs/budget.py --out runs/cv-ablation-$*

runs/cv-ablation-hard-targets/queries.npz: export PRECORD_TARGETS = hard
runs/cv-ablation-simulated/queries.npz: export PRECORD_SIMULATED = 0.5
runs/cv-ablation-text-pairs/queries.npz: export PRECORD_TEXT_PAIRS = 64
runs/cv-ablation-redrawn/queries.npz: export PRECORD_REDRAW = 1

ablations: $(ABLATIONS:%=runs/cv-ablation-%/queries.npz) ## what each part of the training is worth, inside folds 1-8 (an hour)
	$(BIN)/precord compare $(ABLATIONS:%=runs/cv-ablation-%)

runs/cv-shipped/queries.npz: | $(VENV)/.dev
	$(BIN)/precord cross-validate configs/shipped.py --out runs/cv-shipped

cross: runs/cv-shipped/queries.npz ## weights of the shipped recipe that half of the recordings may ask (an hour and a half on one core)

runs/cv-readers-%/queries.npz: | $(VENV)/.dev
	PRECORD_TREES=0 PRECORD_PARTNERS=$* $(BIN)/precord cross-validate configs/shipped.py --out runs/cv-readers-$*

readers: $(foreach n,0 1 2,runs/cv-readers-$(n)/queries.npz) ## what each further reader is worth, inside folds 1-8 (three hours on one core)
	$(BIN)/precord compare runs/cv-readers-0 runs/cv-readers-1 runs/cv-readers-2

trees: runs/cv-readers-2/queries.npz runs/cv-shipped/queries.npz ## what trees beside the readers are worth, inside folds 1-8 (three hours on one core)
	$(BIN)/precord compare runs/cv-readers-2 runs/cv-shipped

calibrate: runs/cv-shipped/queries.npz ## what their answers teach of probability and doubt, kept beside the weights that ship
	$(BIN)/python benchmarks/answers.py --fit

TOWERS := shipped convolutions four-layers linear-patches short-patches long-patches

runs/cv-tower-%/queries.npz: | $(VENV)/.dev
	PRECORD_TOWER=$* $(BIN)/precord cross-validate configs/budget.py --out runs/cv-tower-$*

towers: $(TOWERS:%=runs/cv-tower-%/queries.npz) ## stem, patches and depth at equal cost, inside folds 1-8 (an hour)
	$(BIN)/precord compare $(TOWERS:%=runs/cv-tower-%)

# scaling-RECORDINGS-SIMULATED SHARE, and scaling-simulated-SEED
SCALING := $(foreach n,250 500 1000 1764,scaling-$(n)-0 scaling-$(n)-0.5) $(foreach n,1 2 3,scaling-simulated-$(n))
scaled = $(word $(1),$(subst -, ,$*))

runs/scaling-%/weights/encoder.json: | $(VENV)/.dev
	PRECORD_STEPS=0.5 PRECORD_RECORDS=$(call scaled,1) PRECORD_SIMULATED=$(call scaled,2) \
		$(BIN)/precord train configs/budget.py --out runs/scaling-$*

runs/scaling-simulated-%/weights/encoder.json: | $(VENV)/.dev
	PRECORD_SIMULATED=1 PRECORD_SEED=$* \
		$(BIN)/precord train configs/budget.py --out runs/scaling-simulated-$*

scaling: $(SCALING:%=runs/%/weights/encoder.json) ## what more recordings, and simulated ones, are worth (an hour)
	$(BIN)/python benchmarks/scaling.py

beside = $(if $(wildcard runs/$(1)/weights/encoder.json),--beside "$(2)=runs/$(1)/weights")

results: $(VENV)/.dev ## fold 9 against folds 1-8, beside the baselines that `make baselines` left
	mkdir -p runs
	rm -f runs/results.db*
	$(BIN)/precord ingest ptb-xl $(DATA)/ptb-xl --folds 1-8 --library runs/results.db
	$(BIN)/precord ingest ptb-xl-zscored $(DATA)/ptb-xl-zscored --folds 1-8 --library runs/results.db
	$(BIN)/precord evaluate ptb-xl $(DATA)/ptb-xl ptb-xl-zscored $(DATA)/ptb-xl-zscored \
		--fold 9 --library runs/results.db --json docs/results/fold9.json \
		$(call beside,towers,the towers without the trees) \
		$(call beside,first-reader,the first reader alone) \
		$(call beside,supervised,supervised network) \
		$(call beside,budget-signed,ours with the small budget) \
		$(call beside,budget-qiu2023-grid,qiu2023 grid with the small budget) \
		$(call beside,budget-qiu2023-concat,qiu2023 concat with the small budget) \
		$(call beside,budget-minilm,ours with the small budget and MiniLM for texts) \
		$(call beside,withheld,withheld) \
		--markdown docs/results.md --plots docs/results

gates: $(VENV)/.dev ## what must hold of any honest retrieval, on the library that `make results` left
	$(BIN)/precord gates ptb-xl $(DATA)/ptb-xl ptb-xl-zscored $(DATA)/ptb-xl-zscored \
		--fold 9 --library runs/results.db

wheel: $(VENV)/.dev ## build the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist

bundle: | $(VENV)/bin/python ## every wheel that an installation without a network needs, into dist/bundle/
	$(BIN)/python tools/bundle.py

check-bundle: | $(VENV)/bin/python ## install dist/bundle/ without a network, and search with it
	$(BIN)/python tools/check_bundle.py

clean: ## remove what make made
	rm -rf $(VENV) demo dist build runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
