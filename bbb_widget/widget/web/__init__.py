"""The page in Element's window.

* `page`: the page, and what its script asks; `routes`: the addresses.
* `templates`, `static`, `texts`: how it looks, what it does in the browser, its sentences. `matrix-widget-api.min.js`
  is matrix-widget-api 1.19.0 as it is on npm (Apache-2.0: `matrix-widget-api.LICENSE`); a test knows its hash.
"""

from typing import Final

from appservice.web.page_sets import PageSet
from bbb_widget.widget.web.texts import SENTENCES

WIDGET_PAGES: Final = PageSet(package=__name__, sentences=SENTENCES)
