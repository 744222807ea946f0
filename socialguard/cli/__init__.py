"""The command line: it parses, asks and prints; the rules live below."""
