"""What the catalogue says beside the parts themselves: what counts as healthy of any layer."""

from __future__ import annotations

import numpy as np
from starlette.testclient import TestClient

from app.catalog.layers import LAYERS
from app.catalog.layers._activation import FLAT, Activation
from app.protocol.health import BOUNDS, Measures


def test_the_page_is_told_the_bounds_of_health_over_time(client: TestClient) -> None:
    """One place for both: the marks on the cards and the chart of health over time."""
    assert Measures.model_validate(client.get("/api/v1/catalog").json()["health"]) == BOUNDS


def test_an_activation_is_flat_beyond_what_the_catalogue_says(client: TestClient) -> None:
    u = np.linspace(-20.0, 20.0, 100_001)
    told = {}
    for one in client.get("/api/v1/catalog").json()["families"]["layers"]:
        part = LAYERS.parts[one["type"]]
        flat = one["facts"].get("flat")
        if issubclass(part, Activation) and flat:
            value, slope = part().curve(u)
            least = FLAT * np.abs(slope).max()
            inside = (value > flat[0]) & (value < flat[1])
            np.testing.assert_allclose(np.abs(slope)[inside].min(), least, rtol=5e-3)
            assert np.abs(slope)[~inside].max() < 1.005 * least
            told[one["type"]] = flat
    # 1 − tanh² = 0.1 and σ(1 − σ) = 0.1∕4, by hand.
    np.testing.assert_allclose(told["tanh"], [-np.sqrt(0.9), np.sqrt(0.9)], atol=1e-3)
    root = np.sqrt(1.0 - 4.0 * 0.025)
    np.testing.assert_allclose(told["sigmoid"], [(1 - root) / 2, (1 + root) / 2], atol=1e-3)
    assert set(told) == {"sigmoid", "tanh", "scaled_tanh"}
