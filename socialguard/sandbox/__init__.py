"""A local server that speaks X API v2 and Facebook Graph v26.0, with faults on demand.

`socialguard demo`, the tests and curious users run on it. It is stateful, checks signatures, scopes, lengths
and limits as the networks do, and can drop a reply after having accepted a post. It imports nothing else of
socialguard: a server that shared our code would repeat our mistakes.

`process.start()` runs it as a child process; `server.serve()` runs it in this one.
"""
