"""Every sentence of these pages, in every language, chosen by name. What the bot says is in `school.texts`."""

from collections.abc import Mapping
from typing import Final

from bbb_widget.web.texts.de import SENTENCES as _GERMAN
from bbb_widget.web.texts.en import SENTENCES as _ENGLISH
from school.texts import Language

SENTENCES: Final[Mapping[Language, Mapping[str, str]]] = {Language.GERMAN: _GERMAN, Language.ENGLISH: _ENGLISH}
