"""`image.build`: run `podman build` as a program of the account.

Not through Podman's API, which takes the context as one more tar over the socket and unpacks it
again, expects secrets inside of it, and continues a RUN step after its client has left. The program
gets paths instead, and ends with everything that it started (process/subreaper.py).

Everything of a build is in its own folder of the engine's spool: context, secrets, TMPDIR.
"""

import asyncio
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from engine.builds import build_context, build_log, cleanup
from engine.builds.steps import Steps
from engine.operations import image_names, pulls
from engine.operations.context import OperationContext
from engine.podman import api
from engine.podman.errors import understand
from engine.process import programs
from engine.process.cancellation import heed, unstoppable
from engine.schema.builds import NAMES, GitSource, ImageBuild, ImageBuilt
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.images import ImagePull
from engine.schema.messages import msg
from engine.schema.parameters import REDACTED, is_secret
from engine.schema.progress import Progress

Say = Callable[[str], None]
IMAGE_ID = "image-id"
_NO_IMAGE = "none"
_WHOLE_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
GIT_SETTING = "BERTH_BUILD_FROM_GIT"
_FOREIGN = "exec format error"
# No hooks, filters, or helpers from anybody's configuration, and only https.
_GIT = ["git", "-c", "protocol.allow=never", "-c", "protocol.https.allow=always"]
_GIT += ["-c", "core.hooksPath=/dev/null", "-c", "http.followRedirects=false"]
_GIT_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/true",
    "GIT_LFS_SKIP_SMUDGE": "1",
}


async def build(context: OperationContext, parameters: ImageBuild) -> ImageBuilt:
    """Build the image, and push it if requested. Only the image and its log remain.

    It records what the name meant before the first attempt.
    """
    began = time.monotonic()
    name = parameters.tags[0]
    context.note(context.noted or await image_names.image_id(context, name) or _NO_IMAGE)
    place = context.files.workplace(context.id)
    (place / "tmp").mkdir(exist_ok=True)
    hidden = _secrets(parameters)
    with build_log.writing(context.id) as kept:

        def say(line: str) -> None:
            kept.say(_redacted(line, hidden))

        try:
            root = await _context(context, parameters, place, say)
            identity = await _build(context, parameters, place, root, say, hidden)
            pushed = await _push(context, parameters, identity, place, say)
        except EngineError as error:
            say(f"Error: {error.report.message}")
            raise
        except asyncio.CancelledError:
            identity, pushed = await unstoppable(image_names.image_id(context, name)), ""
            if not context.noted or identity in ("", context.noted):
                say(msg("It was cancelled."))
                raise
            say(msg("It was too late to cancel: an interrupted attempt had built it."))
    found = await api.inspect_image(context.podman, identity)
    return ImageBuilt(
        summary=(
            msg(
                "%(tags)s was built and pushed to %(pushed)s.",
                tags=parameters.tags[0],
                pushed=pushed,
            )
            if pushed
            else msg("%(tags)s was built.", tags=parameters.tags[0])
        ),
        image_id=identity,
        reference=parameters.tags[0],
        size=int(found.get("Size") or 0),
        pushed=pushed,
        seconds=round(time.monotonic() - began, 1),
    )


async def _build(
    context: OperationContext,
    parameters: ImageBuild,
    place: Path,
    root: Path,
    say: Say,
    hidden: list[str],
) -> str:
    file = _containerfile(parameters, place, root)
    await context.admission.admit_build(parameters, file)
    if images := context.admission.images_of_build(parameters, file):
        await _look_at(context, parameters, images)
        # Use exactly the images that were checked.
        parameters = parameters.model_copy(update={"pull": "never"})
    if not _built(place):  # an interrupted attempt may have finished this
        await _run(context, parameters, place, root, say, hidden)
    identity = _built(place)
    await unstoppable(_name(context, parameters, identity))
    return identity


async def _name(context: OperationContext, parameters: ImageBuild, identity: str) -> None:
    for name in parameters.tags:
        await image_names.ensure(context, name, identity)


def _built(place: Path) -> str:
    """Return the id of the finished image, or ""."""
    try:
        found = _WHOLE_ID.fullmatch((place / IMAGE_ID).read_text().strip())
    except FileNotFoundError:
        return ""
    return found[1] if found else ""


async def _run(
    context: OperationContext,
    parameters: ImageBuild,
    place: Path,
    root: Path,
    say: Say,
    hidden: list[str],
) -> None:
    """Run `podman build`, which writes the image's id when it has finished."""
    steps = Steps()
    argv, environment = _command(context, parameters, place, root)
    whole = False
    try:
        async with aclosing(programs.lines(argv, environment=environment)) as lines:
            async for line in lines:
                say(line)
                if steps.hear(_redacted(line, hidden)):
                    context.report(steps.progress("Building"))
        whole = True
    except programs.Failure as failure:
        raise _failed(steps, failure, context, parameters.platform) from failure
    except asyncio.CancelledError:
        whole = bool(_built(place))  # the image exists, and this cannot be undone
        if not whole:
            raise
    finally:
        if not whole:
            await asyncio.shield(
                cleanup.tidy(context.podman, context.podman_options, context.id, place)
            )
    steps.finish()
    context.report(steps.progress("Built"))


