"""Brings a fresh checkout to where it can run: `python3 -m tests.setup STEP...`.

The trap: it runs before anything is installed, so only the standard library is imported here.
"""
