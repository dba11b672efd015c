"""What can go wrong when a member signs in."""

from answerable.infra.errors import AnswerableError, Kind


class NotSignedIn(AnswerableError):
    """You are not signed in, or your sign-in has ended."""

    code = "identity.not_signed_in"
    kind = Kind.UNAUTHENTICATED
    remedy = "Sign in with a link: `answerable sign-in-link WORKSPACE EMAIL` makes one."


class SignInLinkUnusable(AnswerableError):
    """This sign-in link cannot be used: it was used before, it has expired, or it never existed."""

    code = "identity.link_unusable"
    kind = Kind.UNAUTHENTICATED
    remedy = "Make a new one: `answerable sign-in-link WORKSPACE EMAIL`. Each works once."


class MemberUnknown(AnswerableError):
    """No member of this workspace has that e-mail address."""

    code = "identity.member_unknown"
    kind = Kind.NOT_FOUND
    remedy = "Check the address; the owner's was given when the workspace was created."
