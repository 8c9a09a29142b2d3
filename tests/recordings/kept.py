"""Recordings as the observer creates them, without a terminal."""

from uuid import uuid4

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.recordings import cast, recorder
from consoleapp.recordings.models import Recording
from engine.schema.queries import ContainerTerminal


def kept(
    account: LinuxAccount, user: User, *pieces: tuple[float, bytes], container: str = "a" * 64
) -> Recording:
    """Create a recording that has ended, with these pieces of output at these seconds."""
    query = ContainerTerminal(container=container)
    session = recorder.Session(uuid4(), account, Actor(user=user), query, "the account web")
    recording, events = recorder._begin(session), cast.Events()
    for seconds, data in pieces:
        recording.write(events.output(seconds, data))
    recorder._end(recording)
    return Recording.objects.get(key=session.key)
