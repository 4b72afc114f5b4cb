"""Which numbers and words the constructors of torch accept: what they check when they are called.

Written by hand from `torch.optim`, `torch.optim.lr_scheduler` and `torch.utils.data` of torch 2.13.0; torch 2.0 checks
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Domain:
    """What one argument accepts: numbers between two bounds, or a few words.

    `error`: the exception's text, `{}` for the value. `type`: "whole" or "float" if nothing else will do. `choices`:
    the words, if it takes words. `takes_none`: None is accepted. `compares_first`: a text meets the comparison before
    any check of its type, which raises TypeError.
    """

    error: str
    low: float = -inf
    high: float = inf
    is_low_out: bool = False
    is_high_out: bool = False
    type: str = ""
    choices: tuple[str, ...] = ()
    takes_none: bool = False
    compares_first: bool = True

    @property
    def text(self) -> str:
        """What it accepts, as in "it takes ..."."""
        if self.choices:
            return " or ".join(f'"{choice}"' for choice in self.choices)
        least = "" if self.low == -inf else f"more than {self.low:g}" if self.is_low_out else f"{self.low:g} or more"
        most = "" if self.high == inf else f"less than {self.high:g}" if self.is_high_out else f"{self.high:g} or less"
        bounds = " and ".join(part for part in (least, most) if part)
        kind = {"whole": "a whole number, ", "float": "a float, "}.get(self.type, "")
        return kind + bounds

    def refusal(self, value: object) -> str | None:
        """The exception that a value raises and its text; None if it is accepted, or that cannot be told."""
        said = f"ValueError: {self.error.format(value)}"
        if value is None and self.takes_none:
            return None
        if self.choices:
            return said if isinstance(value, str) and value not in self.choices else None
        if value is None or isinstance(value, str):
            return "TypeError: it is not a number" if self.compares_first else said
        if not isinstance(value, (int, float)):
            return None
        is_typed = isinstance(value, {"whole": int, "float": float}.get(self.type, object))
        if self.type == "whole" and not self.compares_first and isinstance(value, bool):
            is_typed = False  # the samplers refuse True, the schedulers count it as 1
        above = value > self.low or (value == self.low and not self.is_low_out)
        below = value < self.high or (value == self.high and not self.is_high_out)
        return None if is_typed and above and below else said


def _at_least_0(error: str) -> tuple[Domain, ...]:
    return (Domain(error, 0),)


def _beta(index: int) -> Domain:
    return Domain(f"Invalid beta parameter at index {index}: {{}}", 0, 1, is_high_out=True)


def _count(name: str) -> tuple[Domain, ...]:
    return (Domain(f"Expected positive integer {name}, but got {{}}", 0, is_low_out=True, type="whole"),)


_LR = {"lr": _at_least_0("Invalid learning rate: {}")}
_EPS = {"eps": _at_least_0("Invalid epsilon value: {}")}
_DECAY = {"weight_decay": _at_least_0("Invalid weight_decay value: {}")}
_MOMENTUM = {"momentum": _at_least_0("Invalid momentum value: {}")}
_BETAS = {"betas": (_beta(0), _beta(1))}
_ADAM = {**_LR, **_EPS, **_DECAY, **_BETAS}

_OPTIMIZERS: dict[str, dict[str, tuple[Domain, ...]]] = {
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "Adamax": _ADAM,
    "RAdam": _ADAM,
    "NAdam": {**_ADAM, "momentum_decay": _at_least_0("Invalid momentum_decay value: {}")},
    "SGD": {**_LR, **_MOMENTUM, **_DECAY},
    "RMSprop": {**_LR, **_EPS, **_MOMENTUM, **_DECAY, "alpha": _at_least_0("Invalid alpha value: {}")},
    "Adagrad": {
        **_LR,
        **_EPS,
        **_DECAY,
        "lr_decay": _at_least_0("Invalid lr_decay value: {}"),
        "initial_accumulator_value": _at_least_0("Invalid initial_accumulator_value value: {}"),
    },
    "Adadelta": {**_LR, **_EPS, **_DECAY, "rho": (Domain("Invalid rho value: {}", 0, 1),)},
    "ASGD": {**_LR, **_DECAY},
    "Rprop": {
        **_LR,
        "etas": (
            Domain("Invalid eta values: {}", 0, 1, is_low_out=True, is_high_out=True),
            Domain("Invalid eta values: {}", 1, is_low_out=True),
        ),
    },
    "SparseAdam": {
        "lr": (Domain("Invalid learning rate: {}", 0, is_low_out=True),),
        "eps": (Domain("Invalid epsilon value: {}", 0, is_low_out=True),),
        **_BETAS,
    },
    "Adafactor": {
        "lr": _at_least_0("Learning rate should be >= 0 but is: {}"),
        "weight_decay": _at_least_0("weight_decay should be >= 0 but is: {}"),
        "d": (Domain("Clipping threshold d should be >= 1 but is: {}", 1),),
        "beta2_decay": (Domain("beta2_decay should be <= 0 but is: {}", high=0),),
    },
    "Muon": {
        "lr": _at_least_0("Learning rate should be >= 0 but is: {}"),
        "momentum": _at_least_0("momentum should be >= 0 but is: {}"),
        "weight_decay": _at_least_0("weight decay should be >= 0 but is: {}"),
    },
}

_SCHEDULERS: dict[str, dict[str, tuple[Domain, ...]]] = {
    "ReduceLROnPlateau": {
        "factor": (Domain("Factor should be < 1.0.", high=1, is_high_out=True),),
        "mode": (Domain("mode {} is unknown!", choices=("min", "max")),),
        "threshold_mode": (Domain("threshold mode {} is unknown!", choices=("rel", "abs")),),
    },
    "LinearLR": {
        "start_factor": (Domain("Starting multiplicative factor expected to be greater than 0", 0, 1, True),),
        "end_factor": (Domain("Ending multiplicative factor expected to be between 0 and 1.", 0, 1),),
    },
    "ConstantLR": {"factor": (Domain("Constant multiplicative factor expected to be between 0 and 1.", 0, 1),)},
    "CosineAnnealingWarmRestarts": {
        "T_0": _count("T_0"),
        "T_mult": (Domain("Expected integer T_mult >= 1, but got {}", 1, type="whole"),),
    },
    "OneCycleLR": {
        "total_steps": (replace(_count("total_steps")[0], takes_none=True),),
        "pct_start": (Domain("Expected float between 0 and 1 pct_start, but got {}", 0, 1, type="float"),),
        "anneal_strategy": (
            Domain("anneal_strategy must be one of 'cos' or 'linear', instead got {}", choices=("cos", "linear")),
        ),
    },
}

_SAMPLES = Domain(
    "num_samples should be a positive integer value, but got num_samples={}", 1, type="whole", compares_first=False
)
_BATCH = Domain(
    "batch_size should be a positive integer value, but got batch_size={}",
    1,
    type="whole",
    takes_none=True,
    compares_first=False,
)

_LOADERS: dict[str, dict[str, tuple[Domain, ...]]] = {
    "DataLoader": {
        "batch_size": (_BATCH,),
        "num_workers": _at_least_0("num_workers option should be non-negative"),
        "timeout": _at_least_0("timeout option should be non-negative"),
    },
    "BatchSampler": {"batch_size": (replace(_BATCH, takes_none=False),)},
    "WeightedRandomSampler": {"num_samples": (_SAMPLES,)},
}

_DOMAINS: Mapping[str, Mapping[str, tuple[Domain, ...]]] = MappingProxyType(
    {
        f"{package}.{name}": MappingProxyType(domains)
        for package, table in (
            ("torch.optim", _OPTIMIZERS),
            ("torch.optim.lr_scheduler", _SCHEDULERS),
            ("torch.utils.data", _LOADERS),
        )
        for name, domains in table.items()
    }
)


def domains_of(path: str) -> Mapping[str, tuple[Domain, ...]]:
    """What a class's constructor accepts, by argument: one domain for a number, several for a sequence of numbers."""
    return _DOMAINS.get(path, MappingProxyType({}))
