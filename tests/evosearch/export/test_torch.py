"""The PyTorch export is an optimizer as any other of PyTorch."""

from typing import Any

import pytest
import torch

from tests.evosearch.export.exported import module_of


def weights() -> list[torch.nn.Parameter]:
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape)) for shape in ((3, 2), (4,))]


def optimizer_of(name: str, params: Any, **options: Any) -> Any:
    words = "".join(word.capitalize() for word in name.split("_"))
    return getattr(module_of(name, "torch"), words)(params, **options)


def train(
    optimizer: Any, params: list[torch.nn.Parameter], first: int, last: int
) -> None:
    for step in range(first, last):
        torch.manual_seed(step)
        for p in params:
            p.grad = torch.randn(p.shape)
        optimizer.step()


def same(some: list[torch.nn.Parameter], others: list[torch.nn.Parameter]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(some, others, strict=True))


@pytest.mark.parametrize("name", ["adamw_corrected", "lion", "adafactor"])
def test_a_state_dict_goes_on_where_it_was(name: str) -> None:
    whole, half = weights(), weights()
    train(optimizer_of(name, whole), whole, 0, 6)
    first = optimizer_of(name, half)
    train(first, half, 0, 3)
    second = optimizer_of(name, half, lr=0.5)
    second.load_state_dict(first.state_dict())
    train(second, half, 3, 6)
    assert same(whole, half)


def test_parameter_groups_have_their_own_constants() -> None:
    params, alone = weights(), weights()
    groups = [{"params": params[:1], "lr": 0.0}, {"params": params[1:]}]
    train(optimizer_of("lion", groups), params, 0, 3)
    train(optimizer_of("lion", alone), alone, 0, 3)
    assert torch.equal(params[0], weights()[0])
    assert torch.equal(params[1], alone[1])


def test_maximize_turns_the_gradient_round() -> None:
    up, down = weights(), weights()
    options = {"weight_decay": 0.0}
    train(optimizer_of("lion", up, maximize=True, **options), up, 0, 1)
    train(optimizer_of("lion", down, **options), down, 0, 1)
    start = weights()
    for one, other, first in zip(up, down, start, strict=True):
        torch.testing.assert_close(one - first, first - other)


def test_a_closure_is_called_with_gradients() -> None:
    params = weights()
    optimizer = optimizer_of("lion", params)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = sum((p**2).sum() for p in params)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(5)]
    assert losses == sorted(losses, reverse=True)


def test_a_scheduler_multiplies_the_rate() -> None:
    params, slow = weights(), weights()
    first, second = optimizer_of("lion", params), optimizer_of("lion", slow, lr=5e-5)
    torch.optim.lr_scheduler.LambdaLR(first, lambda step: 0.5)
    train(first, params, 0, 3)
    train(second, slow, 0, 3)
    assert same(params, slow)


def test_a_weight_without_a_gradient_stays() -> None:
    params = weights()
    params[0].grad = torch.ones_like(params[0])
    optimizer_of("lion", params).step()
    assert torch.equal(params[1], weights()[1])
    assert not torch.equal(params[0], weights()[0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lr": -1.0}, "lr must be 0 or more, not -1.0"),
        ({"b1": 1.0}, "b1 must be in"),
        ({"weight_decay": float("nan")}, "weight_decay must be 0 or more"),
    ],
)
def test_bad_arguments(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        optimizer_of("lion", weights(), **options)


def test_sparse_and_complex_are_refused() -> None:
    (p, _) = weights()
    p.grad = torch.ones(3, 2).to_sparse()
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        optimizer_of("lion", [p]).step()
    q = torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
    q.grad = torch.ones_like(q)
    with pytest.raises(RuntimeError, match="does not support complex weights"):
        optimizer_of("lion", [q]).step()


def test_what_sums_over_the_model_has_one_group() -> None:
    module = module_of("paper/program8", "torch")
    params = weights()
    with pytest.raises(ValueError, match="one parameter group"):
        module.PaperProgram8([{"params": params[:1]}, {"params": params[1:]}])
