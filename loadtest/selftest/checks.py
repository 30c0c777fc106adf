"""One comparison of what was injected with what was measured.

Counts must be equal. A time must lie within a stated bound: what the histogram rounds off, and the
floor, which is what the same run takes without any fault.
"""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["PRECISION_RATIO", "Check", "between", "exact", "near"]

PRECISION_RATIO = 0.001
"""Histograms hold three significant digits."""

_Value = float | int | bool | None


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the self-test's table."""

    figure: str
    injected: _Value
    measured: _Value
    bound: str
    held: bool

    @property
    def is_notable(self) -> bool:
        """Whether it says more than that nothing was injected and nothing was seen."""
        return not self.held or (self.injected is not True and self.injected != 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``selftest.json``."""
        return asdict(self)


def exact(figure: str, injected: _Value, measured: _Value) -> Check:
    """Compare two counts, or two claims."""
    return Check(figure, injected, measured, "equal", measured == injected)


def near(figure: str, expected: float, measured: float | None, tolerance: float) -> Check:
    """Compare a measured figure with an expected one; ``tolerance`` has the same unit.

    The histogram's own rounding comes on top of the tolerance.
    """
    allowed = tolerance + PRECISION_RATIO * expected
    held = measured is not None and abs(measured - expected) <= allowed
    return Check(figure, round(expected, 3), measured, f"± {allowed:.3g}", held)


def between(
    figure: str, measured: float | None, *, lowest: float, highest: float, injected: float | None
) -> Check:
    """Check that a measured figure lies in a range, its ends included."""
    held = measured is not None and lowest <= measured <= highest
    bound = f"{lowest:.5g} to {highest:.5g}"
    shown = injected if injected is None else round(injected, 3)
    return Check(figure, shown, measured, bound, held)
