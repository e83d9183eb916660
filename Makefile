# Plain commands without make: README.md, or the scripts that the recipes below call.
.PHONY: help demo test lint bench stateful concurrency histories kills soak planted roundtrips site wheelhouse clean

help:           ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1  \t/p' $(MAKEFILE_LIST)

demo:           ## the main job in one go, on SQLite
	@scripts/setup.sh
	@.venv/bin/python -m timebank demo

test:           ## every check and every test but the long ones
	@scripts/test.sh

lint:           ## ruff, mypy and the import contracts
	@scripts/test.sh --lint

bench:          ## every benchmark, ours and the limit, one JSON line each
	@scripts/setup.sh
	@.venv/bin/python -m benchmarks

stateful:       ## the long run of the stateful test
	@scripts/setup.sh
	@TIMEBANK_STATEFUL_STEPS=20000 HYPOTHESIS_PROFILE=long .venv/bin/python -m pytest tests/stateful

concurrency:    ## twenty thousand exchanges by eight processes; two hundred requests, some cancelled
	@scripts/setup.sh
	@TIMEBANK_CONCURRENCY_EXCHANGES=20000 .venv/bin/python -m pytest tests/concurrency
	@TIMEBANK_CANCELLATIONS=200 .venv/bin/python -m pytest tests/hosts/test_cancelled.py

histories:      ## fifty histories of many clients in each database, each put into a serial order
	@scripts/setup.sh
	@TIMEBANK_HISTORIES=25 TIMEBANK_HISTORY_REQUESTS=200 .venv/bin/python -m pytest \
		tests/load/test_histories.py

kills:          ## two hundred clients killed in each database, and the server forty times
	@scripts/setup.sh
	@TIMEBANK_KILLS=200 .venv/bin/python -m pytest tests/load/test_kills.py

soak:           ## an hour of mixed work in each database, with kills and an audit each minute
	@scripts/setup.sh
	@TIMEBANK_SOAK_MINUTES=$${TIMEBANK_SOAK_MINUTES:-60} .venv/bin/python -m pytest \
		tests/load/test_soak.py

planted:        ## each planted fault, in the ledger and in custody, by a whole audit
	@scripts/setup.sh
	@.venv/bin/python -m pytest tests/audit tests/custody/test_planted_faults.py -m long

roundtrips:     ## every failure of a database, at each round trip of each action
	@scripts/setup.sh
	@TIMEBANK_EVERY_STATEMENT=1 .venv/bin/python -m pytest tests/load/test_every_round_trip.py

site:           ## the documentation in build/site, to read and search without a network
	@scripts/site.sh

wheelhouse:     ## the wheels to carry into a place without a network
	@scripts/wheelhouse.sh

clean:          ## remove everything that the other recipes made
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache \
		.ruff_cache build dist
	find src migrations tests benchmarks examples -name __pycache__ -type d -prune \
		-exec rm -rf {} + 2>/dev/null || true
