"""Changed or removed recordings are found; those that retention removed are not missing."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit import chainer
from consoleapp.audit.checkpoints import sign_checkpoint
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.recordings import storage
from consoleapp.recordings.models import Recording
from consoleapp.recordings.retention import prune
from consoleapp.snapshots import reader
from tests.recordings.kept import kept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def recording(web: LinuxAccount, olga: User, monkeypatch: pytest.MonkeyPatch) -> Recording:
    monkeypatch.setattr(reader, "load", lambda *_: None)
    return kept(web, olga, (0.5, b"secret work\r\n"))


def verified() -> str:
    """Return the output of verify_audit; raises CommandError if something is wrong."""
    chainer.chain_pending()
    sign_checkpoint()
    out = StringIO()
    try:
        call_command("verify_audit", stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}"
    return out.getvalue()


def test_a_recording_as_it_was_made_is_whole(recording: Recording) -> None:
    message = verified()
    assert "1 recordings" in message
    assert "The history is whole." in message


def test_one_changed_letter_is_found(recording: Recording) -> None:
    file = storage.file_of(recording.key)
    file.chmod(0o600)
    file.write_bytes(file.read_bytes().replace(b"secret", b"honest"))
    message = verified()
    assert f"The file of recording {recording.key} was changed" in message
    assert "1 faults" in message


def test_a_removed_file_is_found(recording: Recording) -> None:
    storage.file_of(recording.key).unlink()
    assert f"The file of recording {recording.key} was removed." in verified()


def test_a_row_changed_along_with_its_file_is_found(recording: Recording) -> None:
    file = storage.file_of(recording.key)
    file.chmod(0o600)
    file.write_bytes(b"{}")
    size, sha256 = storage.digest(recording.key) or (0, "")
    Recording.objects.update(size=size, sha256=sha256)
    message = verified()
    assert f"The file of recording {recording.key} was changed" in message
    assert f"The row of recording {recording.key} was changed" in message


def test_a_removed_row_and_a_slipped_in_file_are_found(recording: Recording) -> None:
    Recording.objects.all().delete()
    stranger = uuid4()
    storage.file_of(stranger).write_text("{}")
    message = verified()
    assert f"The row of recording {recording.key} was removed." in message
    assert f"Recording {stranger} is not in the audit log" in message


def test_what_retention_removes_is_an_event_and_not_missed(
    recording: Recording, web: LinuxAccount, olga: User
) -> None:
    Recording.objects.update(ended_at=timezone.now() - timedelta(days=30))
    young = kept(web, olga, (0.1, b"young"))
    assert prune(timezone.now() - timedelta(days=7), actor=Actor(user=None)) == 1
    assert not storage.file_of(recording.key).exists()
    assert storage.file_of(young.key).exists()
    events = Event.objects.get(action="recording.pruned")
    assert events.parameters["recordings"] == [str(recording.key)]
    assert "The history is whole." in verified()


def test_the_retention_of_the_audit_log_takes_them_along(recording: Recording) -> None:
    Recording.objects.update(ended_at=timezone.now() - timedelta(days=30))
    chainer.chain_pending()
    out = StringIO()
    call_command("prune_audit", before=timezone.now().date(), stdout=out)
    assert "1 recordings removed" in out.getvalue()
    assert not storage.file_of(recording.key).exists()
    call_command("prune_recordings", before=timezone.now().date(), stdout=out)
    assert "0 recordings removed." in out.getvalue()
    assert "The history is whole." in verified()
