"""Benchmarks: ours through the public API beside hand-written code that does the same.

``python -m benchmarks`` runs all of them, ``python -m benchmarks NAME`` one; every result is one
JSON line. What is measured, and under which conditions: ``docs/explanation/performance.md``.
"""
