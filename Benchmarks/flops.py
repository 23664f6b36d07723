"""How many floating-point operations a work takes at least.

Counted are the large products: with the decoder's linear layers and with the head, two operations
for each parameter and token. Attention, LoRA's thin products and everything between are not, nor
is what is computed twice to save memory. So a share of the machine's peak that is computed from
these counts and the time of the whole work is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass

from work import VOCABULARY, Pairs


@dataclass(frozen=True)
class Shape:
    """A decoder of the llama family whose head is its embedding."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    key_value_heads: int

    @property
    def linear(self) -> int:
        """Parameters of all linear layers."""
        key_value = self.width // self.heads * self.key_value_heads
        attention = 2 * self.width * (self.width + key_value)
        return self.layers * (attention + 3 * self.width * self.feed_forward)

    @property
    def head(self) -> int:
        return self.width * VOCABULARY


SMOLLM2 = Shape(30, 576, 1536, 9, 3)


def scoring(shape: Shape, tokens: int) -> int:
    """Every token through the layers and the head."""
    return 2 * tokens * (shape.linear + shape.head)


def training(shape: Shape, pairs: Pairs) -> int:
    """An update with known reference log-probs, all weights frozen but LoRA's.

    Every token forward, and back to the gradient by the inputs: 4 x linear. Every token of a
    response through the head, and back: 4 x head.
    """
    responses = 2 * pairs.response
    return pairs.batch * 4 * (pairs.tokens * shape.linear + responses * shape.head)


def reference(shape: Shape, pairs: Pairs) -> int:
    """Reference log-probs of an update's pairs: what it takes besides, where they are not known."""
    responses = 2 * pairs.response
    return pairs.batch * 2 * (pairs.tokens * shape.linear + responses * shape.head)
