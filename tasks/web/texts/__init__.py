"""Every sentence of these pages, in every language, chosen by name. What the bot says is in `school.texts`."""

from collections.abc import Mapping
from typing import Final

from school.texts import Language
from tasks.web.texts.de import SENTENCES as _GERMAN
from tasks.web.texts.en import SENTENCES as _ENGLISH

SENTENCES: Final[Mapping[Language, Mapping[str, str]]] = {Language.GERMAN: _GERMAN, Language.ENGLISH: _ENGLISH}
