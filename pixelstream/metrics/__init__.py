"""Metrics, one module for each service; every metric is declared once."""
