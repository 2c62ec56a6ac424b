"""What the web host is told of the widget."""

from typing import Final

from appservice.web.page_sets import PageSet
from bbb_widget.widget.web.texts import SENTENCES

WIDGET_PAGES: Final = PageSet(package="bbb_widget.widget.web", sentences=SENTENCES)
