"""The Trainer is given devices that its accelerator does not take.

What it does:
Reports values of `Trainer(devices=...)` that are refused whatever the machine has: no device at all (`0`, `"0"`, `[]`),
`None` and floats. With `accelerator="cpu"` also what only makes sense for GPUs: a list of numbers, `-1`, other negative
numbers.

Why it matters:
Raises when the Trainer is built: `MisconfigurationException: Trainer(devices=0) value is not a valid input` for no
device, `TypeError: devices selected with CPUAccelerator should be an int > 0` for the others.

Fix safety:
Safe for a list of one number on the CPU, which becomes `1`: the value was refused. Others are the author's choice.

Source:
`AcceleratorConnector._check_device_config_and_set_final_flags`, `lightning.fabric.accelerators.cpu._parse_cpu_cores`
and `lightning.fabric.utilities.device_parser._check_data_type`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
)

HELP = "give the number of devices, or leave it out"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        devices = built.arguments.known(None, "devices")
        accelerator = built.arguments.get(None, "accelerator")
        name = accelerator.literal if isinstance(accelerator, Operand) else "auto" if accelerator is None else UNKNOWN
        errors = [_error(model, option, name) for option in devices.options] if devices is not None else []
        if devices is not None and "" not in errors:
            is_one = name == "cpu" and _is_list_of_one(devices)
            yield Finding(
                devices.site,
                f"`devices={_shown(devices.options[0])}` is refused" + (" on the CPU" if name == "cpu" else ""),
                f"raises {errors[0]}",
                "write `1`" if is_one else HELP,
                Fix.safe("write `1`", replace(devices.site, "1")) if is_one else None,
            )


def _error(model: SemanticModel, devices: Operand, accelerator: object) -> str:
    """What is raised, "" if nothing is for certain: accelerators that are not Lightning's parse as they like."""
    literal = devices.literal
    if (devices.kind == "list" and devices.elements == ()) or (literal is not UNKNOWN and literal in (0, "0")):
        return f"MisconfigurationException: `Trainer(devices={_shown(devices)})` value is not a valid input"
    if accelerator == "cpu" and (_is_for_gpus(devices) or _has_no_number(model, devices)):
        return "TypeError: `devices` selected with `CPUAccelerator` should be an int > 0"
    if accelerator in (model.frameworks.accelerators or ()) and _has_no_number(model, devices):
        return "TypeError: neither an int, nor a string, nor a list"
    return ""


def _is_for_gpus(devices: Operand) -> bool:
    """Numbers of devices, or all that there are."""
    literal = devices.literal
    if isinstance(literal, str):
        return literal != "auto" and not literal.strip().isdigit()
    return devices.kind in ("list", "tuple") or (isinstance(literal, int) and literal < 0)


def _has_no_number(model: SemanticModel, devices: Operand) -> bool:
    """A float, or None, which was the default until 2.0."""
    signature = model.frameworks.signature("lightning.pytorch.Trainer")
    parameter = signature.parameter("devices") if signature else None
    is_default = parameter is None or parameter.default == "None"
    return isinstance(devices.literal, float) or (devices.is_none and not is_default)


def _shown(devices: Operand) -> str:
    elements = devices.elements if devices.kind in ("list", "tuple") else UNKNOWN
    if elements is UNKNOWN:
        return repr(devices.literal) if devices.is_constant else "[...]"
    return f"[{', '.join('...' if e.literal is UNKNOWN else repr(e.literal) for e in elements)}]"


def _is_list_of_one(devices: Operand) -> bool:
    """`[0]`, written out where it is given."""
    elements, (line, column, end_line, end_column) = devices.elements, devices.site.span
    if devices.kind != "list" or elements is UNKNOWN or len(elements) != 1 or type(elements[0].literal) is not int:
        return False
    return elements[0].site.span == (line, column + 1, end_line, end_column - 1)


RULE = Rule(
    name="invalid-devices",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", devices=[0], max_epochs=1, barebones=True)
                #                                            ^^^ invalid-devices
            """,
            good="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", devices=1, max_epochs=1, barebones=True)
            """,
            witness=Raises("TypeError", "`devices` selected with `CPUAccelerator` should be an int > 0"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl


                def build(devices=0):
                    return pl.Trainer(max_epochs=1, barebones=True, devices=devices)
                    #                                                       ^^^^^^^ invalid-devices


                trainer = build()
            """,
            good="""
                import pytorch_lightning as pl


                def build(devices=1):
                    return pl.Trainer(max_epochs=1, barebones=True, devices=devices)


                trainer = build()
            """,
            witness=Raises("MisconfigurationException", "`Trainer(devices=0)` value is not a valid input"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import lightning as L

                options = {"accelerator": "cpu", "devices": -1, "barebones": True}
                #                                           ^^ invalid-devices
                trainer = L.Trainer(**options)
            """,
            good="""
                import lightning as L

                options = {"accelerator": "cpu", "devices": "auto", "barebones": True}
                trainer = L.Trainer(**options)
            """,
            witness=Raises("TypeError", "`devices` selected with `CPUAccelerator` should be an int > 0"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # A number as text, `True`, and what depends on the machine.
        """
        import torch
        from lightning.pytorch import Trainer

        first = Trainer(accelerator="cpu", devices="1", barebones=True)
        second = Trainer(accelerator="cpu", devices=True, barebones=True)
        third = Trainer(accelerator="auto", devices=max(1, torch.cuda.device_count()), barebones=True)
        fourth = Trainer(devices=[0] if torch.cuda.is_available() else 1, barebones=True)
        """,
        # Another class of that name.
        """
        class Trainer:
            def __init__(self, devices, accelerator):
                self.devices = devices


        Trainer(devices=[0], accelerator="cpu")
        """,
    ),
    is_fixable=True,
)
