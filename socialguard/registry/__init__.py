"""The signed manifest and what lies beside it: accounts, clients, labels, members, policy.

The manifest is the truth about what protects; a row that says otherwise is `Tampered`. Writers take the
connection of their caller's write transaction, sign the next epoch and return it; the caller appends the
audit entry in the same transaction and pins the epoch after its commit.
"""
