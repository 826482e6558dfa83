"""docs/runbooks.md has a section for every alert, and nothing but that."""

import re

from tests.setup.progress import ROOT
from tests.telemetry import rules

TEXT = (ROOT / "docs" / "runbooks.md").read_text()
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def test_every_alert_has_its_section_and_every_section_an_alert() -> None:
    assert set(SECTIONS) == rules.alerts().keys()


def test_an_alert_leads_to_its_section() -> None:
    for name, rule in rules.alerts().items():
        page, anchor = rule["annotations"]["runbook_url"].split("#")
        assert page.endswith("/docs/runbooks.md")
        assert anchor == name.lower()


def test_a_section_says_what_it_means_and_what_to_do() -> None:
    for name, text in SECTIONS.items():
        for part in ("**Means.**", "**Look", "**Do.**"):
            assert part in text, f"{name} lacks {part}"


def test_links_between_sections_lead_somewhere() -> None:
    anchors = {name.lower() for name in SECTIONS}
    assert set(re.findall(r"\(#([\w-]+)\)", TEXT)) <= anchors
