"""How a job becomes the fields of a queue's row and a value again. Nothing but identifiers passes."""

from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import TypeVar, get_type_hints
from uuid import UUID

from answerable.infra.ids import TenantId
from answerable.infra.jobs.errors import PayloadRefused
from answerable.infra.jobs.values import Payload
from answerable.infra.payloads import Job

TENANT = "tenant_id"
PARKED_CODE = "parked_code"
RESERVED = frozenset({TENANT, PARKED_CODE})

Value = TypeVar("Value", bound=Job)


def pack(job: Job, *, tenant_id: TenantId) -> dict[str, str | int | bool]:
    """The job's fields and its tenant, as a queue may hold them.

    Errors:  PayloadRefused for a field that could hold content.
    """
    if not is_dataclass(job):
        raise PayloadRefused(type(job).__name__)
    packed: dict[str, str | int | bool] = {TENANT: str(tenant_id)}
    for field in fields(job):
        if field.name in RESERVED:
            raise PayloadRefused(f"{type(job).__name__}.{field.name}")
        packed[field.name] = _pack_value(getattr(job, field.name), of=f"{type(job).__name__}.{field.name}")
    return packed


def unpack(kind: type[Value], payload: Payload) -> Value:
    """The job that was packed.

    Errors:  PayloadRefused when the fields are not those of this kind of job.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    if sorted(names) != sorted(payload):
        raise PayloadRefused(kind.__name__)
    try:
        return kind(**{name: _read_value(payload[name], hints[name]) for name in names})
    except (TypeError, ValueError) as error:
        raise PayloadRefused(kind.__name__) from error


def _pack_value(value: object, *, of: str) -> str | int | bool:
    match value:
        case UUID():
            return str(value)
        case StrEnum():
            return value.value
        case bool() | int():
            return value
        case _:
            raise PayloadRefused(of)


def _read_value(value: str | int | bool, hint: object) -> object:  # noqa: FBT001 - a value of a payload
    kind = getattr(hint, "__supertype__", hint)
    if isinstance(kind, type) and isinstance(value, str):
        return kind(value)
    if isinstance(value, str):
        raise TypeError
    return value
