"""Generated text: stable, formatted, whole, with a formula for every function."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import SingleDeviceSharding

from dsl import FUNCTIONS
from dsl.functions import SETS
from evosearch.export import export, jax_formulas, latex_formulas, torch_formulas
from evosearch.export.loading import load
from evosearch.export.naming import name_constants
from evosearch.export.optax_source import optax_source
from evosearch.export.torch_source import torch_source
from evosearch.export.trace import trace
from tests.command_line import ROOT
from tests.evosearch.export.exported import program_of

GOLDEN = Path(__file__).parent / "golden"
FILES = {"optax": "lion_optax.txt", "torch": "lion_torch.txt", "latex": "lion.tex"}


@pytest.mark.parametrize("target", FILES)
def test_lion_is_written_as_it_was(target: str) -> None:
    assert export(program_of("lion"), target, "lion").source == (
        GOLDEN / FILES[target]
    ).read_text(encoding="utf-8")


def ruff(*words: str | Path) -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        *words,
        "--config",
        ROOT / "pyproject.toml",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sources_are_formatted_and_clean(tmp_path: Path) -> None:
    names = ("adamw", "lion", "lamb", "muon", "shampoo", "radam", "paper/program8")
    for name in names:
        found = name_constants(trace(program_of(name)))
        plain = name.rpartition("/")[2]
        (tmp_path / f"{plain}_o.py").write_text(optax_source(found, plain))
        (tmp_path / f"{plain}_t.py").write_text(torch_source(found, plain))
    lion = export(program_of("lion"), "algoperf", "lion").source
    (tmp_path / "submission.py").write_text(lion)
    ruff("format", "--check", tmp_path)
    ruff("check", "--no-cache", tmp_path)
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "evosearch" not in text
    assert "dsl" not in text


@pytest.mark.parametrize("name", [*SETS["lion"], *SETS["matrix"]])
def test_every_function_has_a_formula_in_each_target(name: str) -> None:
    assert name in latex_formulas.FORMULAS
    if name != "clip_by_global_norm":  # which is split in two
        assert name in jax_formulas.FORMULAS
        assert name in torch_formulas.FORMULAS


def test_no_formula_is_of_an_unknown_function() -> None:
    for module in (latex_formulas, jax_formulas, torch_formulas):
        assert set(module.FORMULAS) - set(FUNCTIONS) <= {"clip_factor"}


def test_a_submission_has_what_the_judges_call(monkeypatch: pytest.MonkeyPatch) -> None:
    here = SingleDeviceSharding(jax.devices()[0])
    judge = ModuleType("algoperf")
    judge.spec = SimpleNamespace(ForwardPassMode=SimpleNamespace(TRAIN=0))
    judge.jax_sharding_utils = SimpleNamespace(
        get_replicate_sharding=lambda: here, get_batch_dim_sharding=lambda: here
    )
    monkeypatch.setitem(sys.modules, "algoperf", judge)
    module = load(export(program_of("lion"), "algoperf", "lion").source, "lion")

    class Workload:
        step_hint = 100
        param_shapes = {"w": SimpleNamespace(shape_tuple=(2,))}  # noqa: RUF012

        def model_fn(self, params, batch, model_state, mode, rng, update_batch_norm):
            return batch["inputs"] @ params["w"], model_state

        def loss_fn(self, label_batch, logits_batch, mask_batch, label_smoothing):
            loss = jnp.sum((label_batch - logits_batch) ** 2)
            return {"summed": loss, "n_valid_examples": 4.0}

    workload, hyper = Workload(), SimpleNamespace(learning_rate=0.1, weight_decay=0.0)
    with jax.numpy_dtype_promotion("standard"):
        state = module.init_optimizer_state(workload, None, None, hyper, None)
        params = {"w": jnp.zeros(2)}
        queue = iter([{"inputs": jnp.ones((4, 2)), "targets": jnp.ones(4)}] * 20)
        for step in range(20):
            batch = module.data_selection(
                workload, queue, state, params, {}, hyper, step, None
            )
            state, params, model_state = module.update_params(
                workload,
                params,
                None,
                {},
                hyper,
                batch,
                None,
                state,
                [],
                step,
                jax.random.key(0),
            )
    assert np.all(params["w"] > 0.2)
    kept = module.prepare_for_eval(
        workload, params, None, model_state, hyper, None, state, [], 20, None
    )
    assert kept == (state, params, model_state)
    assert module.get_batch_size("ogbg") == 512
