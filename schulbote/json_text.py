"""Answers for programs."""

import json


def as_text(value: object) -> str:
    """JSON with every letter as it is, one space an indent."""
    return json.dumps(value, ensure_ascii=False, indent=1)
