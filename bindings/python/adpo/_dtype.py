"""The types that products with a model's weights compute in."""

from __future__ import annotations

from adpo import _abi
from adpo.errors import InvalidArgumentError

# In the order of their values in adpo.h.
DTYPES = ("f32", "bf16", "auto")


def dtype_value(dtype: str) -> int:
    """Give the `adpo_dtype` of adpo.h."""
    if dtype not in DTYPES:
        raise InvalidArgumentError(f"dtype is {dtype!r}: one of {', '.join(DTYPES)}")
    return _abi.ENUMS[f"ADPO_DTYPE_{dtype.upper()}"]
