"""The command line and the composition root: the only place that knows all parts of Schulbote.

Read by any Python, so that a wrong one is told in words.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - somebody may start it with an older one all the same
    sys.stderr.write("Schulbote needs Python 3.11 or newer; this is Python {}.{}.\n".format(*sys.version_info))
    sys.exit(2)
