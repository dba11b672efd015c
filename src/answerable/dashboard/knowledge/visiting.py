"""A visit of a page of knowledge: who asks, what they ask, and what it is answered with."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from answerable.dashboard.frame import Member, TheMember, page
from answerable.infra.db import Db
from answerable.infra.web import TheWeb, Web


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What every route of these pages is given."""

    request: Request
    member: Member
    web: Web

    @property
    def wants_part(self) -> bool:
        """Whether a part of a page is asked for, by a script of ours."""
        return self.request.headers.get("hx-request") == "true"

    def session(self) -> AbstractAsyncContextManager[Db]:
        """A transaction of the member in their tenant."""
        return self.web.database.tenant_session(self.member.actor)

    def show(
        self,
        template: str,
        values: Mapping[str, Any],  # what the template names
        *,
        status: int = 200,
    ) -> Response:
        """A page, or a part of one."""
        return page(self.request, self.member, template, status=status, **values)


def _visit(request: Request, member: TheMember, web: TheWeb) -> Visit:
    return Visit(request=request, member=member, web=web)


TheVisit = Annotated[Visit, Depends(_visit)]
"""A route's parameter for the visit."""
