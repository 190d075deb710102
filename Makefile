# Every target sets itself up: `make test` on a fresh clone needs Node (>= 20), npm, make and git.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# npm ci runs under the host's Node, all else under the Node that the lock file pins.
HOST_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# npm before 11 knows no allowScripts: keeps onnxruntime-node from fetching a GPU build.
export ONNXRUNTIME_NODE_INSTALL := skip

INSTALLED := node_modules/.installed
PEERS := bench/node_modules/.installed
BUILT := dist/.built
ROOMS := $(wildcard core cli sidecar edge aggregator controller local simulate dashboards examples)
# Folders too: their time changes when a file goes.
SOURCES := $(shell find $(ROOMS) -type d -o -path '*/explorer/*' -o -name '*.ts')

# Minutes that a tier may take, and how ava reports (`REPORT=--tap` for machines).
TEST_MINUTES := 15
SYSTEM_MINUTES := 20
CLUSTER_MINUTES := 36
REPORT ?=

# What bench-path needs of Debian, beside HAProxy.
PATH_TOOLS := taskset:util-linux /usr/sbin/nginx:nginx wrk:wrk h2load:nghttp2-client nghttpd:nghttp2-server

.PHONY: help run test test-system test-cluster cluster cluster-down build image manifests lint format docs bench bench-learn bench-cluster bench-engines bench-gpu bench-path bench-surge clean

help: ## Show this.
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-13s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(BUILT) ## Serve three example models on this machine, under traffic. Ctrl-C ends it.
	node dist/cli/main.js up -f examples/three-models/outrigger.yaml $(ARGS)

test: $(BUILT) ## Unit, property, scenario, house and end-to-end tests: only Node needed.
	scripts/tier.sh test $(TEST_MINUTES) 'ava $(REPORT)' 'ava --config ava.e2e.config.js $(REPORT)'

test-system: $(BUILT) ## Tests with a browser, Prometheus, buildah (root) and the registry; installs Debian packages.
	scripts/debian-packages.sh chromium:chromium promtool:prometheus buildah:buildah /usr/sbin/haproxy:haproxy $(PATH_TOOLS)
	scripts/tier.sh test-system $(SYSTEM_MINUTES) 'ava --config ava.system.config.js $(REPORT)'

test-cluster: $(BUILT) ## Tests on a real Kubernetes cluster: KUBECONFIG's, or one brought up here (root, Go).
	test/cluster/run.sh scripts/tier.sh test-cluster $(CLUSTER_MINUTES) 'ava --config ava.cluster.config.js $$CLUSTER_FILES $(REPORT)'

cluster: $(BUILT) ## Bring up a one-node Kubernetes cluster on this machine, with our image in it.
	test/cluster/up.sh

cluster-down: $(INSTALLED) ## Tear it down; nothing of it is left.
	node test/cluster/machine/down.ts

build: $(BUILT) ## Compile to dist/.

image: $(BUILT) ## The container image as an archive (.cache/image.tar), with no container tool.
	node scripts/image.ts $(ARGS)

manifests: $(INSTALLED) ## Write deploy/manifests from the chart; needs helm.
	node scripts/manifests.ts

lint: $(INSTALLED) ## Types, oxlint, oxfmt, and knip for what nobody uses: all, then fail if one did.
	failed=0; \
	for check in 'tsc --noEmit -p .' 'tsc --noEmit -p dashboards/explorer' oxlint 'oxfmt --check' knip; do \
	  echo "$$check"; $$check || failed=1; \
	done; \
	exit $$failed

format: $(INSTALLED) ## Format the sources; mend what oxlint can.
	oxlint --fix || true
	oxfmt

docs: $(INSTALLED) ## Write the docs that come from tables.
	node scripts/docs.ts

bench: $(BUILT) $(PEERS) ## Run the benchmarks in bench/.
	for file in bench/*.ts; do echo "== $$file"; node "$$file"; done

bench-learn: $(INSTALLED) ## How close the learned limit comes to the best one, beside rivals, in virtual time: half an hour.
	node bench/learn/main.ts $(ARGS)

bench-cluster: $(BUILT) ## The controller with 1,000 endpoints and 10,000 fake pods: half an hour, Linux, Go, etcd.
	scripts/debian-packages.sh etcd:etcd-server
	node bench/cluster/main.ts $(ARGS)

bench-gpu: $(BUILT) ## The limit learned for models that batch, against fixed ones, on the GPU of this machine: PyTorch, aiohttp.
	node bench/models/main.ts $(ARGS)

bench-engines: $(BUILT) ## The same for MLServer, llama.cpp and the example models on this machine's CPUs: 20 min, Python, a C++ compiler.
	bench/models/engines.sh node bench/models/main.ts --endpoints engines.yaml $(ARGS)

bench-path: $(BUILT) $(PEERS) ## A request's cost through ours, beside nginx, HAProxy and Node relays: an hour, Linux; ARGS=--quick.
	scripts/debian-packages.sh $(PATH_TOOLS) /usr/sbin/haproxy:haproxy
	node --disable-warning=ExperimentalWarning bench/path/main.ts $(ARGS)

bench-surge: $(INSTALLED) ## Outrigger's scaler against others at equal cost, simulated: up to an hour; ARGS=--quick.
	node bench/surge/main.ts $(ARGS)

clean: ## Remove what was built and installed.
	rm -rf dist node_modules .outrigger

$(INSTALLED): package-lock.json
	PATH='$(HOST_PATH)' npm ci --loglevel=error
	touch $@

# The benchmarks' own package: peers that nobody else needs.
$(PEERS): bench/package-lock.json
	cd bench && PATH='$(HOST_PATH)' npm ci --loglevel=error
	touch $@

$(BUILT): $(INSTALLED) $(SOURCES) tsconfig.json tsconfig.build.json scripts/build.ts scripts/bundle.ts
	node scripts/build.ts
	touch $@
