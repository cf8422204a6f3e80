"""Write every case form of the names in a seeds file: the table that `ukrnlp.preprocess.casing` reads.

    pip install pymorphy3 pymorphy3-dicts-uk
    python scripts/build_casing_table.py data/lowercase-names/seeds.tsv ukrnlp/preprocess/tables/state_names.tsv

Forms come from the dictionary of pymorphy3 where it knows the word, else from the paradigms below; the report on
stderr lists words that neither knows and small-letter forms that are also forms of another word, for review.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
from pathlib import Path

import pymorphy3

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct", "voct")
Forms = dict[str, list[str]]

# endings by case, for surnames and places that the dictionary lacks
PARADIGMS: tuple[tuple[tuple[str, ...], int, dict[str, tuple[str, ...]]], ...] = (
    (
        ("ов", "єв", "ев", "йов", "ін", "їн", "ин"),
        0,
        {"nomn": ("",), "gent": ("а",), "datv": ("у", "ові"), "accs": ("а",), "ablt": ("им",), "loct": ("і",)},
    ),
    (
        ("ський", "цький", "ний"),
        2,
        {"nomn": ("ий",), "gent": ("ого",), "datv": ("ому",), "accs": ("ого",), "ablt": ("им",), "loct": ("ому",)},
    ),
    (
        ("ія", "ея"),
        1,
        {"nomn": ("я",), "gent": ("ї",), "datv": ("ї",), "accs": ("ю",), "ablt": ("єю",), "loct": ("ї",)},
    ),
    (
        ("а",),
        1,
        {"nomn": ("а",), "gent": ("и",), "datv": ("і",), "accs": ("у",), "ablt": ("ою",), "voct": ("о",)},
    ),
    (
        ("ь",),
        1,
        {"nomn": ("ь",), "gent": ("я",), "datv": ("ю", "еві"), "accs": ("я",), "ablt": ("ем",), "loct": ("і", "ю")},
    ),
    (
        tuple("бвгґджзклмнпрстфхцчш"),
        0,
        {"nomn": ("",), "gent": ("а",), "datv": ("у", "ові"), "accs": ("а",), "ablt": ("ом",), "loct": ("і",)},
    ),
)


def join(stem: str, ending: str) -> str:
    """Stem and ending, with the consonant that і asks for: Єлабуга, Єлабузі."""
    softer = {"г": "з", "к": "ц", "х": "с"}.get(stem[-1]) if ending == "і" else None
    return (stem[:-1] + softer if softer else stem) + ending


def by_paradigm(word: str) -> Forms | None:
    for endings, cut, cases in PARADIGMS:
        if word.endswith(endings):
            stem = word[: len(word) - cut]
            return {case: [join(stem, ending) for ending in found] for case, found in cases.items()}
    return None


def inflect(word: str, morph: pymorphy3.MorphAnalyzer, *, kind: str) -> Forms | None:
    """Forms of one word by case, spelt as `word` is; `None` where nothing is known."""
    lower = word.lower()
    if kind == "person" and lower.endswith(("ов", "єв", "ев", "ін", "їн", "ин")):
        return by_paradigm(word)
    parses = [
        p
        for p in morph.parse(lower)
        if p.is_known and p.normal_form == lower and p.tag.case == "nomn" and p.tag.POS in ("NOUN", "ADJF")
    ]
    if not parses:
        # plural names (Нідерланди) and feminine adjectives (Єдина) have another dictionary form
        parses = [
            p for p in morph.parse(lower) if p.is_known and p.tag.case == "nomn" and p.tag.POS in ("NOUN", "ADJF")
        ]
    if not parses:
        return by_paradigm(word)
    best = parses[0]
    forms: Forms = {case: [] for case in CASES}
    for parse in parses:
        if (parse.tag.POS, parse.tag.gender, parse.tag.number) != (best.tag.POS, best.tag.gender, best.tag.number):
            continue
        for form in parse.lexeme:
            same = form.tag.number == parse.tag.number and (
                form.tag.gender == parse.tag.gender or parse.tag.number == "plur"
            )
            # -ая, -ую are verse; a place is hardly ever called upon, but for those that songs and slogans call
            odd = form.tag.POS == "ADJF" and form.word.endswith(("ая", "яя", "ую", "юю", "ім", "ім"))
            odd |= form.tag.case == "voct" and kind != "person" and not lower.endswith(("а", "я"))
            if same and form.tag.case in forms and form.tag.POS == parse.tag.POS and not odd:
                spelt = spell_like(form.word, word)
                if spelt not in forms[form.tag.case]:
                    forms[form.tag.case].append(spelt)
    return forms


def spell_like(form: str, word: str) -> str:
    """`form` with capitals where the parts of `word` between hyphens have them: Санкт-Петербургу."""
    parts = zip(form.split("-"), word.split("-"), strict=True)
    return "-".join(part[0].upper() + part[1:] if model[0].isupper() else part for part, model in parts)


def inflect_name(name: str, morph: pymorphy3.MorphAnalyzer, *, kind: str) -> list[str] | None:
    parts: list[Forms] = []
    for word in name.split(" "):
        if word.startswith("~"):
            parts.append({case: [word[1:]] for case in CASES})
            continue
        forms = inflect(word, morph, kind=kind)
        if forms is None:
            return None
        parts.append(forms)
    out: list[str] = []
    for case in CASES:
        found = [part.get(case, []) for part in parts]
        if all(found):
            out += (" ".join(words) for words in itertools.product(*found))
    return list(dict.fromkeys(out))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("table", type=Path)
    args = parser.parse_args()
    morph = pymorphy3.MorphAnalyzer(lang="uk")
    rows: list[tuple[str, str, str, str, str]] = []
    with args.seeds.open(encoding="utf-8", newline="") as lines:
        for fields in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not fields or fields[0].startswith("#"):
                continue
            name, level, kind, context, doubtful, given = (fields + [""] * 6)[:6]
            spelt = name.replace("~", "")
            if given == "0":
                forms: list[str] | None = [spelt]
            elif given:
                forms = given.split("|")
            else:
                forms = inflect_name(name, morph, kind=kind)
            if forms is None:
                print(f"no forms known: {name}", file=sys.stderr)
                forms = [spelt]
            if not given and spelt not in forms:
                print(f"not among its own forms: {spelt}: {forms}", file=sys.stderr)
            unsure = set(forms) if doubtful == "*" else set(doubtful.split("|")) - {""}
            if not context and kind in ("city", "capital") and spelt.endswith(("ськ", "цьк")):
                forms = [form for form in forms if not form.endswith(("ськові", "ські"))]
                # Мінська, Мінську are forms of the adjective too; what may follow each differs
                for ending, check in (("а", "city-a"), ("у", "city-u")):
                    rows += ((spelt, level, kind, check, form + "?") for form in forms if form.endswith(ending))
                forms = [form for form in forms if not form.endswith(("а", "у"))]
            for form in forms:
                others = {
                    p.normal_form for p in morph.parse(form.lower()) if p.is_known and p.normal_form != spelt.lower()
                }
                if others and " " not in form and form not in unsure:
                    print(f"also another word: {form} ({spelt}): {', '.join(sorted(others))}", file=sys.stderr)
            rows.append((spelt, level, kind, context, "|".join(f + "?" * (f in unsure) for f in forms)))
    with args.table.open("w", encoding="utf-8", newline="") as out:
        out.write("# name\tlevel\tkind\tcontext\tforms (? = only in context); made by scripts/build_casing_table.py\n")
        out.writelines("\t".join(row) + "\n" for row in rows)
    print(f"{len(rows)} names, {sum(row[4].count('|') + 1 for row in rows)} forms", file=sys.stderr)


if __name__ == "__main__":
    main()
