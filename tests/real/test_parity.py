"""Bundled weights: CTranslate2 finds what transformers finds; batches and bytes change little."""

import json

import pytest

from ukrnlp.catalog import bundled, find, models_dir
from ukrnlp.engines.encoder import load_reader
from ukrnlp.engines.seq2seq import load_seq2seq

pytestmark = pytest.mark.real

NEWS = [
    "Уночі росіяни вдарили дронами по Одесі, пошкоджено портовий склад.",
    "Верховна Рада підтримала законопроєкт про пільги для волонтерів 246 голосами.",
    "За словами речника, евакуювати вдалося всіх мешканців будинку, крім двох.",
    "Національний банк залишив облікову ставку на рівні 15,5 %.",
    "Президент зустрівся з прем'єр-міністром Польщі у Варшаві.",
    "Мер Харкова заявив, що метро відновить роботу в понеділок.",
    "У Карпатах оголосили четвертий рівень лавинної небезпеки.",
    "Москва назвала ці звинувачення безпідставними.",
    "Рятувальники шукають під завалами щонайменше трьох людей.",
    "Експорт зерна за пів року зріс до 21 млн тонн.",
    "Суд відклав розгляд справи колишнього міністра до 14 травня.",
    "Збірна України перемогла Ісландію з рахунком 2:1 і вийшла на чемпіонат Європи.",
]
SUFFIXES = [
    "Про це повідомляє пресслужба відомства.",
    "Чому це важливо?",
    "Так.",
    "«Ми не зупинимося», — сказала вона журналістам після засідання.",
]
TEXTS = NEWS + SUFFIXES
PAIRS = [
    ("Росія", NEWS[0:1] + NEWS[7:9]),
    ("Верховна Рада", NEWS[1:4]),
    ("Президент", NEWS),
    ("Харків", [NEWS[5]]),
    ("суд", NEWS[9:] + SUFFIXES),
]


def of_type(model_type):
    """Bundled models by their configuration; whether they are whole, the tests find out."""
    configs = {name: json.loads((models_dir() / name / "config.json").read_text("utf-8")) for name in bundled()}
    return [name for name, config in configs.items() if config["model_type"] == model_type]


@pytest.fixture(scope="module", params=of_type("bart"))
def exact(request):
    """A translation model on CTranslate2, not rounded, with what it finds."""
    engine = load_seq2seq(request.param, compute_type="float32", threads=2)
    return request.param, engine, engine.hypotheses(TEXTS)


def test_beam_search_finds_what_transformers_finds(exact):
    name, _, ours = exact
    some = TEXTS[::2]
    theirs = load_seq2seq(name, engine="transformers", threads=2).hypotheses(some)
    for text, (a,), (b,) in zip(some, ours[::2], theirs, strict=True):
        # two outputs may differ only where they score the same
        assert a.text == b.text or abs(a.score - b.score) < 1e-4, text
        assert a.score == pytest.approx(b.score, abs=1e-3)
        assert a.finished and b.finished


def test_bytes_change_scores_little(exact):
    name, _, whole = exact
    for text, (a,), (b,) in zip(TEXTS, whole, load_seq2seq(name, threads=2).hypotheses(TEXTS), strict=True):
        assert a.score == pytest.approx(b.score, abs=0.35), text


def test_batches_change_little(exact):
    engine = load_seq2seq(exact[0], threads=1)
    together = engine.hypotheses(TEXTS)
    reversed_ = engine.hypotheses(TEXTS[::-1])[::-1]
    alone = [engine.hypotheses([text])[0] for text in TEXTS]
    for other in (reversed_, alone):
        equal = sum(a[0].text == b[0].text for a, b in zip(together, other, strict=True))
        assert equal >= 0.9 * len(TEXTS)
        assert max(abs(a[0].score - b[0].score) for a, b in zip(together, other, strict=True)) < 0.15


def test_no_output_is_empty_or_says_unknown(exact):
    for text, (best,) in zip(TEXTS, exact[2], strict=True):
        assert best.text.strip(), text
        assert "⁇" not in best.text


def test_transformers_opens_the_directory_by_name_of_class(exact):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    path = find(exact[0]).path
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSeq2SeqLM.from_pretrained(path)
    assert model.config.vocab_size == len(tokenizer)
    assert tokenizer(TEXTS)["input_ids"] == exact[1]._runtime.encode(TEXTS)
    _, report = AutoModelForSeq2SeqLM.from_pretrained(path, output_loading_info=True)
    assert not any(report.values())


@pytest.mark.parametrize("name", of_type("bert"))
def test_the_reader_reads_what_transformers_reads(name):
    ours, theirs = load_reader(name, threads=2), load_reader(name, engine="transformers", threads=2)
    fast = load_reader(name, compute_type="int8_float32", threads=2)
    for a, b, c in zip(ours.pair_reader(PAIRS), theirs.pair_reader(PAIRS), fast.pair_reader(PAIRS), strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-4)
        assert a.evidence == pytest.approx(b.evidence, abs=1e-4)
        assert a.scores == pytest.approx(c.scores, abs=0.15)
    texts = [sentences for _, sentences in PAIRS]
    for a, b in zip(ours.sentence_scorer(texts), theirs.sentence_scorer(texts), strict=True):
        assert a == pytest.approx(b, abs=1e-4)
    for one, pair in zip(ours.pair_reader(PAIRS), PAIRS, strict=True):
        (alone,) = ours.pair_reader([pair])
        assert one.scores == pytest.approx(alone.scores, abs=0.01)
        assert one.evidence == pytest.approx(alone.evidence, abs=0.01)


@pytest.mark.parametrize("name", bundled())
def test_weights_are_float16_and_below_95_megabytes(name):
    model = find(name)
    assert model.size < 95_000_000
    (weights,) = model.weights
    with weights.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    assert {t["dtype"] for key, t in header.items() if key != "__metadata__"} == {"F16"}
