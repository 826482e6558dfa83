"""Faults made while sessions play, and what they cost: `python -m tests.faults`, `make faults`.

`fault.py` says what a fault is and what the ground needs that it strikes; `machine` is one ground, many
real processes on one machine. Sessions, counting and report are the same for every ground. The trap: a
suite that can't fail proves nothing, so `test_measure.py` shows that a session that is lost is counted.
"""
