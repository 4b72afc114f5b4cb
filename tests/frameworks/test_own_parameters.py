"""Which torch.nn classes register parameters, against instances of all of them."""

import inspect
import warnings

import pytest

from dryfit.frameworks import bundled

from . import real

# Values for required constructor arguments, by name.
ARGUMENTS = {
    "cutoffs": [4], "d_model": 8, "dim": 0, "downscale_factor": 2, "embed_dim": 8, "embedding_dim": 3,
    "groups": 1, "hidden_size": 3, "in1_features": 2, "in2_features": 2, "in_channels": 3, "in_features": 5,
    "input_size": 2, "kernel_size": 3, "lambd": 0.5, "max_norm": 1, "mode": "LSTM", "n_classes": 6, "nhead": 2,
    "norm_type": 2, "normalized_shape": 4, "num_channels": 4, "num_embeddings": 7, "num_features": 4,
    "num_groups": 2, "num_heads": 2, "num_layers": 1, "out_channels": 4, "out_features": 2, "output_size": 2,
    "padding": 1, "size": 3, "threshold": 0.1, "unflattened_size": (1, 2), "upscale_factor": 2, "value": 0.0,
    "bias": True, "num_chunks": 2, "num_classes": 4,
}  # fmt: skip
SPECIAL = {"LSTM": (2, 3), "GRU": (2, 3), "RNN": (2, 3), "FractionalMaxPool2d": (2, 2), "FractionalMaxPool3d": (2, 2)}


def build(name: str, cls: type, **chosen: object) -> object:
    """An instance with the required arguments alone, and those chosen."""
    nn = real.module("torch.nn")
    layer = nn.TransformerDecoderLayer(8, 2) if "Decoder" in name else nn.TransformerEncoderLayer(8, 2)
    values = {**ARGUMENTS, "encoder_layer": layer, "decoder_layer": layer, "module": nn.Linear(2, 2)}
    positional = SPECIAL.get(name, ())
    required = [
        p.name
        for p in inspect.signature(cls).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and not positional
    ]
    options = {"output_ratio": 0.5} if name.startswith("Fractional") else {}
    if options:
        positional = positional[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls(*positional, **{n: values[n] for n in required if n not in chosen}, **chosen, **options)


def modules() -> dict[str, type]:
    base = real.module("torch.nn").Module
    # A `Container` only warns, `RNNCellBase` and `RNNBase` are no layers; DataParallel wants devices.
    left_out = {"Container", "RNNBase", "RNNCellBase", "DataParallel"}
    found = {name.rpartition(".")[2]: cls for name, cls in real.classes("torch.nn").items() if issubclass(cls, base)}
    return {name: cls for name, cls in found.items() if name not in left_out}


@pytest.mark.parametrize("name", sorted(modules()))
def test_is_what_an_instance_shows(name):
    cls = modules()[name]
    real_answer = any(True for _ in build(name, cls).parameters())  # type: ignore[attr-defined]
    assert bundled().has_parameters(f"torch.nn.{name}") is real_answer


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("name", ["BatchNorm1d", "BatchNorm3d", "InstanceNorm2d", "GroupNorm", "LazyBatchNorm2d"])
def test_affine_decides(name, affine):
    layer = build(name, modules()[name], affine=affine)
    assert any(True for _ in layer.parameters()) is affine  # type: ignore[attr-defined]
    assert bundled().has_parameters(f"torch.nn.{name}", {"affine": affine}) is affine


def test_elementwise_affine_decides():
    frameworks = bundled()
    assert frameworks.has_parameters("torch.nn.LayerNorm") is True
    assert frameworks.has_parameters("torch.nn.LayerNorm", {"elementwise_affine": False}) is False
    assert frameworks.has_parameters("torch.nn.LayerNorm", {"elementwise_affine": None}) is None
    assert frameworks.has_parameters("torch.nn.LayerNorm", {"bias": False}) is True


@pytest.mark.parametrize(
    "path", ["torch.nn.DataParallel", "torch.nn.Parameter", "torch.optim.Adam", "torch.tensor", "mine.Net"]
)
def test_unknown(path):
    assert bundled().has_parameters(path) is None


def test_a_bare_lightning_module_has_none():
    assert bundled().has_parameters("lightning.LightningModule") is False
