"""Schulbote inside Synapse. The one entry is `synapse_modules.School`.

```yaml
modules:
  - module: synapse_modules.School
    config: {school: /etc/schulbote/school.yaml}
```
"""

from synapse_modules.module import School

__all__ = ["School"]
