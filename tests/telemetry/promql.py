"""Which metrics a query names, as far as it takes no parser of PromQL.

The trap: label names stand bare in `by (...)` and in selectors, and durations look like names with a
number before them; all that is taken out first.
"""

import re

_NO_NAMES = (
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"\{[^{}]*\}"),
    re.compile(r"\[[^\]]*\]"),
    re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)"),
)
_NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "inf", "nan", "atan2"}


def names(query: str) -> set[str]:
    """Return the metrics that a query reads."""
    for pattern in _NO_NAMES:
        query = pattern.sub(" ", query)
    return {name for name in _NAME.findall(query) if name.lower() not in _WORDS}
