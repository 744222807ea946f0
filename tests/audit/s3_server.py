"""An S3 service on loopback with buckets that lock what they take, in a process of its own: `python -m` prints its
port.

The service is moto's. It asks for a header by which clients of AWS's own announce a checksum; where the checksum
itself is sent, as S3 asks for, that header is added."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def service() -> Iterator[str]:
    """Give the address of a running service without buckets."""
    with subprocess.Popen([sys.executable, "-m", "tests.audit.s3_server"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def announcing(application: Application) -> Application:
    """Return the application, told of the checksum that a request carries."""

    def told(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_CHECKSUM_SHA256"):
            environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = "SHA256"
        return application(environ, start)

    return told


def main() -> None:
    """Serve until the process is ended."""
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = announcing(DomainDispatcherApplication(create_backend_app))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = make_server("127.0.0.1", 0, application, threaded=True, fd=listening.fileno())
        print(listening.getsockname()[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
