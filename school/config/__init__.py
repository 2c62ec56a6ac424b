"""school.yaml: the whole configuration, as one frozen `Settings`.

1. `source` reads the file into plain values and remembers the line of each.
2. `schema` says which keys there are, of which type, with which default; `values` reads the texts in them.
3. `load` puts both together, asks what no single key can know, and raises every problem at once.
4. A problem is a sentence (`sentences`) that names file, line, key and what to write instead.
5. Secrets are files that the settings point to. They are read when they are needed and never become a setting.

Synchronous: Synapse loads it inside its reactor.
"""

from school.config.errors import ConfigError
from school.config.load import load_settings
from school.config.schema import RightLine, Settings
from school.config.secret_files import read_keys, read_secret

__all__ = ["ConfigError", "RightLine", "Settings", "load_settings", "read_keys", "read_secret"]
