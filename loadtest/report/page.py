"""One HTML file that needs no network, for every report: a run, a comparison, a capacity study.

A report is a template of its own package. It imports its parts (tables, facts, charts) from
``parts.html.jinja``, writes each heading with ``contents.heading``, and puts ``contents.here``
where the table of contents belongs. Head and style come from ``base.html.jinja``, in which light,
dark, narrow and print are decided once. What came from outside is escaped by the template engine;
only the charts, which escape their own text, pass as they are.
"""

import re
from collections.abc import Mapping
from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loadtest.report.plots import Figure

__all__ = ["Contents", "drawn", "render_page"]

_OURS = "loadtest.report"
# Escaped text holds no "<", so that nothing from outside can be taken for it.
_HERE = "<!-- contents -->"


class Contents:
    """Collects the headings of one page while it is rendered."""

    def __init__(self) -> None:
        self._headings: list[tuple[str, str]] = []

    @property
    def here(self) -> Markup:
        """The place of the table of contents; it is filled in once all headings are known."""
        return Markup(_HERE)

    def heading(self, title: str) -> Markup:
        """Return a heading of the second level, and list it."""
        anchor = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        self._headings.append((anchor, title))
        return Markup('<h2 id="{}">{}</h2>').format(anchor, title)

    def table(self) -> Markup:
        """Return the table of contents; nothing for a page of one heading."""
        if len(self._headings) < 2:
            return Markup()
        lines = (
            Markup('<li><a href="#{}">{}</a></li>').format(anchor, title)
            for anchor, title in self._headings
        )
        listed = Markup("\n").join(lines)
        return Markup('<nav class="contents" aria-label="Contents"><ol>\n{}\n</ol></nav>').format(
            listed
        )


def render_page(
    template: str, *, title: str, values: Mapping[str, object], package: str = _OURS
) -> str:
    """Return a whole page.

    Args:
        template: Name of a template in the folder ``templates`` of ``package``.
        title: What a browser shows as the name of the page.
        values: The variables of the template, apart from ``contents``.
        package: The part of the product that the report belongs to.
    """
    environment = _environment(package)
    contents = Contents()
    content = environment.get_template(template).render({**values, "contents": contents})
    content = content.replace(_HERE, contents.table())
    base = environment.get_template("base.html.jinja")
    return base.render(title=title, content=Markup(content))


def drawn(figure: Figure) -> dict[str, object]:
    """Return a chart as the macro ``chart`` of ``parts.html.jinja`` takes it."""
    return {
        "title": figure.title,
        "caption": figure.caption,
        "legend": figure.legend,
        "wide": Markup(figure.wide_svg),
        "narrow": Markup(figure.narrow_svg),
    }


@cache
def _environment(package: str) -> Environment:
    packages = dict.fromkeys((package, _OURS))
    return Environment(
        loader=ChoiceLoader([PackageLoader(each) for each in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
