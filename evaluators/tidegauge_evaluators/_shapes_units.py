"""Factors and offsets that people chose: units, and how to say them."""

from __future__ import annotations

import math
from typing import NamedTuple

_FACTORS: tuple[tuple[float, str], ...] = (
    (0.0254, "inches to metres"),
    (2.54, "inches to centimetres"),
    (0.3048, "feet to metres"),
    (1.609344, "miles to kilometres"),
    (1609.344, "miles to metres"),
    (1.852, "nautical miles to kilometres"),
    (0.45359237, "pounds to kilograms"),
    (28.349523, "ounces to grams"),
    (3.785411784, "gallons to litres"),
    (4.184, "calories to joules"),
    (6.894757, "psi to kilopascals"),
    (3.6, "metres a second to kilometres an hour"),
    (2.236936, "metres a second to miles an hour"),
    (57.29577951, "radians to degrees"),
    (1.8, "differences in Celsius to differences in Fahrenheit"),
    (7.0, "weeks to days"),
    (12.0, "years to months"),
    (24.0, "days to hours"),
    (60.0, "minutes to seconds"),
    (3600.0, "hours to seconds"),
    (86400.0, "days to seconds"),
    (365.25, "years to days"),
    (1024.0, "kibibytes to bytes"),
    (1048576.0, "mebibytes to bytes"),
    (10.0, "a decimal place"),
    (100.0, "shares to percent, or units to hundredths"),
    (1e3, "thousands to units, or seconds to milliseconds"),
    (1e4, "four decimal places"),
    (1e5, "five decimal places"),
    (1e6, "millions to units, or seconds to microseconds"),
    (1e9, "billions to units, or seconds to nanoseconds"),
)


class Unit(NamedTuple):
    """``y = factor * x + offset``, and what it is called."""

    factor: float
    offset: float
    said: str

    @property
    def charge(self) -> float:
        """Twice the nats it takes to say which."""
        rare = any(word in self.said for word in _RARE)
        return 2.0 * math.log(2 * len(_FACTORS)) + (8.0 if rare else 0.0)


_RARE = ("bibytes", "nautical", "joules", "psi", "ounces", "radians", "differences", "places",
         "a second to", "an hour to", "Kelvin to F", "heit to K")  # fmt: skip


def _back(said: str) -> str:
    """Say the opposite: "inches to metres" becomes "metres to inches"."""
    return ", or ".join(" to ".join(one.split(" to ")[::-1]) for one in said.split(", or "))


def _both_ways() -> tuple[Unit, ...]:
    found = []
    for factor, said in _FACTORS:
        found += [Unit(factor, 0.0, said), Unit(1.0 / factor, 0.0, _back(said))]
    return (
        *found,
        Unit(1.8, 32.0, "Celsius to Fahrenheit"),
        Unit(1.0 / 1.8, -32.0 / 1.8, "Fahrenheit to Celsius"),
        Unit(1.0, 273.15, "Celsius to Kelvin"),
        Unit(1.0, -273.15, "Kelvin to Celsius"),
        Unit(1.8, 32.0 - 1.8 * 273.15, "Kelvin to Fahrenheit"),
        Unit(1.0 / 1.8, 273.15 - 32.0 / 1.8, "Fahrenheit to Kelvin"),
    )


UNITS = _both_ways()
RULE = 2.0 * math.log(14.0)
"""Twice the nats it takes to say which of some dozen rules without a number."""


def tolerance(factor: float) -> float:
    """How far, in logarithms, an estimate may be from a known factor to be taken for it.

    Half a percent, where nature makes such changes too; more for a factor above five, because
    things that become ten times as large by themselves are rare.

    Examples
    --------
    >>> tolerance(2.54), round(tolerance(1000.0), 2)
    (0.005, 0.27)
    """
    return max(0.005, 0.05 * (abs(math.log(factor)) - 1.6))
