"""The desk on waitress: one process, a few threads, ended cleanly by SIGINT or SIGTERM."""

import errno
import signal
import sys
from types import FrameType

import waitress

from publisher.config import Settings
from publisher.core.messages import N_
from publisher.errors import StoreError
from publisher.secrets import Vault
from publisher.store.session import Store
from publisher.web.app import create_app


def serve(settings: Settings, store: Store, vault: Vault) -> None:
    """Serve the desk until a signal; requests under way still end.

    Raises StoreError when the address cannot be listened on.
    """
    app = create_app(settings, store, vault)
    web = settings.web
    try:
        server = waitress.create_server(
            app,
            host=web.host,
            port=web.port,
            threads=web.threads,
            ident=None,
            # Forwarded headers are for ProxyFix (web/app.py), which is there only where the settings say so.
            clear_untrusted_proxy_headers=False,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = N_("port {port} on {host} is taken")
            raise StoreError(message, port=str(web.port), host=web.host) from error
        message = N_("port {port} on {host} cannot be listened on: {reason}")
        raise StoreError(message, port=str(web.port), host=web.host, reason=error.strerror) from error
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    server.run()


def _stop(_number: int, _frame: FrameType | None) -> None:
    # waitress takes this for the wish to stop: it lets its threads finish what they are at.
    sys.exit(0)
