"""Alerts: what a person must learn although no command of theirs was running. The one writer of the table `alert`.

Whoever raises one does so in the transaction of what happened. A cause that goes on is one alert, not many; every
command says that there is one until a person has seen it."""
