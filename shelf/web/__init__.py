"""The pages of the file shelves. Where is what: `routes` has every address, `pages` and `files` the pages, `words` how
files are told of; `templates`, `static` and `texts` as in `appservice.web`."""

from appservice.web.page_sets import PageSet
from school.texts import Language
from shelf.web.texts.de import SENTENCES as _GERMAN
from shelf.web.texts.en import SENTENCES as _ENGLISH

PAGES = PageSet(
    package="shelf.web",
    sentences={Language.GERMAN: _GERMAN, Language.ENGLISH: _ENGLISH},
    ways=(("/shelf", "shelf.way"),),
)
