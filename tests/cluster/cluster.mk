# A Kubernetes cluster for the tests: the one that KUBECONFIG names; else kind, where Docker runs;
# else a node of the project's own (Linux, root). Versions: tests/cluster/versions.toml.
#   make cluster          start it (or find it) and print `export KUBECONFIG=...`
#   make cluster-images   build the images that the charts use and load them into it
#   make test-cluster     the tests that need it
#   make bench-scale      what up to 1,000 streams and 10,000 players cost one matchmaker; minutes
#   make cluster-down     end it; nothing of it is left but the cache

CLUSTER = $(or $(wildcard .venv/bin/python),python3) -m tests.cluster.node
CLUSTER_PROGRAMS = core etcd probe coredns kube-router helm helm3 chart-testing kubeconform traefik kwok
CLUSTER_IMAGES ?= pixelstream player kubetools nginx coturn traefik

.PHONY: cluster bench-scale test-cluster cluster-images cluster-status cluster-down

cluster:
	@$(CLUSTER) up

cluster-images:
	@$(CLUSTER) images $(CLUSTER_IMAGES)

test-cluster: .venv/ready $(PAGE)
	@$(SETUP) chromium
	@$(CLUSTER) build $(CLUSTER_PROGRAMS) >/dev/null
	@$(CLUSTER) images $(CLUSTER_IMAGES) >/dev/null
	pytest -m cluster $(ARGS)

bench-scale: .venv/ready
	@$(CLUSTER) build core etcd probe coredns kube-router kwok >/dev/null
	@$(BIN)/python -m tests.cluster.scale $(ARGS)

cluster-status:
	@$(CLUSTER) status

cluster-down:
	@$(CLUSTER) down
