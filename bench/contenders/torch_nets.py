"""PyTorch three ways: a loop over nn modules, torch.func.vmap, and networks stacked by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from symbreak.networks import join_layers
from torch import Tensor, nn
from torch.nn import functional

from bench.cells import BETA1, BETA2, EPSILON, RATE
from bench.contenders import Run
from bench.problem import Orders, Problem

ACTIVATIONS: dict[str, tuple[Any, Any]] = {
    "tanh": (nn.Tanh, torch.tanh),
    "relu": (nn.ReLU, torch.relu),
    "sigmoid": (nn.Sigmoid, torch.sigmoid),
}

torch.set_num_threads(1)


def _adam(parameters: Any) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, RATE, (BETA1, BETA2), EPSILON, fused=True)


def _module(problem: Problem) -> nn.Sequential:
    """Return one network as its users write it."""
    parts: list[nn.Module] = []
    for below, units in zip(problem.widths, problem.cell.hidden, strict=False):
        parts += [nn.Linear(below, units), ACTIVATIONS[problem.cell.activation][0]()]
        if problem.cell.dropped:
            parts.append(nn.Dropout(problem.cell.dropped))
    dtype = getattr(torch, problem.cell.dtype)
    return nn.Sequential(*parts, nn.Linear(problem.cell.hidden[-1], 1)).to(dtype)


def _tensors(problem: Problem, starts: np.ndarray) -> list[Tensor]:
    """Return fresh stacked starts: weights [n, units, inputs], biases [n, units], by layer."""
    return [torch.tensor(part) for layer in problem.layers(starts) for part in layer]


def _parameters(tensors: list[Tensor]) -> np.ndarray:
    arrays = [tensor.detach().numpy() for tensor in tensors]
    return join_layers(list(zip(arrays[::2], arrays[1::2], strict=True)))


def loop(problem: Problem) -> Run:
    """Train each network by itself."""
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while problem.shuffled:
            order = torch.randperm(len(x))
            yield from zip(x[order].split(problem.batch), y[order].split(problem.batch),
                           strict=True)  # fmt: skip
        while True:
            yield x, y

    def train(starts: list[Tensor], steps: int) -> list[Tensor]:
        model = _module(problem)
        parameters: list[Tensor] = list(model.parameters())
        with torch.no_grad():
            for parameter, start in zip(parameters, starts, strict=True):
                parameter.copy_(start)
        optimizer, cost = _adam(parameters), nn.BCEWithLogitsLoss()
        for _, (rows, labels) in zip(range(steps), batches(), strict=False):
            optimizer.zero_grad()
            cost(model(rows)[:, 0], labels).backward()
            optimizer.step()
        return parameters

    def run(starts: np.ndarray, steps: int) -> np.ndarray:
        networks = zip(*_tensors(problem, starts), strict=True)
        trained = [train(list(one), steps) for one in networks]
        return _parameters([torch.stack(parts) for parts in zip(*trained, strict=True)])

    return run


def _multipliers(a: Tensor, p: float) -> Tensor:
    """Return dropout's multipliers, a byte each: ``functional.dropout`` takes ten times longer."""
    words = torch.empty(-(-a.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
    kept = words.view(torch.uint8)[: a.numel()].view(a.shape) < round((1 - p) * 256)
    return kept.to(a.dtype) / (1 - p)


Gradient = Callable[[list[Tensor], Tensor, Tensor], Any]


def _together(problem: Problem, gradient: Gradient) -> Run:
    """Train stacked networks; ``gradient(parameters, rows [n, b, d] or [b, d], labels)``."""
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    orders = Orders(len(problem.starts), len(x))

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while problem.shuffled:
            order = torch.from_numpy(next(orders))
            yield from zip(x[order].split(problem.batch, 1), y[order].split(problem.batch, 1),
                           strict=True)  # fmt: skip
        while True:
            yield x, y

    def run(starts: np.ndarray, steps: int) -> np.ndarray:
        parameters = [tensor.requires_grad_() for tensor in _tensors(problem, starts)]
        optimizer = _adam(parameters)
        for _, (rows, labels) in zip(range(steps), batches(), strict=False):
            for parameter, slope in zip(
                parameters, gradient(parameters, rows, labels), strict=True
            ):
                parameter.grad = slope
            optimizer.step()
        return _parameters(parameters)

    return run


def mapped(problem: Problem) -> Run:
    """Train all networks by vmap of the gradient of one."""
    model = _module(problem)
    names = [name for name, _ in model.named_parameters()]

    def cost(parameters: list[Tensor], rows: Tensor, labels: Tensor) -> Tensor:
        named = dict(zip(names, parameters, strict=True))
        logit = torch.func.functional_call(model, named, (rows,))[:, 0]
        return functional.binary_cross_entropy_with_logits(logit, labels)

    shared = 0 if problem.shuffled else None
    gradient = torch.func.vmap(
        torch.func.grad(cost), in_dims=(0, shared, shared), randomness="different"
    )
    return _together(
        problem, lambda parameters, *rows: gradient([p.detach() for p in parameters], *rows)
    )


def stacked(problem: Problem) -> Run:
    """Train all networks by batched matrix products and autograd."""
    phi, p = ACTIVATIONS[problem.cell.activation][1], problem.cell.dropped

    def logits(parameters: list[Tensor], a: Tensor) -> Tensor:
        a = a.expand(len(problem.starts), -1, -1)
        for i in range(0, len(parameters), 2):
            w, bias = parameters[i : i + 2]
            a = torch.baddbmm(bias[:, None], a, w.transpose(1, 2))
            if i < len(parameters) - 2:
                a = phi(a)
                a = a * _multipliers(a, p) if p else a
        return a[..., 0]

    def gradient(parameters: list[Tensor], rows: Tensor, labels: Tensor) -> Any:
        z = logits(parameters, rows)
        total = functional.binary_cross_entropy_with_logits(z, labels.expand_as(z), reduction="sum")
        slopes = torch.autograd.grad(total / z.shape[1], parameters)
        return [slope.contiguous() for slope in slopes]  # as the fused Adam needs them

    return _together(problem, gradient)
