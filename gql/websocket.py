"""GraphQL over WebSocket: the graphql-transport-ws protocol."""

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gql.desk import Desk


class Sockets:
    """The ASGI application behind /graphql for WebSockets."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak with one client until it leaves."""
        await WebSocket(scope, receive, send).close(4406)
