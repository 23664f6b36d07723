"""Tuning with Autoregressive DPO."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from adpo import _abi, _marshal
from adpo._callback import Callback
from adpo._config import trainer_config
from adpo._handle import Handle
from adpo._library import check, library
from adpo.adapter import Adapter
from adpo.dataset import Dataset
from adpo.errors import InvalidArgumentError
from adpo.metrics import Metrics
from adpo.model import Model
from adpo.objective import Objective

SCHEDULES = ("linear", "cosine", "constant")
OPTIMIZERS = ("adamw", "sgd")
REFERENCES = ("base", "start")


@dataclass(frozen=True)
class TrainerInfo:
    """The work that a trainer has, and has done.

    Attributes
    ----------
    parameters : int
        The number that is trained.
    pairs : int
        In use.
    pairs_dropped : int
        Left out: their prompt alone fills max_length.
    pairs_truncated : int
        In use, with a response that lost its end.
    steps, steps_done : int
        Updates in the whole run, and so far.
    best_step : int
        The update after which an evaluation of the run had the lowest loss; 0 before the first.
    best_loss : float
    """

    parameters: int
    pairs: int
    pairs_dropped: int
    pairs_truncated: int
    steps: int
    steps_done: int
    best_step: int
    best_loss: float


class Trainer(Handle):
    """Tunes a LoRA adapter on linear layers of a model, or all weights.

    Iterate over it, call `step`, or call `run`. `accumulate`, `gradients` and `apply` are the parts
    of a step.

    Parameters
    ----------
    model : Model
    pairs : Dataset
        Copied: later changes do not reach the trainer.
    objective : Objective, optional
        The loss to minimize; the recipe's, or DPO, when not given.
    recipe : str, optional
        "paper" begins from what arXiv 2602.09533 calls ADPO: `Objective("adaptive:256", beta=1)`,
        LoRA of rank 16, AdamW, learning rate 2e-5, 3 epochs. What is given takes its place.
    start : Adapter, optional
        Go on from this adapter, with its rank, alpha, modules and kind, instead of a new one.
    dtype : str
        The type that products with the weights compute in: "f32"; "bf16", which is about twice as
        fast; or "auto", which is bf16 where the processor has it and the weights are not stored in
        F32.
    full_finetuning : bool
        Train all weights of the model, which must be F32, F16 or BF16, instead of an adapter.
        Weights, gradients and optimizer take 16 bytes a parameter with AdamW, 12 with SGD.
    lora_rank, lora_alpha : int, float
        16 and 32 when not given.
    lora_dropout : float
        The share of an adapter's inputs that a training pass drops; 0 when not given.
    target_modules : sequence of str
        The linear layers to adapt: names as PEFT matches them, such as "q_proj" or
        "model.layers.3.mlp.up_proj", or patterns for full names, such as "model.layers.*.mlp.*".
        All when not given.
    use_rslora : bool
        Scale by alpha / sqrt(rank), not alpha / rank.
    use_dora : bool
        Train a magnitude for each row of a weight, too.
    epochs : int
        1 when not given.
    batch_size : int
        Pairs in a micro-batch, 4 when not given.
    gradient_accumulation : int
        Micro-batches for each update, 1 when not given.
    max_length : int
        Tokens of prompt + response, 1024 when not given; longer ones lose their end.
    activation_memory : int
        Bytes of activations that are kept for the backward pass, 2**30 when not given; layers
        beyond are computed again, which takes up to a third more time and changes no bit.
    seed : int
        The seed of the adapter's start and of the shuffling.
    shuffle : bool
        False takes the pairs in their order.
    learning_rate : float
        2e-5 when not given.
    schedule : str
        "linear" (down to 0), "cosine" (down to 0 along half a cosine) or "constant".
    warmup_steps : float
        Updates during which the rate rises from 0, none when not given; below 1, the share of all
        updates, rounded up.
    max_gradient_norm : float
        1 when not given; 0 does not clip.
    optimizer : str
        "adamw" or "sgd".
    weight_decay : float
        0 when not given. Norms and biases do not decay.
    momentum : float
        The momentum of SGD; 0 when not given.
    adam_beta1, adam_beta2, adam_epsilon : float
        0.9, 0.999 and 1e-8 when not given.
    reference : str
        The reference that the policy is compared with: "base", the model alone, or "start", the
        model with the adapter that training starts from.
    reference_cache : path, optional
        A file that keeps the reference's log-probs for later runs, keyed by model, reference and
        pairs: written when it is missing or belongs to others.

    Raises
    ------
    InvalidArgumentError
        For what is out of range or makes no sense together.
    UnsupportedError
        When all weights of a quantized model are to be trained.
    """

    _destroy = "adpo_trainer_destroy"

    def __init__(
        self,
        model: Model,
        pairs: Dataset,
        objective: Objective | None = None,
        *,
        recipe: str | None = None,
        start: Adapter | None = None,
        dtype: str = "f32",
        full_finetuning: bool = False,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        lora_dropout: float | None = None,
        target_modules: Sequence[str] | None = None,
        use_rslora: bool = False,
        use_dora: bool = False,
        epochs: int | None = None,
        batch_size: int | None = None,
        gradient_accumulation: int | None = None,
        max_length: int | None = None,
        activation_memory: int | None = None,
        seed: int | None = None,
        shuffle: bool | None = None,
        learning_rate: float | None = None,
        schedule: str = "linear",
        warmup_steps: float | None = None,
        max_gradient_norm: float | None = None,
        optimizer: str = "adamw",
        weight_decay: float | None = None,
        momentum: float | None = None,
        adam_beta1: float | None = None,
        adam_beta2: float | None = None,
        adam_epsilon: float | None = None,
        reference: str = "base",
        reference_cache: _marshal.PathLike | None = None,
    ) -> None:
        shape = {
            "lora_rank": lora_rank,
            "lora_alpha": lora_alpha,
            "target_modules": target_modules,
            "use_rslora": use_rslora or None,
            "use_dora": use_dora or None,
        }
        given = [name for name, value in shape.items() if value is not None]
        if start is not None and given:
            raise InvalidArgumentError(f"start brings its own {', '.join(given)}: leave it out")
        config = trainer_config(
            objective,
            recipe,
            dtype=dtype,
            full_finetuning=full_finetuning,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            lora_dropout=lora_dropout,
            target_modules=target_modules,
            use_rslora=use_rslora,
            use_dora=use_dora,
            epochs=epochs,
            batch_size=batch_size,
            gradient_accumulation=gradient_accumulation,
            max_length=max_length,
            activation_memory=activation_memory,
            seed=seed,
            shuffle=shuffle,
            learning_rate=learning_rate,
            schedule=_marshal.enum_value("schedule", schedule, SCHEDULES),
            warmup_steps=warmup_steps,
            max_gradient_norm=max_gradient_norm,
            optimizer=_marshal.enum_value("optimizer", optimizer, OPTIMIZERS),
            weight_decay=weight_decay,
            momentum=momentum,
            adam_beta1=adam_beta1,
            adam_beta2=adam_beta2,
            adam_epsilon=adam_epsilon,
            reference=_marshal.enum_value("reference", reference, REFERENCES),
        )
        if reference_cache is not None:
            config.reference_cache = _marshal.path_bytes(reference_cache)
        pointer = ctypes.c_void_p()
        check(
            library().adpo_trainer_create(
                model._pointer,
                ctypes.byref(config),
                pairs._pointer,
                None if start is None else start._pointer,
                ctypes.byref(pointer),
            )
        )
        super().__init__(pointer)

    @property
    def info(self) -> TrainerInfo:
        """Number of parameters, pairs and steps."""
        info = _marshal.sized(_abi.adpo_trainer_info)
        check(library().adpo_trainer_get_info(self._pointer, ctypes.byref(info)))
        return TrainerInfo(**_marshal.fields(info))

    def _update(self, function: str) -> Metrics:
        metrics = _marshal.sized(_abi.adpo_metrics)
        check(getattr(library(), function)(self._pointer, ctypes.byref(metrics)))
        return Metrics._from_struct(metrics)

    def step(self) -> Metrics:
        """Make one update."""
        return self._update("adpo_trainer_step")

    def accumulate(self) -> Metrics:
        """Add the gradient of the next micro-batch of the update; tell what that saw."""
        return self._update("adpo_trainer_accumulate")

    def apply(self) -> Metrics:
        """Clip the accumulated gradient and update the parameters; tell what the update saw."""
        return self._update("adpo_trainer_apply")

    @property
    def gradients(self) -> _marshal.FloatArray:
        """A copy of the gradient that is accumulated, or that the last update used.

        It is flat, laid out like the parameters. Assign an array of the same length before `apply`
        to change it, for example to the mean over several machines.
        """
        return self._gradients().copy()

    @gradients.setter
    def gradients(self, values: Any) -> None:
        array = np.asarray(values, np.float32)
        gradients = self._gradients()
        if array.shape != gradients.shape:
            raise InvalidArgumentError(
                f"gradients of shape {array.shape} are given; they have {gradients.shape}"
            )
        gradients[:] = array

    def _gradients(self) -> _marshal.FloatArray:
        """View the trainer's own memory: not to be given away, as it ends with the trainer."""
        pointer = ctypes.POINTER(ctypes.c_float)()
        count = ctypes.c_size_t()
        check(
            library().adpo_trainer_gradients(
                self._pointer, ctypes.byref(pointer), ctypes.byref(count)
            )
        )
        return np.ctypeslib.as_array(pointer, (count.value,))

    def set_learning_rate(self, learning_rate: float) -> None:
        """Set what the schedule multiplies, from the next update on."""
        check(library().adpo_trainer_set_learning_rate(self._pointer, learning_rate))

    def __iter__(self) -> Iterator[Metrics]:
        """Make the updates that remain, one at a time."""
        while (info := self.info).steps_done < info.steps:
            yield self.step()

    def run(
        self,
        on_step: Callable[[Metrics], Any] | None = None,
        on_evaluation: Callable[[Metrics], Any] | None = None,
        *,
        evaluation: Dataset | None = None,
        evaluation_steps: int | None = None,
        patience: int | None = None,
        keep_best: bool = False,
        checkpoint: _marshal.PathLike | None = None,
        checkpoint_steps: int | None = None,
    ) -> None:
        """Make all updates that remain.

        Parameters
        ----------
        on_step, on_evaluation : callable, optional
            Called after each update, and after each evaluation, with its metrics. The run stops
            early when it returns true; an exception in it passes through. What was complete stays
            valid either way, and `run` goes on from there.
        evaluation : Dataset, optional
            Held-out pairs to evaluate on, at the end of the run and each `evaluation_steps`.
        evaluation_steps : int
            Updates from one evaluation to the next; at the end alone when not given.
        patience : int
            Evaluations in a row without a lower loss that end the run; any number when not given.
        keep_best : bool
            End with the parameters whose evaluation had the lowest loss.
        checkpoint : path, optional
            A file that the run can be resumed from, with `restore`, written at the end of the run
            and each `checkpoint_steps`.
        checkpoint_steps : int
            Updates from one checkpoint to the next; at the end alone when not given.

        Raises
        ------
        NumericError
            When a log-prob, a loss or a gradient is NaN or infinite, before the update: the message
            names the pair.
        KeyboardInterrupt
            After the update in which Ctrl-C was pressed.
        """
        config = _abi.adpo_run_config()
        check(library().adpo_run_config_init(ctypes.byref(config), ctypes.sizeof(config)))
        _marshal.set_fields(
            config,
            {
                "evaluation_steps": evaluation_steps,
                "patience": patience,
                "keep_best": keep_best,
                "checkpoint_steps": checkpoint_steps,
            },
        )
        if evaluation is not None:
            config.evaluation = evaluation._pointer
        if checkpoint is not None:
            config.checkpoint = _marshal.path_bytes(checkpoint)

        def receive(struct: Any, _: object) -> Any:
            metrics = Metrics._from_struct(struct.contents)
            function = on_evaluation if metrics.is_evaluation else on_step
            return function(metrics) if function else False

        callback = Callback(_abi.adpo_metrics_callback, receive)
        callback.run(
            lambda pointer: library().adpo_trainer_run(
                self._pointer, ctypes.byref(config), pointer, None
            )
        )

    def save(self, path: _marshal.PathLike) -> None:
        """Write a checkpoint: all that the next updates depend on, whole or not at all."""
        check(library().adpo_trainer_save(self._pointer, _marshal.path_bytes(path)))

    def restore(self, path: _marshal.PathLike) -> None:
        """Go on from a checkpoint of a trainer that was made alike; to the same bits."""
        check(library().adpo_trainer_restore(self._pointer, _marshal.path_bytes(path)))

    def evaluate(self, pairs: Dataset) -> Metrics:
        """Loss and rewards of the policy as it is on other pairs, without an update."""
        metrics = _marshal.sized(_abi.adpo_metrics)
        check(library().adpo_trainer_evaluate(self._pointer, pairs._pointer, ctypes.byref(metrics)))
        return Metrics._from_struct(metrics)

    def adapter(self) -> Adapter:
        """Copy the adapter as it is now; later steps do not change the copy."""
        pointer = ctypes.c_void_p()
        check(library().adpo_trainer_adapter(self._pointer, ctypes.byref(pointer)))
        return Adapter(pointer)

    def model(self) -> Model:
        """Copy the model as full fine-tuning has made it so far, its weights in F32.

        Later steps do not change the copy. `Model.export` writes it.
        """
        pointer = ctypes.c_void_p()
        check(library().adpo_trainer_model(self._pointer, ctypes.byref(pointer)))
        return Model._of(pointer)
