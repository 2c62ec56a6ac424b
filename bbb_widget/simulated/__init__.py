"""A small BigBlueButton that is none: it answers what BigBlueButton 3 answers and shows who would be there, so that
conferences can be tried out without one. No sound, no picture; everything is in memory. For `schulbote demo` and tests.

* `meetings`: who is in which meeting, who is in its lobby, and how it ends.
* `api`: what our client, or any other, asks; every checksum is checked by code of its own.
* `pages`: what people see who were let in, and who leads; `templates`, `words`: how, and in which language.
"""

from bbb_widget.simulated.api import SimulatedBbb

__all__ = ["SimulatedBbb"]
