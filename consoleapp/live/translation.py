"""Translate the sentences in an engine's answer to a page."""

import json
from typing import Any

from consoleapp.i18n.rendering import in_language


def answers_in_language(text: str) -> str:
    """Return a JSON array of answers with translated errors and explanations.

    Most answers are lines and bytes that stay unchanged and are not even parsed.
    """
    if '"type":"error"' not in text.replace(" ", "") and '"unavailable"' not in text:
        return text
    answers = json.loads(text)
    return json.dumps([_translated(answer) for answer in answers])


def _translated(answer: Any) -> Any:
    match answer:
        case {"type": "error", "message": message}:
            remedy = in_language(answer.get("remedy", ""))
            return {**answer, "message": in_language(message), "remedy": remedy}
        case {"type": "sample", "unavailable": dict(reasons)}:
            return {**answer, "unavailable": {k: in_language(v) for k, v in reasons.items()}}
    return answer
