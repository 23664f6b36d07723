"""The `adpo_trainer_config` of adpo.h, which trainings and inspections take."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from adpo import _abi, _marshal
from adpo._dtype import dtype_value
from adpo._library import check, library
from adpo.errors import InvalidArgumentError
from adpo.objective import RECIPES, Objective, objective_struct


def trainer_config(
    objective: Objective | None,
    recipe: str | None,
    *,
    dtype: str,
    target_modules: Sequence[str] | None,
    **values: float | None,
) -> Any:
    """Make the struct; fields whose value is None keep the default of the library or the recipe."""
    if recipe is not None and recipe not in RECIPES:
        raise InvalidArgumentError(f"recipe is {recipe!r}: one of {', '.join(RECIPES)}")
    if objective is None:
        objective = Objective(**RECIPES[recipe]) if recipe else Objective()
    minimized = objective_struct(objective)
    config = _abi.adpo_trainer_config()
    given = ctypes.byref(config), ctypes.sizeof(config)
    if recipe is None:
        check(library().adpo_trainer_config_init(*given))
    else:
        its_own = _abi.adpo_objective()
        check(
            library().adpo_paper_recipe_init(ctypes.byref(its_own), ctypes.sizeof(its_own), *given)
        )
    config.objective = ctypes.pointer(minimized)
    _marshal.set_fields(config, {"dtype": dtype_value(dtype), **values})
    if target_modules is not None:
        config.target_modules = _marshal.joined("target_modules", target_modules)
    return config
