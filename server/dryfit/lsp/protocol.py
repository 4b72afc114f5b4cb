"""What pygls leaves open: the life of a session, malformed messages, and the end."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cattrs import transform_error
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

# pygls would keep a second copy of every text and rebuild it for each change; ours are kept by `documents`.
OWN_TEXT_KEEPING = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
)


class Conversation(LanguageServerProtocol):
    """pygls's protocol, with an answer to every request, in every state of the session.

    `heard` is called for every message. `is_initialized` is set by the server when it knows its client.
    """

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.is_initialized = False
        self.heard: Callable[[], None] = lambda: None
        self._ended: asyncio.Future[int] | None = None
        for method in OWN_TEXT_KEEPING:
            self.fm.builtin_features.pop(method)

    # -- The transport's side

    def ended(self) -> asyncio.Future[int]:
        """Done, with the exit code, when the session is over."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    def attach(self, write: Callable[[bytes], None]) -> None:
        self.set_writer(_Writer(write, self.gone))

    def gone(self) -> None:
        """The client closed the connection; without `shutdown` that is an error."""
        self._end()

    def receive(self, body: bytes) -> None:
        """Handle one message; whatever it is, nothing is raised, and a request is answered."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._refuse(None, JsonRpcParseError(f"the message is not JSON: {error}"))
            return
        self.heard()
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            msg_id = message.get("id") if isinstance(message, dict) else None
            self._refuse(msg_id, JsonRpcInvalidRequest("the message is not a JSON-RPC 2.0 object"))
        elif "method" not in message:
            self._receive_response(message)
        elif "id" in message:
            self._receive_request(message["id"], str(message["method"]), message)
        else:
            self._receive_notification(str(message["method"]), message)

    # -- The three kinds of messages

    def _receive_request(self, msg_id: object, method: str, message: Mapping[str, Any]) -> None:
        if not isinstance(msg_id, int | str):
            self._refuse(None, JsonRpcInvalidRequest("the request's id is neither a number nor a string"))
        elif self._shutdown:
            self._refuse(msg_id, JsonRpcInvalidRequest(f"`{method}` after `shutdown`"))
        elif not self.is_initialized and method != types.INITIALIZE:
            self._refuse(msg_id, JsonRpcServerNotInitialized(f"`{method}` before `initialize`"))
        elif self.is_initialized and method == types.INITIALIZE:
            self._refuse(msg_id, JsonRpcInvalidRequest("`initialize` a second time"))
        elif not self._is_known(method):
            self._refuse(msg_id, JsonRpcMethodNotFound.of(method))
        else:
            try:
                request = self._structured(method, message)
            except JsonRpcInvalidParams as error:
                self._refuse(msg_id, error)
                return
            contextvars.copy_context().run(self._handle_request, msg_id, method, request.params)

    def _receive_notification(self, method: str, message: Mapping[str, Any]) -> None:
        if method == types.EXIT:
            self._end()
            return
        if self._shutdown or not self.is_initialized:
            return
        if method != types.CANCEL_REQUEST and not self._is_known(method):
            return
        try:
            notification = self._structured(method, message)
        except JsonRpcInvalidParams as error:
            logger.error("left out a notification: %s", error.message)
            return
        contextvars.copy_context().run(self._handle_notification, method, getattr(notification, "params", None))

    def _receive_response(self, message: Mapping[str, Any]) -> None:
        msg_id = message.get("id")
        future = self._request_futures.pop(msg_id, None) if isinstance(msg_id, int | str) else None
        kind = self._result_types.pop(msg_id, None) if isinstance(msg_id, int | str) else None
        if future is None or future.done():
            return
        try:
            if message.get("error") is not None:
                error = self._converter.structure(message["error"], types.ResponseError)
                future.set_exception(JsonRpcException.from_error(error))
            else:
                future.set_result(self._converter.structure(message, kind).result if kind else message.get("result"))
        except Exception as problem:
            future.set_exception(JsonRpcInvalidParams(f"the client's answer cannot be read: {_reason(problem)}"))

    def _structured(self, method: str, message: Mapping[str, Any]) -> Any:
        kind = self.get_message_type(method)
        try:
            return self._converter.structure(message, kind) if kind else self.structure_message(dict(message))
        except Exception as error:
            raise JsonRpcInvalidParams(f"the parameters of `{method}` cannot be read: {_reason(error)}") from error

    def _is_known(self, method: str) -> bool:
        return method in self.fm.builtin_features or method in self.fm.features

    def _refuse(self, msg_id: Any, error: JsonRpcException) -> None:
        self._send_response(msg_id, error=error.to_response_error())

    # -- The end

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> None:  # type: ignore[override]
        """Cancel what is under way; its requests are answered as cancelled.

        pygls cancels while it walks over its table of requests, which the cancelled ones leave.
        """
        own = self.msg_id
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != own and not future.done():
                future.cancel()
        if (handler := self.fm.features.get(types.SHUTDOWN)) is not None:
            handler(*args)
        self._shutdown = True

    def _end(self) -> None:
        """End the session: with 0 after `shutdown`, else with 1, as the protocol says."""
        ended = self.ended()
        if not ended.done():
            ended.set_result(0 if self._shutdown else 1)

    # -- Book keeping

    def _execute_handler(
        self,
        msg_id: Any,
        handler: Any,
        callback: Any,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """As in pygls, but nothing stays in the table of requests: it leaves the Future of each notification there."""

        def done(future: Any) -> None:
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, done, args, kwargs)


class _Writer:
    """pygls's idea of a writer. A client that does not listen any more has ended the session."""

    def __init__(self, write: Callable[[bytes], None], gone: Callable[[], None]) -> None:
        self._write = write
        self._gone = gone

    def write(self, data: bytes) -> None:
        try:
            self._write(data)
        except OSError:
            self._gone()

    def close(self) -> None:
        """The descriptor ends with the process."""


def _reason(error: Exception) -> str:
    return "; ".join(transform_error(error))