async def _look_at(context: OperationContext, parameters: ImageBuild, images: list[str]) -> None:
    """Pull the base images, and evaluate their ONBUILD steps. Raises EngineError."""
    for image in images:
        is_here = await api.image_exists(context.podman, image)
        if parameters.pull == "always" or (parameters.pull == "missing" and not is_here):
            if parameters.platform:
                raise EngineError(
                    ErrorCode.POLICY,
                    msg(
                        "%(image)s has to be looked at before it is built from, and is not here "
                        "for %(platform)s.",
                        image=image,
                        platform=parameters.platform,
                    ),
                    msg("Pull it for that platform first, and build without a pull."),
                )
            await pulls.pull_image(context, ImagePull(image=image, policy="always"))
        if await api.image_exists(context.podman, image):
            await context.admission.admit_onbuild(image)


def _failed(
    steps: Steps, failure: programs.Failure, context: OperationContext, platform: str
) -> EngineError:
    which = steps.fail()
    context.report(steps.progress(steps.last_lines))
    cause = steps.error or f"podman build ended with status {failure.status}."
    if _FOREIGN in f"{steps.last_lines}\n{cause}".lower():
        return _foreign(which, platform)
    found = understand(cause).report
    return EngineError(
        # If Podman's message explains nothing, the cause is in the Containerfile.
        ErrorCode.INVALID if found.code is ErrorCode.REFUSED else found.code,
        msg("%(which)s: %(said)s", which=which, said=cause) if which else cause,
        found.remedy or msg("The log shows what the step said last."),
    )


def _foreign(which: str, platform: str) -> EngineError:
    """Return the error for a step whose program has a format that the kernel does not know."""
    if not platform:
        return EngineError(
            ErrorCode.INVALID,
            msg(
                "%(which)s: its program is for another architecture than this host's, or is a "
                "script without `#!`.",
                which=which,
            ),
            msg("Take a base image for this host's architecture."),
        )
    return EngineError(
        ErrorCode.UNAVAILABLE,
        msg(
            "%(which)s: this host cannot run programs for %(platform)s.",
            which=which,
            platform=platform,
        ),
        msg(
            "Steps that only copy work. For RUN, ask the host's administrator to install QEMU's "
            "user emulation (qemu-user-static and binfmt-support), or build on a host of that "
            "platform."
        ),
    )


def _command(
    context: OperationContext, parameters: ImageBuild, place: Path, root: Path
) -> tuple[list[str], dict[str, str]]:
    environment = {"TMPDIR": str(place / "tmp")}
    argv = ["podman", *context.podman_options, "build"]
    # The default of `podman build` for accounts. 4.3's `oci` cannot create a network then.
    argv += ["--isolation=rootless", f"--iidfile={place / IMAGE_ID}"]
    argv += [*parameters.options(), f"--file={_containerfile(parameters, place, root)}"]
    for name, value in parameters.build_args.items():
        if is_secret(name, value) and name not in os.environ:
            environment[name] = value
            argv.append(f"--build-arg={name}")
        else:
            argv.append(f"--build-arg={name}={value}")
    for name, secret in parameters.secrets.items():
        argv.append(f"--secret=id={name},src={_private(place, name, secret.get_secret_value())}")
    # No step uses this secret: it marks the working containers of this build.
    mark = cleanup.mark(context.id)
    argv.append(f"--secret=id={mark},src={_private(place, mark, '')}")
    return [*argv, "--", str(root)], environment


def _private(place: Path, name: str, value: str) -> Path:
    folder = place / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / name
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(value)
    return file


def _containerfile(parameters: ImageBuild, place: Path, root: Path) -> Path:
    if parameters.containerfile.strip():
        file = place / "Containerfile"
        file.write_text(parameters.containerfile)
        return file
    wanted = [parameters.containerfile_path] if parameters.containerfile_path else list(NAMES)
    for name in wanted:
        found = (root / name).resolve()
        if found.is_file():
            if not found.is_relative_to(root.resolve()):
                raise EngineError(
                    ErrorCode.INVALID, msg("%(name)s leads out of the context.", name=name)
                )
            return found
    raise EngineError(
        ErrorCode.INVALID,
        msg("The context has no %(join)s.", join=" and no ".join(str(name) for name in wanted)),
        msg("Say where the Containerfile is in the context, or paste its text."),
    )


