"""`/language`: the switch that stands on every page."""

from aiohttp import web

from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit, local_path
from school.texts import Language


async def choose(visit: Visit) -> web.Response:
    """Speaks another language from now on, and goes back to where one was."""
    form = await visit.form()
    language = form.text("language")
    if language not in set(Language):
        raise Problem(Trouble.MALFORMED)
    response = visit.go(local_path(form.text("next"), "/"))
    visit.speak(response, language)
    return response
