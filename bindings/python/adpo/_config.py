"""The `adpo_trainer_config` of adpo.h, which trainings and inspections take."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from adpo import _abi, _marshal
from adpo._dtype import dtype_value
from adpo._library import check, library
from adpo.objective import Objective, objective_struct


def trainer_config(
    objective: Objective | None,
    *,
    dtype: str,
    target_modules: Sequence[str] | None,
    **values: float | None,
) -> Any:
    """Make the struct; fields whose value is None keep the library's default."""
    config = _abi.adpo_trainer_config()
    check(library().adpo_trainer_config_init(ctypes.byref(config), ctypes.sizeof(config)))
    minimized = objective_struct(Objective() if objective is None else objective)
    config.objective = ctypes.pointer(minimized)
    _marshal.set_fields(config, {"dtype": dtype_value(dtype), **values})
    if target_modules is not None:
        config.target_modules = _marshal.joined("target_modules", target_modules)
    return config
