"""What must stand around a form that is also another word: лавров, гру, мінська, мзс.

A check gets the text and the span of the form and looks a short, bounded way around it. Each is a small table of
words; the names in `CHECKS` are those that a table of names may ask for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

REACH = 120  # characters looked at on either side

_STATE = (
    r"(?:рф|росі[їяюйє]ю?|білорус[ьі]|рб|срср|днр|лнр|ерефії?|рашк[иі]|московії|"
    r"(?:[Рр]осійської )?[Фф]едерації|країни-агресор(?:а|ки)|держави-агресор(?:а|ки)|агресора|окупантів)"
)
_ADJECTIVE = r"(?:російськ|білорус(?:ьк)|московськ|кремлівськ|путінськ|радянськ|ворож)(?:ий|ого|ому|им|а|ої|ій|у|ою|е|і|их|ими)"

_STATE_NEXT = re.compile(rf"(?: [Гг]енштабу| зс| ЗС| збройних сил)?[ \n]\"?{_STATE}\b", re.IGNORECASE)
_ADJECTIVE_BEFORE = re.compile(rf"\b{_ADJECTIVE} [«\"“]?$", re.IGNORECASE)
_STATE_BEFORE = re.compile(rf"\b{_STATE}[,]? (?:та |і |й )?$", re.IGNORECASE)
_PAIR_BEFORE = re.compile(rf"\b{_STATE}(?:, | та | і | й | з | із |/)$|(?:президент|уряд|кдб|мвс|кордон|територі|громадян)\w* $", re.IGNORECASE)
_PAIR_AFTER = re.compile(rf"(?:, | та | і | й | з | із |/){_STATE}\b", re.IGNORECASE)

_SPORT = re.compile(
    r" (?:футбол|баскетбол|волейбол|гандбол|хоке|теніс|бокс|боротьб|дзюдо|самбо|карате|тхеквондо|плаванн|гімнастик|"
    r"атлетик|легк|важк|спорт|лиж|біатлон|шах|шаш|фехтуванн|велоспорт|веслуванн|стрільб|ковзан|фігурн|кіберспорт|альпінізм|"
    r"профспіл|незалежних профспілок|єврейськ|космонавтик|автоспорт|санног|бобсле|регбі|бадмінтон|настільн|кінн|парус|вітрильн|керлінг)",
    re.IGNORECASE,
)
_FORTRESS = re.compile(
    r"\b(?:казанськ|новгородськ|псковськ|тульськ|ростовськ|коломенськ|астраханськ|нижньогородськ|смоленськ|рязанськ|"
    r"тобольськ|зарайськ|суздальськ|давн|стар|білокам['’ʼ]?ян|дерев['’ʼ]?ян|кам['’ʼ]?ян)(?:ий|ього|ого|ьому|ому|ім|им|і|их|ими) $",
    re.IGNORECASE,
)
_SERVICE_BEFORE = re.compile(
    r"(?:\b(?:агент|офіцер|полковник|генерал|співробітник|працівник|шпигун|розвідник|спецназ|підрозділ|бригад|начальник|"
    r"керівник|очільник|голов|глав|шеф|представник|структур|штаб|хакер|частин|загін|загон|завданн|наказ|кадр|куратор|"
    r"диверсант|вихід|вербувальник|колишн|екс|майор|капітан|підполковник|заступник|спецслужб|розвідк|резидент|операці|"
    r"вихованець|мереж|академі|рук|лінії|боку|інтерес|зв['’ʼ]?язк|військов\w+ розвідк)\w* (?:[«\"“(])?"
    r"|\b(?:фсб|свр|сзр|кдб|фсо|нквс)(?:,| та| і| й| чи| або|/) ?|\b(?:фсб|свр|сзр|кдб|фсо|нквс)[/-])$",
    re.IGNORECASE,
)
_SERVICE_AFTER = re.compile(
    rf"[»\"”)]? (?:{_STATE}|гш|генштаб\w*|генерального штабу|зс рф|міноборони)\b|(?:,| та| і| й| чи| або|/) ?(?:фсб|свр|сзр|кдб|фсо)\b", re.IGNORECASE
)
_NO_GAME = re.compile(r"\b(?:змін|поч|програ|вигра|заверш|веде|вест|покращ|про|через|у|в|на|за|цю|свою|нову|цю|таку|всю|подвійну|брудну|хто)\w* $", re.IGNORECASE)

_GENITIVE = re.compile(r"\b(?:до|з|із|зі|від|од|біля|коло|поблизу|поза|крім|окрім|для|без|після|навколо|довкола|проти|щодо|неподалік|околиц\w+|міст[аі]|місто|стороною|боку) [«\"“]?$", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:в|у|на|при|по|під|над|за|міст[іо]|місту|проти|через) [«\"“]?$", re.IGNORECASE)
_FEMININE = re.compile(r"[»\"”]? (?:(?:[\w'’ʼ-]*(?:а|я|у|ю|ість|асть|ласть|иця)|міськ\w+|[\w'’ʼ-]+ь)\b)")
_NEXT_WORD = re.compile(r"[»\"”]? ([\w'’ʼ-]+)")
_VERB = re.compile(r"(?:ать|ять|уть|ють|ить|їть|ла|лася|лась|ться)$")
_DASH_DIGIT = re.compile(r"-\d")

_PERSON_BEFORE = re.compile(
    r"\b(?:сергі\w+|сергє\w+|міністр\w*|глав[аиіуою]+|очільник\w*|голов[аиіуою]+|дипломат\w*|мзс|мід|посадов\w+|пан\w*|"
    r"справ|рф|росії|федерації|с\.|в\.|путін\w*|пєсков\w*|шойгу|захаров\w*|кремл\w+|блінкен\w*|рубіо|каллас)[,]? (?:та |і |й |з |із )?[«\"“]?$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"[»\"”]?,? (?:заяви|сказа|назва|зазнач|повідом|додав|поясни|прокоментува|вважа|ствердж|наголос|пообіця|погрож|прилет|прибу|"
    r"зустрі|проведе|пров[іе]|приїх|відвіда|відповів|запропон|висловив|звинува|каже|говорить|визна|брехав|бреше|не|знову|"
    r"теж|також|уже|вже|і|й|та|про|у|в|на|з|із|під|зі|під час|має|буде|може)\w*\b",
    re.IGNORECASE,
)
_PLANT = re.compile(
    r"(?:\b(?:кущ|вінк|вінок|гілк|лист|гілоч|гай|олі[яїює]|запах|аромат|багато|кільк|садж|віник)\w* $)|"
    r"\b(?:спочива|спочити на|пожина|на)\w* $",
    re.IGNORECASE,
)
_LAUREL_NEXT = re.compile(r" (?:лист|вінок|вінк|вінц|віноч|гіл|олі[яїює]|дерев|кущ|гай|гаї|ліс|запах|аромат|сад)\w*", re.IGNORECASE)
_AGGRESSOR_NEAR = re.compile(
    r"\b(?:росі[їяює]ю?|рф|кремл\w+|путін\w*|москв\w+|мзс|мід|шойгу|пєсков\w*|захаров\w*|медведєв\w*|кадиров\w*|російськ\w+|лукашенк\w*)\b",
    re.IGNORECASE,
)
_SIDE_OF_QUOTE = "«\"“„("
_ARMY_NEXT = re.compile(r" (?:[«\"“„])?(?:вагнер|редут|патріот|конвой|еспаньол|ахмат|рф|росії|щит|e\.n\.o\.t)\w*", re.IGNORECASE)
_ARMY_BEFORE = re.compile(
    r"\b(?:найман|бойов|бійц|ватаж|засновник|лідер|керівник|російськ|приватн|так зван)\w* (?:[«\"“„])?$", re.IGNORECASE
)
_COUNTRY_BEFORE = re.compile(
    r"\b(?:республі|держав|країн|посол|посл|президент|прем['’ʼ]?єр|уряд|влад|збірн|столиц|армі|громадян|територі|емір|султанат|острі|острови|узбережж)\w* $",
    re.IGNORECASE,
)
_DNISTER = re.compile(r"-[Дд]ністровськ")
_PODILSKYI = re.compile(r"[- ][Пп]одільськ")
_SENTENCE_END = frozenset(".!?…:\n•*▪—–-")
_OPENING = frozenset(" «\"“„(['’*_>\t")


def starts_sentence(text: str, start: int) -> bool:
    """Whether `start` begins the text, a line, a sentence, or what follows a colon, dash or bullet."""
    i = start - 1
    floor = max(-1, start - 12)
    while i > floor and text[i] in _OPENING:
        i -= 1
    return i < 0 or text[i] in _SENTENCE_END


def _left(text: str, start: int) -> str:
    return text[max(0, start - REACH) : start]


def _right(text: str, end: int) -> str:
    return text[end : end + REACH]


def _federation(text: str, start: int, end: int) -> bool:
    return _SPORT.match(_right(text, end)) is None


def _with_state(text: str, start: int, end: int) -> bool:
    return _STATE_NEXT.match(_right(text, end)) is not None or _ADJECTIVE_BEFORE.search(_left(text, start)) is not None


def _state_pair(text: str, start: int, end: int) -> bool:
    return _PAIR_BEFORE.search(_left(text, start)) is not None or _PAIR_AFTER.match(_right(text, end)) is not None


def _not_fortress(text: str, start: int, end: int) -> bool:
    return _FORTRESS.search(_left(text, start)) is None


def _service(text: str, start: int, end: int) -> bool:
    left, right = _left(text, start), _right(text, end)
    if _SERVICE_AFTER.match(right) is not None or _ADJECTIVE_BEFORE.search(left) is not None:
        return True
    return _SERVICE_BEFORE.search(left) is not None and _NO_GAME.search(left) is None


def _city(text: str, start: int, end: int) -> bool:
    """A city in -ськ against the adjective: до мінська, у мінську зустрілися; not мінська угода, у мінську групу."""
    left, right = _left(text, start), _right(text, end)
    if _GENITIVE.search(left) is not None or _DASH_DIGIT.match(right) is not None:
        return True
    following = _NEXT_WORD.match(right)
    if following is None:
        return True
    word = following.group(1)
    if _VERB.search(word) and not word.endswith(("ість", "асть")):
        return text[end - 1] == "у"
    return _FEMININE.match(right) is None


def _masculine_city(text: str, start: int, end: int) -> bool:
    """грозний: the city only behind a preposition of place and before no noun that the adjective could describe."""
    left, right = _left(text, start), _right(text, end)
    if _GENITIVE.search(left) is None and _PLACE.search(left) is None:
        return False
    following = _NEXT_WORD.match(right)
    return following is None or following.group(1) in {"та", "і", "й", "за", "на", "у", "в", "після", "під"}


def _place(text: str, start: int, end: int) -> bool:
    """казані: the city behind a preposition, where a cauldron could stand only with в or у (left alone)."""
    return _GENITIVE.search(_left(text, start)) is not None


def _person(text: str, start: int, end: int) -> bool:
    left, right = _left(text, start), _right(text, end)
    if _PERSON_BEFORE.search(left) is not None:
        return True
    if _PLANT.search(left) is not None or _LAUREL_NEXT.match(right) is not None:
        return False
    near = left.rsplit("\n", 1)[-1] + " " + right.split("\n", 1)[0]
    return _AGGRESSOR_NEAR.search(near) is not None or _SPEAKS.match(right) is not None


def _army(text: str, start: int, end: int) -> bool:
    return _ARMY_NEXT.match(_right(text, end)) is not None or _ARMY_BEFORE.search(_left(text, start)) is not None


def _country(text: str, start: int, end: int) -> bool:
    return _COUNTRY_BEFORE.search(_left(text, start)) is not None


def _not_dnister(text: str, start: int, end: int) -> bool:
    return _DNISTER.match(_right(text, end)) is None


def _not_podilskyi(text: str, start: int, end: int) -> bool:
    return _PODILSKYI.match(_right(text, end)) is None


CHECKS: dict[str, Callable[[str, int, int], bool]] = {
    "federation": _federation,
    "with-state": _with_state,
    "state-pair": _state_pair,
    "not-fortress": _not_fortress,
    "service": _service,
    "city-adjective": _city,
    "masculine-city": _masculine_city,
    "place": _place,
    "person-near": _person,
    "army": _army,
    "country": _country,
    "not-dnister": _not_dnister,
    "not-podilskyi": _not_podilskyi,
}
