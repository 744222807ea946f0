"""Places that the daemon sends every entry to: a file, a syslog server, an HTTP endpoint. One file each."""
