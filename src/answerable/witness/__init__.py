"""A witness: whoever runs one makes sure that a log shows everybody the same history.

It knows nothing of the product and needs none of its database: run it where whoever runs the log cannot reach.
"""

from answerable.witness.protocol import Known, Request, Verdict, parse_request, read_logs, weigh
from answerable.witness.serving import WitnessOptions, create_witness, serve_witness
from answerable.witness.state import Seen, Witness

__all__ = [
    "Known",
    "Request",
    "Seen",
    "Verdict",
    "Witness",
    "WitnessOptions",
    "create_witness",
    "parse_request",
    "read_logs",
    "serve_witness",
    "weigh",
]
