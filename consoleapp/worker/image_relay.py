"""Carries an image from one account's engine to the operation of another that waits for it.

Piece by piece, in the worker's loop for engines: nothing is kept here. What goes wrong at the
giving end is remembered, and ends the operation at the taking end.
"""

import logging
from pathlib import Path
from uuid import UUID

from consoleapp.accounts.models import LinuxAccount
from engine.client import Engine
from engine.schema.archives import ImageShare
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode, ErrorReport

logger = logging.getLogger(__name__)


class Feed:
    """One image on its way."""

    def __init__(self, source: LinuxAccount, parameters: ImageShare) -> None:
        self._source = source
        self._image = parameters.image
        self.error: ErrorReport | None = None
        """Why the image did not come whole, if that was the giving end's fault."""

    async def run(self, taking: Engine, operation_id: UUID) -> None:
        """Until all is handed over, or one end does not want any more."""
        try:
            async with (
                Engine(Path(self._source.socket), self._source.uid) as giving,
                giving.image(self._image) as stream,
            ):
                try:
                    await taking.bring(operation_id, stream)
                except EngineUnreachable as error:
                    # It takes no more: the operation has ended, and says itself how. Or it was the
                    # giving end that broke off, which the operation says as well.
                    logger.info("the image for %s was not taken whole: %s", operation_id, error)
                    return
        except EngineUnreachable as error:
            self.error = ErrorReport(
                code=ErrorCode.UNREACHABLE,
                message=f"The engine of {self._source.key} does not answer: {error}. Nothing was "
                "changed.",
                remedy="Try again; if it happens again, ask the host's administrator.",
            )
        except EngineError as error:
            if error.report.code is ErrorCode.CONFLICT:
                return  # another worker carries it already
            report = error.report
            message = f"{self._source.key} could not give the image: {report.message}"
            self.error = report.model_copy(update={"message": message})
        if self.error:
            await taking.cancel(operation_id)
