"""How fast the program is, beside its peers in the same run: `python -m tests.benchmarks [NAME…]`.

Not part of the tests: figures depend on the machine and on what else runs there (docs/benchmarks.md).
"""
