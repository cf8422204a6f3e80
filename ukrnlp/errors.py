"""What ukrnlp raises. Every message says what was found, what is allowed and what to do next."""


class UkrnlpError(Exception):
    """Any failure that the user of ukrnlp can act on."""


class InputError(UkrnlpError):
    """The text or file given cannot be read as asked."""


class ConfigError(UkrnlpError):
    """A pipeline, option or table is wired or written wrongly."""


class ModelError(UkrnlpError):
    """A model is unknown, incomplete, damaged or does not fit the task."""


class MissingExtraError(UkrnlpError):
    """A feature needs packages that the default install leaves out."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs more packages: pip install 'ukrnlp[{extra}]'")
        self.feature = feature
        self.extra = extra
