"""The command line: one file per group of commands. It reads arguments and prints; it decides nothing."""

from answerable.cli.application import build, main
from answerable.cli.runners import (
    DemoReport,
    DemoTenant,
    DrillAttempt,
    Looked,
    MonitorLook,
    MonitorOrder,
    Runners,
    Say,
    WitnessOrder,
)

__all__ = [
    "DemoReport",
    "DemoTenant",
    "DrillAttempt",
    "Looked",
    "MonitorLook",
    "MonitorOrder",
    "Runners",
    "Say",
    "WitnessOrder",
    "build",
    "main",
]
