"""Bytes that two engineers compute alike: canonical JSON, Merkle trees, signed notes, signatures.

Nothing here reads a clock, a file or the network, and nothing imports another room of the house. What is
malformed is refused with a `ValueError` of the module that saw it; nothing is repaired or guessed.
"""
