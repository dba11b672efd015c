"""Who somebody is: one-time sign-in links, and the sign-in sessions of browsers."""

from answerable.identity.service import (
    change_preferences,
    check_link,
    get_session,
    make_sign_in_link,
    sign_in,
    sign_out,
)
from answerable.identity.values import EVENTS, Preferences, SignInLink, SignInSession, Theme

__all__ = [
    "EVENTS",
    "Preferences",
    "SignInLink",
    "SignInSession",
    "Theme",
    "change_preferences",
    "check_link",
    "get_session",
    "make_sign_in_link",
    "sign_in",
    "sign_out",
]
