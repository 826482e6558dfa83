"""Grafana dashboards of the telemetry chart, written as JSON by `python -m tests.setup.dashboards`."""
