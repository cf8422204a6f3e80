"""Bytes to text, strictly: what is wrong with them is said, nothing is guessed or replaced."""

from __future__ import annotations

import codecs
import re

from ukrnlp.errors import ConfigError, InputError

LONG_LINE = 1_000_000  # characters; longer lines are read whole, and said
BINARY_SHARE = 0.02  # of control characters, above which a file is no text,
FEW_CONTROLS = 8  # unless they are so few

MAGIC = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a zip or office file",
    b"\x1f\x8b": "a gzip file",
    b"\x89PNG": "a PNG image",
}
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
SURROGATE = re.compile("[\ud800-\udfff]")
CYRILLIC = re.compile("[А-яІіЇїЄєҐґ]")


def check_encoding(encoding: str) -> None:
    """Raise `ConfigError` unless Python knows `encoding` as a text encoding."""
    try:
        "".encode(encoding)
    except LookupError as error:
        raise ConfigError(f"unknown encoding {encoding!r}; try utf-8, cp1251, koi8-u or utf-16") from error


def decode(data: bytes, name: str, encoding: str) -> str:
    """The text of a whole file.

    Raises:
        InputError: it is no text in `encoding`; the message says which encoding to try.
    """
    for magic, kind in MAGIC.items():
        if data.startswith(magic):
            raise InputError(f"{name} is {kind}, not text; extract its text first")
    if is_utf8(encoding) and data.startswith(UTF16_MARKS):
        raise InputError(f"{name} is UTF-16, not UTF-8; try --encoding utf-16")
    try:
        text = data.decode(bom_safe(encoding))
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: {wrong_bytes(data, error, encoding)}") from error
    if len(CONTROL.findall(text)) > max(FEW_CONTROLS, BINARY_SHARE * len(text)):
        raise InputError(f"{name} looks like a binary file, not text; extract its text first")
    return text


def has_surrogate(text: str) -> bool:
    """Whether `text` holds half a character, which no encoding can write."""
    return SURROGATE.search(text) is not None


def broken_bytes(text: str, encoding: str) -> str:
    """What is wrong with a line or row read with `surrogateescape`; "" if nothing is."""
    if not has_surrogate(text):
        return ""
    try:
        data = text.encode(encoding, "surrogateescape")
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return wrong_bytes(data, error, encoding)
    except UnicodeEncodeError:  # UTF-16 and its like cannot carry the broken bytes back
        pass
    return f"not valid {encoding.upper()}; repair the text, or name its encoding, for example --encoding cp1251"


def wrong_bytes(data: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    """Say which byte `encoding` cannot read, and what to do."""
    if b"\0" in data[:65536]:
        return "looks like a binary file, not text; extract its text first"
    found = f"not valid {encoding.upper()}: byte 0x{data[error.start]:02x} at {error.start}"
    sample = data[max(0, error.start - 2000) : error.start + 2000]
    if is_utf8(encoding) and looks_cyrillic(sample):
        return f"{found}; it looks like Windows-1251, try --encoding cp1251"
    return f"{found}; repair the text, or name its encoding, for example --encoding cp1251"


def looks_cyrillic(sample: bytes) -> bool:
    """Whether `sample` read as Windows-1251 has Cyrillic words and no signs of broken UTF-8."""
    text = sample.decode("cp1251", "replace")
    letters = sum(c.isalpha() for c in text)
    # UTF-8 read as cp1251 is full of Р and С before every other letter
    return letters > 0 and len(CYRILLIC.findall(text)) > 0.5 * letters and len(re.findall("[РС]", text)) < 0.2 * letters


def text_warnings(text: str) -> list[str]:
    """What a reader of the results should know of a text as it was read."""
    found = []
    if not text:
        found.append("the text is empty")
    elif not text.strip():
        found.append("the text holds only spaces")
    if controls := CONTROL.findall(text):
        names = ", ".join(f"U+{ord(c):04X}" for c in sorted(set(controls))[:5])
        found.append(f"the text holds {len(controls)} control characters ({names})")
    if len(text) > LONG_LINE and (longest := max(map(len, text.split("\n")))) > LONG_LINE:
        found.append(f"the text has a line of {longest} characters; it is kept whole and may take long")
    return found


def bom_safe(encoding: str) -> str:
    """`encoding`, skipping a byte order mark where that is UTF-8."""
    return "utf-8-sig" if is_utf8(encoding) else encoding


def is_utf8(encoding: str) -> bool:
    """Whether `encoding` is a name of UTF-8."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def decodes(data: bytes, encoding: str) -> bool:
    """Whether `data` is valid in `encoding`."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
