"""`python -m publisher.sandbox`: the stand-in networks alone."""

import argparse
import sys
from pathlib import Path

from publisher.sandbox.server import CannotStart, serve


def main() -> int:
    """Run the sandbox; 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="publisher.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder for its state")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="port of the page; 0: any")
    parser.add_argument("--telegram-port", type=int, default=8091, help="port of Telegram; 0: any")
    parser.add_argument("--mail-port", type=int, default=8092, help="port of the mail server; 0: any")
    parser.add_argument("--seed", type=int, default=2024, help="seed of its readers")
    options = parser.parse_args()
    try:
        serve(
            options.data, options.host, options.port, options.telegram_port, options.mail_port, options.seed
        )
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
