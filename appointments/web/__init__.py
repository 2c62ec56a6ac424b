"""The pages of appointments. Where is what: `routes` has every address, `pages` the pages, `form` what is written in
the form; `templates` and `texts` as in `appservice.web`."""

from appointments.web.texts.de import SENTENCES as _GERMAN
from appointments.web.texts.en import SENTENCES as _ENGLISH
from appservice.web.page_sets import PageSet
from school.texts import Language

PAGES = PageSet(
    package="appointments.web",
    sentences={Language.GERMAN: _GERMAN, Language.ENGLISH: _ENGLISH},
    ways=(("/appointments", "appointments.way"),),
)
