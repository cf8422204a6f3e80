"""Stages in a row: what each needs is checked when the pipeline is built, documents go through in windows."""

from __future__ import annotations

import inspect
import logging
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from ukrnlp.document import Document, StageError
from ukrnlp.errors import ConfigError, InputError, UkrnlpError

OnError = Literal["raise", "keep"]
READER = "uk-reader"
DOCUMENT_FIELDS = frozenset(f.name for f in fields(Document))

log = logging.getLogger(__name__)


class Stage(Protocol):
    """One step over documents, in place: it returns nothing, so it can neither drop nor reorder them."""

    @property
    def name(self) -> str:
        """What errors and progress call the stage."""

    @property
    def requires(self) -> tuple[str, ...]:
        """Document fields that must be filled before."""

    @property
    def provides(self) -> tuple[str, ...]:
        """Document fields that the stage fills."""

    def __call__(self, docs: Sequence[Document]) -> None:
        """Fill `provides` of every document."""


class Pipeline:
    """Runs `stages` one after another over whole windows of documents.

    A failing window is retried document by document, so that one bad text does not take the others with it. With
    `on_error="raise"` the failure is raised as `UkrnlpError` that names stage and document; with `"keep"` the
    document keeps what worked, gets a `StageError` in `errors`, and goes on to the stages that can still run.

    >>> class Shout:
    ...     name, requires, provides = "shout", (), ("normalized",)
    ...     def __call__(self, docs):
    ...         for doc in docs:
    ...             doc.normalized = doc.text.upper()
    >>> Pipeline([Shout()])("київ").normalized
    'КИЇВ'

    Raises:
        ConfigError: a stage needs a field that no stage before it provides; every gap is named at once.
    """

    def __init__(self, stages: Sequence[Stage], *, on_error: OnError = "raise") -> None:
        check_choice("on_error", on_error, get_args(OnError))
        self.stages = tuple(stages)
        self.on_error = on_error
        check_wiring(self.stages)

    def __call__(self, text: str | Document) -> Document:
        """Process one text: a batch of one."""
        return next(self.pipe([text]))

    def pipe(self, texts: Iterable[str | Document], *, batch_size: int = 64) -> Iterator[Document]:
        """Yield one Document a text, in the order of the texts.

        Args:
            texts: read lazily, a window at a time, so a stream need not fit in memory. A str becomes a Document.
            batch_size: documents a window; engines batch the sentences of a whole window together.

        Raises:
            InputError: an item is neither str nor Document.
            UkrnlpError: a stage failed and `on_error` is "raise"; its cause is kept.
        """
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; it must be 1 or more")
        stream = iter(texts)
        while docs := [as_document(item) for item in islice(stream, batch_size)]:
            for stage in self.stages:
                self._run(stage, docs)
            yield from docs

    def _run(self, stage: Stage, docs: list[Document]) -> None:
        ready = [doc for doc in docs if all(is_filled(doc, name) for name in stage.requires)]
        if not ready:
            return
        before = [state(stage, doc) for doc in ready]
        try:
            stage(ready)
        except Exception as error:
            for doc, values in zip(ready, before, strict=True):
                restore(doc, values)
            if self.on_error == "raise" and len(ready) == 1:
                raise failure(stage, ready[0], error) from error
            log.debug("%s failed on a window of %d; trying one by one", stage.name, len(ready), exc_info=True)
            for doc in ready:
                self._run_alone(stage, doc)

    def _run_alone(self, stage: Stage, doc: Document) -> None:
        before = state(stage, doc)
        try:
            stage([doc])
        except Exception as error:
            restore(doc, before)
            if self.on_error == "raise":
                raise failure(stage, doc, error) from error
            doc.errors += (StageError(stage.name, type(error).__name__, str(error)),)


def as_document(item: str | Document) -> Document:
    """Wrap a str; pass a Document through."""
    if isinstance(item, Document):
        return item
    if isinstance(item, str):
        return Document(item)
    raise InputError(f"a text must be str or Document, found {type(item).__name__}: decode or wrap it first")


def state(stage: Stage, doc: Document) -> dict[str, Any]:
    """What `stage` may change in `doc`: its fields, and the warnings."""
    return {name: getattr(doc, name) for name in (*stage.provides, "warnings")}


def restore(doc: Document, values: Mapping[str, Any]) -> None:
    """Take back what a failed stage did to `doc`."""
    for name, value in values.items():
        setattr(doc, name, value)


def is_filled(doc: Document, name: str) -> bool:
    """Whether the stage that provides field `name` has run on `doc`."""
    return getattr(doc, name) is not None


