"""Relay an image from one account's engine to an operation of another that waits for it.

Piece by piece, in the worker's loop for engines: nothing is stored here. An error at the sending
end is remembered and ends the operation at the receiving end.
"""

import logging
from pathlib import Path
from uuid import UUID

from consoleapp.accounts.models import LinuxAccount
from engine.client import Engine
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode, ErrorReport
from engine.schema.messages import msg

logger = logging.getLogger(__name__)


class Feed:
    """One image in transfer."""

    def __init__(self, source: LinuxAccount, image: str) -> None:
        self._source = source
        self._image = image
        self.error: ErrorReport | None = None
        """Why the image is incomplete, if that was the sending end's fault."""

    async def run(self, taking: Engine, operation_id: UUID) -> None:
        """Run until everything is transferred, or one end stops."""
        try:
            async with (
                Engine(Path(self._source.socket), self._source.uid) as giving,
                giving.image(self._image) as stream,
            ):
                try:
                    await taking.bring(operation_id, stream)
                except EngineUnreachable as error:
                    # The receiver accepts no more: its operation has ended and reports the outcome
                    # itself. Or the sending end stopped, which the operation reports as well.
                    logger.info("the image for %s was not taken whole: %s", operation_id, error)
                    return
        except EngineUnreachable as error:
            self.error = ErrorReport(
                code=ErrorCode.UNREACHABLE,
                message=msg(
                    "The engine of %(key)s does not answer: %(error)s. Nothing was changed.",
                    key=self._source.key,
                    error=error,
                ),
                remedy=msg("Try again; if it happens again, ask the host's administrator."),
            )
        except EngineError as error:
            if error.report.code is ErrorCode.CONFLICT:
                return  # another worker already transfers it
            report = error.report
            message = msg(
                "%(key)s could not give the image: %(message)s",
                key=self._source.key,
                message=report.message,
            )
            self.error = report.model_copy(update={"message": message})
        if self.error:
            await taking.cancel(operation_id)
