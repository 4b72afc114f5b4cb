"""Accepted strings, against the registries of the imported Lightning."""

import typing

from dryfit.frameworks import bundled

from . import real


def test_accelerators():
    registry = real.module("lightning.pytorch.accelerators").AcceleratorRegistry
    assert bundled().accelerators == frozenset({*registry.available_accelerators(), "auto", "gpu"})


def test_strategies():
    registry = real.module("lightning.pytorch.strategies").StrategyRegistry
    assert bundled().strategies == frozenset({*registry.available_strategies(), "auto"})


def test_precisions():
    module = real.module("lightning.fabric.plugins.precision.precision")
    values = {v for union in typing.get_args(module._PRECISION_INPUT) for v in typing.get_args(union)}
    assert bundled().precisions == frozenset(str(value) for value in values)
