"""What surfaces that speak HTTP share: the edge, problems, readiness, and what the application gives them."""

from answerable.infra.web.addresses import Network, sender_of
from answerable.infra.web.edge import LARGEST_BODY, BodyLimit, Edge
from answerable.infra.web.origins import SAFE_METHODS, OriginGuard
from answerable.infra.web.problems import Problem, answer_error, answer_with_problems, problem_responses
from answerable.infra.web.readiness import Readiness
from answerable.infra.web.surface import (
    Limits,
    TheReadiness,
    TheWeb,
    Web,
    give_web,
    permission,
    readiness_of,
    web_of,
)

__all__ = [
    "LARGEST_BODY",
    "SAFE_METHODS",
    "BodyLimit",
    "Edge",
    "Limits",
    "Network",
    "OriginGuard",
    "Problem",
    "Readiness",
    "TheReadiness",
    "TheWeb",
    "Web",
    "answer_error",
    "answer_with_problems",
    "give_web",
    "permission",
    "problem_responses",
    "readiness_of",
    "sender_of",
    "web_of",
]
