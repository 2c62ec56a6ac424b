"""The pages of tasks on the school's web host. Where is what:

* `routes`: every address, and which page answers there.
* `list_page`: what somebody has, and has set; `work_page`: a task as its learner works on it; `uploads`: files that
  arrive in parts (tus).
* `edit_page`: a task as it is set; `overview_page`: who has handed in; `check_page`: one hand-in.
* `file_page`: one file, or all of them; `parts`: what all of them stand on; `markdown`: a task's text.
"""

from typing import Final

from appservice.web.page_sets import PageSet
from tasks.web.texts import SENTENCES

PAGES: Final = PageSet(package=__name__, sentences=SENTENCES, ways=(("/tasks", "task.list"),))

__all__ = ["PAGES"]
