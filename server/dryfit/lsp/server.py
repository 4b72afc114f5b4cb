"""`dryfit server`: the command line of the language server, and a lean start."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from collections.abc import Sequence

# Most of what an edit allocates is freed by reference counts; looking for cycles every 700 objects, as Python does by
# itself, would cost more than it finds.
GC_THRESHOLDS = (50_000, 20, 50)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve one client, as the options say."""
    return serve(_parser().parse_args(argv).tcp)


def serve(address: tuple[str, int] | None = None) -> int:
    """Serve one client, on standard input and output or at an address.

    The exit code is 0 after an orderly `shutdown` and `exit`, 1 after any other end.
    """
    # Errors of ours go to standard error, which editors show in their logs. pygls reports every refused request.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="dryfit: %(levelname)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.CRITICAL)

    # The protocol's 700 classes are made while they are imported: without the collector in a third less time.
    gc.disable()
    from dryfit.lsp.application import Application
    from dryfit.lsp.transport import serve_stdio, serve_tcp

    application = Application(on_ready=_settle_memory)
    return serve_stdio(application.protocol) if address is None else serve_tcp(address, application.protocol)


def _settle_memory() -> None:
    """All that was loaded stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()


def _parser() -> argparse.ArgumentParser:
    description = "The language server, on standard input and output."
    parser = argparse.ArgumentParser(prog="dryfit server", description=description)
    parser.add_argument("--tcp", metavar="HOST:PORT", type=_address, help="listen there for one client, for debugging")
    parser.add_argument("--stdio", action="store_true", help="the default; editors add it by themselves")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


if __name__ == "__main__":
    sys.exit(main())
