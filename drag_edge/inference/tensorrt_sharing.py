"""How each release of TensorRT lets an engine work in memory that we give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sharing:
    """nbytes: what the engine needs. create: makes its execution context, without memory.

    bind(context, pointer, nbytes): gives it some; again whenever the block has moved.
    """

    nbytes: int
    create: Callable[[], Any]
    bind: Callable[[Any, int, int], None]


def sharing(trt: Any, engine: Any) -> Sharing | None:
    """None where this release cannot do it: the engine then has memory of its own."""
    strategy: Any = getattr(trt, "ExecutionContextAllocationStrategy", None)
    if (
        hasattr(strategy, "USER_MANAGED")
        and hasattr(engine, "device_memory_size_v2")
        and hasattr(trt.IExecutionContext, "set_device_memory")
    ):  # 10.3 and later
        return Sharing(
            nbytes=int(engine.device_memory_size_v2),
            create=lambda: engine.create_execution_context(strategy.USER_MANAGED),
            bind=lambda context, pointer, nbytes: context.set_device_memory(pointer, nbytes),
        )
    if hasattr(engine, "create_execution_context_without_device_memory"):  # 8.5 to 10
        return Sharing(
            nbytes=int(engine.device_memory_size),
            create=engine.create_execution_context_without_device_memory,
            bind=lambda context, pointer, _: setattr(context, "device_memory", pointer),
        )
    return None
