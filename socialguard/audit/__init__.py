"""The audit log: what happened, in an append-only Merkle tree with signed checkpoints (docs/security.md)."""
