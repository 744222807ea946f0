"""The activity that is kept: items, their versions, metrics over time, profiles and media, in immutable segments.

`keeping` is the one way in, a transaction at a time; `index` alone writes the tables, from the lines that
`closing` later puts into segments, so that `rebuild` makes the same tables from the segments alone. `verify`
proves the files.
"""
