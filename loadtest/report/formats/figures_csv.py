"""``figures.csv``: a line for each figure that a run measured, for a spreadsheet."""

import csv
import io

from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.report.figures import Summary, number_at

__all__ = ["figures_csv"]

_COLUMNS = ("figure", "name", "value", "unit", "samples", "better", "meaning")


def figures_csv(summary: Summary) -> str:
    """Return every figure that was measured, with its short name, unit and meaning."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for path, figure in all_figures().items():
        value = number_at(summary, path)
        if value is None:
            continue
        found = [number_at(summary, each) for each in figure.samples]
        samples = sum(int(each or 0) for each in found) if found else ""
        name = figure.short if figure.names else ""
        row = (path, name, value, figure.unit, samples, figure.better.value, figure.meaning)
        writer.writerow(row)
    return text.getvalue()
