"""The pages of conferences on the school's web host. Where is what:

* `routes`: every address, and which page answers there.
* `people_page`: the door for people of the school; `leading_page`: what whoever leads does there; `guest_page`: the
  door for guests; `entry_page`: the last step, for links of the bot and the widget; `list_page`: what goes on and what
  is planned; `parts`: what all of them stand on.
* `standing`: how the door is found, in words; `templates`, `static`, `texts`: how pages look, and what they say.
"""

from typing import Final

from appservice.web.page_sets import PageSet
from bbb_widget.web.texts import SENTENCES

PAGES: Final = PageSet(package=__name__, sentences=SENTENCES, ways=(("/conferences", "conference.list"),))

__all__ = ["PAGES"]
