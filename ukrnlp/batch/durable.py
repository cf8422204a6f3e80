"""Files that are whole or not there at all, and a lock that dies with its process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ukrnlp.errors import UkrnlpError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a temporary file beside `path`; it takes the place of `path` when the block ends, or goes.

    After the block the bytes and the name are on the disk, not in a cache of the system.

    Raises:
        UkrnlpError: the system refuses to write, for example because the disk is full.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - Path.replace, said as what it is
        sync_directory(path.parent)
    except OSError as error:
        remove(temporary)
        raise cannot_write(path, error) from error
    except BaseException:
        remove(temporary)
        raise


def write(path: Path, data: bytes) -> None:
    """Put `data` under `path`, whole or not at all; raises as `replacing` does."""
    with replacing(path) as stream:
        stream.write(data)


def sync_directory(path: Path) -> None:
    """Bring the names in a directory to the disk, where the system can."""
    if sys.platform == "win32":
        return
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def remove(path: Path) -> None:
    """Remove a file that may be there; a disk that cannot even do that is reported by what comes next."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def cannot_write(path: Path, error: OSError) -> UkrnlpError:
    """The error to raise where the system refused to write `path`."""
    reason = error.strerror or str(error)
    return UkrnlpError(f"cannot write {path}: {reason}; make room or choose another place, then go on with --resume")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone; the system frees it when the process ends, however that comes.

    Raises:
        UkrnlpError: another process holds it, or it cannot be made.
    """
    try:
        stream = _acquire(path)
    except BlockingIOError as error:
        raise UkrnlpError(f"another run holds {path}; wait for its end, stop it, or choose another output") from error
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield
    finally:
        # still held: nobody can take the file that goes, and who waits for it looks whether it is still the one
        if sys.platform != "win32":
            remove(path)
        stream.close()


def _acquire(path: Path) -> BinaryIO:
    while True:
        stream = path.open("a+b")
        try:
            _lock(stream)
            held = os.fstat(stream.fileno())
            if sys.platform == "win32" or (path.exists() and os.path.samestat(held, path.stat())):
                return stream
        except OSError:
            stream.close()
            raise
        stream.close()  # its holder removed it meanwhile


def _lock(stream: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
