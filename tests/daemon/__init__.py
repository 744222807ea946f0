"""The daemon as a process that is started, killed, stopped and asked."""
