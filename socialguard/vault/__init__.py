"""The vault: keys, pins and sealed credentials.

Private keys and pins lie in the identity directory, sealed under a key-encryption key (KEK) whose source is
recorded and never changed silently; credentials lie in the database, sealed for the recipients that the
signed manifest names. What was changed, swapped or rolled back is refused, and no secret is ever printed.
"""
