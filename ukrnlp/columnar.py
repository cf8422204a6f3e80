"""What the extra `data` reads: parquet files, row by row, and zstandard streams."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ukrnlp.errors import InputError, MissingExtraError

CHUNK = 1 << 17  # bytes of a packed stream that are read at once
ROWS = 64  # of a parquet file that are in memory at once


def parquet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a parquet file, numbered from 1.

    Raises:
        InputError: the file is torn or no parquet file.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(f"reading {path.name}", "data") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is torn or no parquet file ({error}); make it again or rename it") from error


def unpacked(stream: BinaryIO, name: str) -> BinaryIO:
    """The bytes behind a zstandard stream; reading raises EOFError where it is torn.

    Raises:
        MissingExtraError: zstandard is not installed.
    """
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtraError(f"reading {name}", "data") from error
    return io.BufferedReader(_Unpacked(stream, zstandard), CHUNK)


class _Unpacked(io.RawIOBase):
    """zstandard's own reader takes the end of a torn stream for the end of the data."""

    def __init__(self, stream: BinaryIO, zstandard: Any) -> None:
        self._stream = stream
        self._error = zstandard.ZstdError
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._frame: Any = None
        self._packed = self._plain = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            self._packed = self._packed or self._stream.read(CHUNK)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the zstandard stream ends in the middle")
                return 0
            self._frame = self._frame or self._new()
            try:
                self._plain = self._frame.decompress(self._packed)
            except self._error as error:
                raise EOFError(str(error)) from error
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        part, self._plain = self._plain[: len(buffer)], self._plain[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