def failure(stage: Stage, doc: Document, error: Exception) -> UkrnlpError:
    """The error that `stage` raises to the caller for `doc`."""
    kind = type(error) if isinstance(error, UkrnlpError) else UkrnlpError
    where = f"stage {stage.name}, document {doc.id!r}" if doc.id else f"stage {stage.name}"
    message = f"{where}: {str(error) or type(error).__name__}"
    return kind(message) if kind.__init__ is Exception.__init__ else UkrnlpError(message)


def check_choice(option: str, value: object, allowed: Sequence[str]) -> None:
    """Raise `ConfigError` unless `value` is one of `allowed`."""
    if value not in allowed:
        raise ConfigError(f"{option} is {value!r}; allowed: {', '.join(allowed)}")


def check_wiring(stages: Sequence[Stage]) -> None:
    """Raise `ConfigError` naming every requirement that no earlier stage provides, and every unknown field."""
    gaps: list[str] = []
    present = {"text", "id", "lang", "meta", "targets"}
    for stage in stages:
        unknown = [name for name in (*stage.requires, *stage.provides) if name not in DOCUMENT_FIELDS]
        gaps += [f"{stage.name} names {name!r}, which Document does not have" for name in unknown]
        missing = [name for name in stage.requires if name not in present and name not in unknown]
        gaps += [f"{stage.name} needs {name!r}, which no stage before it provides" for name in missing]
        present.update(stage.provides)
    if gaps:
        raise ConfigError("; ".join(gaps))


STAGES = ("normalize", "split", "translate", "summarize", "stance")
PRESETS: dict[str, dict[str, Any]] = {"uk-news": {"stages": STAGES}}
SETTINGS = ("pipeline", "stages", "to", "targets", "on_error", *STAGES)


def load(
    config: str | Path | Mapping[str, Any] = "uk-news",
    *,
    to: str | None = None,
    targets: Sequence[str] | Literal["auto"] | None = None,
    stages: Sequence[str] | None = None,
    on_error: OnError | None = None,
) -> Pipeline:
    """Build a pipeline of the bundled or named models. Nothing is downloaded.

    Args:
        config: name of a preset (`"uk-news"`), a TOML file, or a mapping with the same keys: `stages` (of normalize,
            split, translate, summarize, stance), `to`, `targets`, `on_error`, and a table of options for any stage,
            such as `{"translate": {"model": "uk-en", "beam_size": 1}}`. `pipeline` names the preset to start from.
        to: language to translate into, such as `"en"`; without it the translate stage is left out.
        targets: whose stance to judge, or `"auto"` to find them; without them the stance stage serves only documents
            that bring their own.
        stages: the stages to run, in place of the config's.
        on_error: what a failing document does, see `Pipeline`.

    Raises:
        ConfigError: a preset, key, stage or option is unknown, or the stages do not fit together.
        ModelError: a model is not there or damaged.

    >>> load({"stages": ["normalize", "split"]})("Росія мовчить.").sentences
    (Sentence(text='Росія мовчить.', start=0),)
    """
    given = {"to": to, "targets": targets, "stages": stages, "on_error": on_error}
    settings = {**read_config(config), **{key: value for key, value in given.items() if value is not None}}
    unknown = [key for key in settings if key not in SETTINGS]
    if unknown:
        raise ConfigError(f"unknown settings {', '.join(map(repr, unknown))}; allowed: {', '.join(SETTINGS)}")
    named = list(settings.get("stages", STAGES))
    for name in named:
        check_choice("a stage", name, STAGES)
    if not settings.get("to"):
        if stages is not None and "translate" in stages:
            raise ConfigError("the translate stage needs a language: give to='en'")
        named = [name for name in named if name != "translate"]
    check_language(named, settings)
    built = build(named, settings)
    return Pipeline(built, on_error=settings.get("on_error", "raise"))


# options that name files, and the words that may stand there instead
WORDS = ("standard", "off")
PATHS = {"normalize": ("table",), "translate": ("glossary",), "summarize": ("aliases",), "stance": ("aliases",)}


