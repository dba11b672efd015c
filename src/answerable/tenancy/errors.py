"""What can go wrong with tenants, members and permissions."""

from answerable.infra.errors import AnswerableError, Kind


class PermissionDenied(AnswerableError):
    """Your role does not allow this."""

    code = "tenancy.permission_denied"
    kind = Kind.FORBIDDEN
    remedy = "Ask an owner or admin of the workspace to do it or to change your role."


class TenantUnknown(AnswerableError):
    """There is no such workspace."""

    code = "tenancy.tenant_unknown"
    kind = Kind.NOT_FOUND
    remedy = "Check the name; `answerable tenant list` shows those that exist."


class SlugTaken(AnswerableError):
    """A workspace of that name exists already."""

    code = "tenancy.slug_taken"
    kind = Kind.CONFLICT
    remedy = "Choose another short name."


class SlugInvalid(AnswerableError):
    """A workspace's short name has 2 to 40 lower-case letters, digits and hyphens, a letter first."""

    code = "tenancy.slug_invalid"
    kind = Kind.INVALID
    remedy = "Choose a name such as `outdoor-shop`."


class EmailInvalid(AnswerableError):
    """That is no e-mail address."""

    code = "tenancy.email_invalid"
    kind = Kind.INVALID
    remedy = "Give an address such as `owner@example.com`."


class MemberExists(AnswerableError):
    """A member with that e-mail address exists in this workspace already."""

    code = "tenancy.member_exists"
    kind = Kind.CONFLICT
    remedy = "Change that member's role instead."


class NameInvalid(AnswerableError):
    """A workspace's name has 1 to 80 characters on one line, without control characters."""

    code = "tenancy.name_invalid"
    kind = Kind.INVALID
    remedy = "Write the name as contacts should read it, for example `Outdoor Shop`."


class LanguagesInvalid(AnswerableError):
    """A workspace speaks German, English or both, and its default language is one of them."""

    code = "tenancy.languages_invalid"
    kind = Kind.INVALID
    remedy = "Choose at least one language, and the default language among those chosen."


class AnswerHoursInvalid(AnswerableError):
    """People answer within 1 to 720 hours."""

    code = "tenancy.answer_hours_invalid"
    kind = Kind.INVALID
    remedy = "Give a whole number of hours from 1 to 720."


class PostureInvalid(AnswerableError):
    """A posture is `auto`, `draft` or `off`."""

    code = "tenancy.posture_invalid"
    kind = Kind.INVALID
    remedy = "Choose one; on the command line `--posture draft`, `--posture web=off` or `--posture web=same`."


class ThresholdInvalid(AnswerableError):
    """A threshold lies between 0.51 and 0.99: at 0.5 and below, answers would lack what was asked for."""

    code = "tenancy.threshold_invalid"
    kind = Kind.INVALID
    remedy = "Give a number from 0.51 to 0.99, or leave it to the calibration."


class OriginInvalid(AnswerableError):
    """An origin is `https://`, a host and at most a port, without path or placeholder."""

    code = "tenancy.origin_invalid"
    kind = Kind.INVALID
    remedy = (
        "Write each address on a line of its own, for example `https://shop.example` and "
        "`https://www.shop.example`; `http://` is for localhost only."
    )


class TooManyOrigins(AnswerableError):
    """A workspace has at most 50 origins."""

    code = "tenancy.too_many_origins"
    kind = Kind.INVALID
    remedy = "Remove those that no longer show the widget."


class ColourInvalid(AnswerableError):
    """A colour is written as `#` and six hexadecimal digits."""

    code = "tenancy.colour_invalid"
    kind = Kind.INVALID
    remedy = "Give a colour such as `#1f5f8b`, or none."


class ColourTooLight(AnswerableError):
    """White text on this colour could not be read: the contrast is below 4.5 to 1."""

    code = "tenancy.colour_too_light"
    kind = Kind.INVALID
    remedy = "Choose a darker colour."


class SettingsConflict(AnswerableError):
    """Somebody else changed the same setting meanwhile."""

    code = "tenancy.settings_conflict"
    kind = Kind.CONFLICT
    remedy = "Look at both and choose."


class VersionUnknown(AnswerableError):
    """There is no such version of the settings."""

    code = "tenancy.version_unknown"
    kind = Kind.NOT_FOUND
    remedy = "Look at the history: it lists every version."


class KeyNotUndoable(AnswerableError):
    """The last change of the widget's key is more than a day old, or there was none."""

    code = "tenancy.key_not_undoable"
    kind = Kind.CONFLICT
    remedy = "Put the snippet with the present key on your pages."
