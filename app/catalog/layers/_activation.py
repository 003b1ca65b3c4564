"""What all activations share: a value in, a value out. No part of its own."""

from __future__ import annotations

from app.catalog.layers._base import ACTIVATION, Layer
from app.core.shapes import Shape


class Activation(Layer):
    """A function of every value alone."""

    GROUP = ACTIVATION
    POINTWISE = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]
