"""Anchors: places that receive the log's checkpoints, so that what they received cannot be changed unseen.

One file for each kind, behind `interface.Anchor`."""
