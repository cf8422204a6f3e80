"""ukrnlp: Ukrainian news, normalised, translated, summarised and judged for stance, offline on a CPU.

>>> import ukrnlp
>>> nlp = ukrnlp.load({"stages": ["normalize"]})
>>> nlp("Удар по росії").normalized
'Удар по Росії'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ukrnlp.document import (
        Document,
        Edit,
        Sentence,
        Stance,
        StanceLabel,
        Summary,
        Translation,
        apply_edits,
        undo_edits,
    )
    from ukrnlp.errors import ConfigError, InputError, MissingExtraError, ModelError, UkrnlpError
    from ukrnlp.pipeline import Pipeline, load

__version__ = "0.1.0"

_HOMES = {
    "ukrnlp.document": (
        "Document",
        "Edit",
        "Sentence",
        "Stance",
        "StanceLabel",
        "Summary",
        "Translation",
        "apply_edits",
        "undo_edits",
    ),
    "ukrnlp.errors": ("ConfigError", "InputError", "MissingExtraError", "ModelError", "UkrnlpError"),
    "ukrnlp.pipeline": ("Pipeline", "load"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ConfigError",
    "Document",
    "Edit",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "Pipeline",
    "Sentence",
    "Stance",
    "StanceLabel",
    "Summary",
    "Translation",
    "UkrnlpError",
    "__version__",
    "apply_edits",
    "load",
    "undo_edits",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first used, so that `import ukrnlp` stays instant."""
    if name not in _HOME:
        raise AttributeError(f"module 'ukrnlp' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
