"""Draws Grafana's boards without Grafana: the same queries, units, colours and places, as a page.

What it can't show is how Grafana itself lays out a legend or breaks a line; what it does show is whether
a board says what it should at a glance.
"""
