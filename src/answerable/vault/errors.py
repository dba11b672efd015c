"""Errors of the vault: keys that are missing, exposed or damaged, and sealed values that do not open."""

from answerable.infra.errors import AnswerableError, Kind


class SlotMalformed(AnswerableError):
    """A slot is not written as `table.column` in small letters and underscores."""

    code = "vault.slot_malformed"
    kind = Kind.INVALID
    remedy = "Report this as a defect: slots are named in code."


class EnvelopeMalformed(AnswerableError):
    """A sealed value is truncated, of an unknown version, or no sealed value at all."""

    code = "vault.envelope_malformed"
    kind = Kind.UNAVAILABLE
    remedy = "The row was damaged or changed outside the product: verify the log, then restore the row."


class CommitmentMismatch(AnswerableError):
    """A sealed value does not open where it lies: it was changed, or moved from another row or tenant."""

    code = "vault.commitment_mismatch"
    kind = Kind.UNAVAILABLE
    remedy = "The row was changed outside the product: verify the log, then restore the row."


class KeyUnknown(AnswerableError):
    """A sealed value names a key that this tenant never had, not even as a destroyed one."""

    code = "vault.key_unknown"
    kind = Kind.UNAVAILABLE
    remedy = "The row or its key was changed outside the product: verify the log, then restore both."


class KeyDamaged(AnswerableError):
    """A subject's key does not open under the tenant's key that is said to wrap it."""

    code = "vault.key_damaged"
    kind = Kind.UNAVAILABLE
    remedy = "The row of the key was changed outside the product: restore it from a backup."


class SubjectErased(AnswerableError):
    """Nothing can be sealed for a person whose key of this month was destroyed."""

    code = "vault.subject_erased"
    kind = Kind.CONFLICT
    remedy = "The person was erased: if the same person writes again, begin with a new contact."


class TenantNotOpened(AnswerableError):
    """The tenant has no key yet, so nothing can be sealed for it."""

    code = "vault.tenant_not_opened"
    kind = Kind.CONFLICT
    remedy = "Create the tenant with `answerable tenant create`, which makes its keys."


class KeysExposed(AnswerableError):
    """A key file or folder may be read by others than the user that runs this program."""

    code = "vault.keys_exposed"
    kind = Kind.UNAVAILABLE
    remedy = "Run the command above; if others may have read the keys, treat them as known."


class KeyFolderUnusable(AnswerableError):
    """The key folder cannot be read or written by the user that runs this program."""

    code = "vault.key_folder_unusable"
    kind = Kind.UNAVAILABLE
    remedy = "Give the folder to this user, free space on its disk, or name another in ANSWERABLE_KEYS."


class KeyFileMalformed(AnswerableError):
    """A key file cannot be read: it is no key file, is cut short, or belongs to another installation."""

    code = "vault.key_file_malformed"
    kind = Kind.UNAVAILABLE
    remedy = "Put the file back from the backup of the key folder."


class InstallationKeyMissing(AnswerableError):
    """The installation's key is missing although there are tenants' keys that only it opens."""

    code = "vault.installation_key_missing"
    kind = Kind.UNAVAILABLE
    remedy = "Put `installation.key` back into the key folder, or name the right folder in ANSWERABLE_KEYS."


class KeyFileMissing(AnswerableError):
    """A tenant's key file is missing, so what it protects cannot be opened."""

    code = "vault.key_file_missing"
    kind = Kind.UNAVAILABLE
    remedy = "Put the file back into the key folder, or name the right folder in ANSWERABLE_KEYS."


class RecoveryNeeded(KeyFileMissing):
    """The database is older than the key folder: a dump was restored that an erasure has overtaken."""

    code = "vault.recovery_needed"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Run `answerable vault recover`: it brings the living keys back and keeps the erased ones erased."
    )


class RotationPostponed(AnswerableError):
    """A tenant's keys are in use by a long transaction, so they were not wrapped anew."""

    code = "vault.rotation_postponed"
    kind = Kind.UNAVAILABLE
    remedy = "Nothing to do: the next rotation tries again. If it lasts, look for a transaction that hangs."
