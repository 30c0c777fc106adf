"""The scalability law, against curves whose coefficients are known."""

from random import Random

import pytest

from loadtest.capacity.usl import Point, Usl, fit_usl, usl_refusal
from loadtest.errors import UsageError

LOADS = (20, 40, 80, 160, 320, 640, 450, 520)


def curve(
    scale: float, sigma: float, kappa: float, noise: float = 0.0, seed: int = 1
) -> list[Point]:
    rng = Random(seed)
    return [
        (
            load,
            scale
            * load
            / (1 + sigma * (load - 1) + kappa * load * (load - 1))
            * (1 + noise * rng.gauss(0, 1)),
        )
        for load in LOADS
    ]


def fitted(scale: float, sigma: float, kappa: float, noise: float = 0.0) -> Usl:
    return fit_usl(curve(scale, sigma, kappa, noise, seed=2), Random(1))


def test_a_curve_without_noise_gives_its_coefficients_back() -> None:
    usl = fitted(6.7, 0.001, 2e-6)

    assert usl.scale.value == pytest.approx(6.7)
    assert usl.sigma.value == pytest.approx(0.001)
    assert usl.kappa.value == pytest.approx(2e-6)
    assert usl.r2 == pytest.approx(1)
    assert usl.peak_load == pytest.approx(706.8, rel=0.001)
    assert usl.throughput(640) == pytest.approx(curve(6.7, 0.001, 2e-6)[5][1])


def test_noise_widens_the_intervals_around_the_truth() -> None:
    usl = fitted(6.7, 0.001, 2e-6, noise=0.02)

    assert usl.sigma.low < 0.001 < usl.sigma.high
    assert usl.kappa.low < 2e-6 < usl.kappa.high
    assert usl.scale.low < 6.7 < usl.scale.high
    assert usl.scale.high / usl.scale.low > 1.01


@pytest.mark.parametrize(
    ("sigma", "kappa", "words"),
    [
        pytest.param(0.0, 0.0, "throughput follows the load up to 640", id="a line"),
        pytest.param(0.004, 0.0, "contention", id="something shared"),
        pytest.param(0.0, 6e-6, "coherency", id="copies kept alike"),
    ],
)
def test_the_diagnosis_names_what_bends_the_curve(sigma: float, kappa: float, words: str) -> None:
    assert fitted(6.7, sigma, kappa, noise=0.01).diagnosis.startswith(words)


def test_contention_has_a_throughput_that_it_cannot_pass() -> None:
    assert "above 1,675 per second" in fitted(6.7, 0.004, 0.0).diagnosis


def test_beyond_twice_the_highest_load_it_says_nothing() -> None:
    usl = fitted(6.7, 0.001, 2e-6)

    usl.throughput(1280)
    with pytest.raises(
        UsageError, match=r"1281 is more than 2 times .* \(640\); measure up to 640"
    ):
        usl.throughput(1281)


def test_too_few_trials_give_no_law() -> None:
    few = [(20.0, 134.0), (40.0, 268.0), (40.0, 267.0)]

    assert usl_refusal(few) == (
        "3 valid trials at 2 loads; a fit of three terms needs at least 6 at 4"
    )
    with pytest.raises(UsageError, match="3 valid trials"):
        fit_usl(few, Random(1))


def test_a_trial_without_throughput_gives_no_law() -> None:
    assert "throughput of 0" in usl_refusal([(float(load), 0.0) for load in LOADS])