def check_language(names: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Raise `ConfigError` where no bundled model translates into the language asked for and no other is named."""
    to, options = settings.get("to"), settings.get("translate", {})
    if not to or not {"translate", "summarize"} & {*names} or (isinstance(options, Mapping) and "model" in options):
        return
    from ukrnlp.catalog import bundled

    languages = [name.removeprefix("uk-") for name in bundled() if name.startswith("uk-") and len(name) == 5]
    if to not in languages and languages:
        raise ConfigError(
            f"no bundled model translates into {to!r}; allowed: {', '.join(languages)}, or name a model "
            "(translate.model, --model) that does"
        )


def beside(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The stages' options of a TOML file in `folder`, with the files that they name looked for there."""
    found = {}
    for stage, names in PATHS.items():
        options = settings.get(stage)
        if isinstance(options, Mapping):
            files = {n: str(folder / v) for n in names if isinstance(v := options.get(n), str) and v not in WORDS}
            found[stage] = {**options, **files}
    return found


def read_config(config: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a preset, TOML file or mapping, over those of the preset that it names."""
    if isinstance(config, str) and config in PRESETS:
        return dict(PRESETS[config])
    if isinstance(config, Mapping):
        own = dict(config)
    else:
        path = Path(config)
        if not path.is_file():
            raise ConfigError(f"{str(config)!r} is neither a preset ({', '.join(PRESETS)}) nor a TOML file")
        try:
            own = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not TOML in UTF-8: {error}") from error
        own.update(beside(path.parent, own))
    preset = own.pop("pipeline", "uk-news")
    check_choice("pipeline", preset, tuple(PRESETS))
    return {**PRESETS[preset], **own}


def build(names: Sequence[str], settings: Mapping[str, Any]) -> list[Stage]:
    """Make the named stages; only the packages and models that they need are loaded."""
    engines: dict[tuple[Any, ...], Any] = {}
    to: str = settings.get("to") or ""

    def engine(load_engine: Callable[..., Any], default: str, options: dict[str, Any]) -> Any:
        """The engine that `options` ask for (its own are taken out); stages that ask for the same share one load."""
        own = {key: options.pop(key) for key in inspect.signature(load_engine).parameters if key in options}
        model = options.pop("model", default)
        key = (load_engine, model, tuple(sorted(own.items())))
        if key not in engines:
            engines[key] = load_engine(model, **own)
        return engines[key]

    def translator(options: dict[str, Any]) -> Any:
        from ukrnlp.engines.seq2seq import load_seq2seq
        from ukrnlp.tasks.translate import Translator

        options.setdefault("target_lang", to)
        seq2seq = engine(load_seq2seq, f"uk-{to}", options)
        # what the guards doubt most often lost or repeated a part: a wider search that may not repeat
        other = replace(seq2seq.generation, beam_size=seq2seq.generation.beam_size + 2, no_repeat_ngram=4)

        def retry(texts: Sequence[str]) -> list[str]:
            return [best.text for best, *_ in seq2seq.hypotheses(texts, generation=other)]

        return Translator(seq2seq, to=to, model=seq2seq.model, lengths=seq2seq.lengths, retry=retry, **options)

    def normalize(options: dict[str, Any]) -> list[Stage]:
        from ukrnlp.preprocess.normalize import Normalizer

        return [Normalizer(**options)]

    def split(options: dict[str, Any]) -> list[Stage]:
        from ukrnlp.preprocess.sentences import SentenceSplitter

        return [SentenceSplitter(**options)]

    def translate(options: dict[str, Any]) -> list[Stage]:
        return [translator(options)]

    def summarize(options: dict[str, Any]) -> list[Stage]:
        from ukrnlp.engines.encoder import SentenceScorer, load_reader
        from ukrnlp.tasks.summarize import Summarizer
        from ukrnlp.tasks.translate import SummaryTranslator

        lang = options.pop("lang", to or "uk")
        check_choice("summarize lang", lang, ("uk", to) if to else ("uk",))
        reader = engine(load_reader, READER, options)
        stages: list[Stage] = [Summarizer(SentenceScorer(reader), model=reader.model, **options)]
        if lang != "uk":
            stages.append(SummaryTranslator(translator(dict(settings.get("translate", {})))))
        return stages

    def stance(options: dict[str, Any]) -> list[Stage]:
        from ukrnlp.engines.encoder import PairReader, load_reader
        from ukrnlp.tasks.stance import StanceClassifier

        reader = engine(load_reader, READER, options)
        targets = settings.get("targets", ())
        return [StanceClassifier(PairReader(reader), targets=targets, model=reader.model, **options)]

    makers = {"normalize": normalize, "split": split, "translate": translate, "summarize": summarize, "stance": stance}
    stages: list[Stage] = []
    for name in names:
        options = settings.get(name, {})
        if not isinstance(options, Mapping):
            raise ConfigError(f"[{name}] is {options!r}; it must be a table of options")
        try:
            stages += makers[name](dict(options))
        except TypeError as error:
            raise ConfigError(f"[{name}]: {error}") from error
    return stages
