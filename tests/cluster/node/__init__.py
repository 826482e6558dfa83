"""A Kubernetes cluster for the tests, started by the project itself.

`pins` reads versions.toml; `build` compiles the programs of a group and caches them packed;
`images` makes container images without a registry; `host` starts and ends a real node inside
namespaces of its own; `provider` decides which cluster the tests use. Every address lies in
10.200.0.0/24, 10.244.0.0/16 and 10.96.0.0/16, routed only on this machine.
"""
