"""One file for each command or group of commands; `cli.table` names them."""