async def _context(
    context: OperationContext, parameters: ImageBuild, place: Path, say: Say
) -> Path:
    root = place / "context"
    if root.exists():  # left by a killed engine: start again
        await asyncio.to_thread(shutil.rmtree, root)
    root.mkdir()
    root.chmod(0o755)
    if parameters.git:
        return await _clone(context, parameters.git, root, place, say)
    if parameters.context:
        context.report(Progress(message=msg("Unpacking the context")))
        archive = context.files.upload(context.id, parameters.context)
        size = await _unpack(archive, root)
        archive.unlink()
        say(msg("The context has %(size)s bytes.", size=f"{size:,}"))
    for file in parameters.files:
        target = root / file.path
        for folder in reversed(target.relative_to(root).parents):
            (root / folder).mkdir(exist_ok=True)
            (root / folder).chmod(0o755)
        try:
            context.files.upload(context.id, file.upload).rename(target)
        except OSError as error:
            raise EngineError(
                ErrorCode.INVALID,
                msg(
                    "%(path)s cannot be put into the context: %(strerror)s.",
                    path=file.path,
                    strerror=error.strerror,
                ),
            ) from error
        target.chmod(0o755 if _is_script(target) else 0o644)
    return root


def _is_script(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) in (b"\x7fELF",) or file.open("rb").read(2) == b"#!"


async def _unpack(archive: Path, root: Path) -> int:
    stop = threading.Event()
    unpacking = asyncio.ensure_future(asyncio.to_thread(build_context.unpack, archive, root, stop))
    try:
        return await asyncio.shield(unpacking)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(unpacking, return_exceptions=True)
        raise


async def _clone(
    context: OperationContext, git: GitSource, root: Path, place: Path, say: Say
) -> Path:
    if os.environ.get(GIT_SETTING) != "1":
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg("This host does not let builds fetch their context from git."),
            msg(
                "Upload the context, or ask the host's administrator to set %(git_setting)s=1.",
                git_setting=GIT_SETTING,
            ),
        )
    context.report(Progress(message=msg("Fetching %(url)s", url=git.url)))
    environment = {**_GIT_ENVIRONMENT, "TMPDIR": str(place / "tmp")}
    fetch = ["fetch", "--depth=1", "--no-tags", "--", git.url, git.ref or "HEAD"]
    for words in (["init", "--quiet"], fetch, ["checkout", "--quiet", "FETCH_HEAD"]):
        last_lines: list[str] = []
        argv = [*_GIT, *words]
        try:
            async with aclosing(
                programs.lines(argv, environment=environment, folder=root)
            ) as lines:
                async for line in lines:
                    last_lines = [*last_lines[-4:], line]
                    say(line)
        except programs.Failure as failure:
            raise EngineError(
                ErrorCode.UNREACHABLE,
                msg(
                    "git could not fetch %(ref)s of %(url)s: %(said)s",
                    ref=git.ref or msg("the default branch"),
                    url=git.url,
                    said=" ".join(last_lines),
                ),
                msg(
                    "Check the address and the branch; a commit is given by all of its digits. "
                    "Private repositories cannot be fetched."
                ),
            ) from failure
    await asyncio.to_thread(shutil.rmtree, root / ".git")
    if not git.folder:
        return root
    folder = (root / git.folder).resolve()
    if not folder.is_dir() or not folder.is_relative_to(root.resolve()):
        raise EngineError(
            ErrorCode.INVALID, msg("The repository has no folder %(folder)s.", folder=git.folder)
        )
    return folder


async def _push(
    context: OperationContext, parameters: ImageBuild, identity: str, place: Path, say: Say
) -> str:
    if not parameters.push_to:
        return ""
    heed()
    context.report(Progress(message=msg("Pushing to %(push_to)s", push_to=parameters.push_to)))
    argv = ["podman", *context.podman_options, "push", "--", identity, parameters.push_to]
    last = ""
    try:
        async with aclosing(
            programs.lines(argv, environment={"TMPDIR": str(place / "tmp")})
        ) as lines:
            async for line in lines:
                say(line)
                last = line or last
    except programs.Failure as failure:
        found = understand(last.removeprefix("Error: ")).report
        raise EngineError(
            found.code,
            msg(
                "%(tags)s was built, but could not be pushed: %(message)s",
                tags=parameters.tags[0],
                message=found.message,
            ),
            found.remedy,
        ) from failure
    return parameters.push_to


def _secrets(parameters: ImageBuild) -> list[str]:
    """Return the texts that the log must not contain, longest first."""
    values = [secret.get_secret_value() for secret in parameters.secrets.values()]
    values += [value for name, value in parameters.build_args.items() if is_secret(name, value)]
    pieces = {piece.strip() for value in values for piece in [value, *value.splitlines()]}
    return sorted((piece for piece in pieces if len(piece) >= 4), key=len, reverse=True)


def _redacted(line: str, hidden: list[str]) -> str:
    for secret in hidden:
        line = line.replace(secret, REDACTED)
    return line
