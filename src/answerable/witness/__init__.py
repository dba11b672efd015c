"""A witness: whoever runs one makes sure that a log shows everybody the same history.

It needs neither an installation nor a database: run it where whoever runs the log cannot reach.
"""

from answerable.witness.memory import Memory
from answerable.witness.monitoring import Look, Monitor
from answerable.witness.protocol import Known, Request, Verdict, parse_request, read_logs, weigh
from answerable.witness.serving import WitnessOptions, create_witness, serve_witness
from answerable.witness.state import Seen, Witness
from answerable.witness.watching import MonitorOptions, watch

__all__ = [
    "Known",
    "Look",
    "Memory",
    "Monitor",
    "MonitorOptions",
    "Request",
    "Seen",
    "Verdict",
    "Witness",
    "WitnessOptions",
    "create_witness",
    "parse_request",
    "read_logs",
    "serve_witness",
    "watch",
    "weigh",
]
