"""Search for optimizers: evolution of programs of `dsl` on real training tasks."""

__version__ = "0.1.0"
