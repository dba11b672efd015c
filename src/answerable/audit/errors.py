"""What can go wrong with an audit event: all of it before anything is committed."""

from answerable.infra.errors import AnswerableError, Kind


class EventUnregistered(AnswerableError):
    """An operation tried to record an event of a type that the application does not know."""

    code = "audit.event_unregistered"
    kind = Kind.UNAVAILABLE
    remedy = "Report this as a defect: the type is missing from its domain's EVENTS."


class EventRefused(AnswerableError):
    """An event holds a value that its closed schema does not allow, so nothing was recorded or changed."""

    code = "audit.event_refused"
    kind = Kind.UNAVAILABLE
    remedy = "Report this as a defect: personal values belong into sealed columns, their commitments here."


class SequencerOvertaken(AnswerableError):
    """Another sequencer has extended a tree meanwhile, so this batch was given up and nothing was done."""

    code = "audit.sequencer_overtaken"
    kind = Kind.UNAVAILABLE
    remedy = "Nothing to do: the process that leads goes on. If this repeats, run one sequencer less."


class SignerStateMissing(AnswerableError):
    """The signer has its key and no longer knows what it signed last, so it signs nothing."""

    code = "audit.signer_state_missing"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Put `state.sqlite` back into the signer's folder. If it is lost, move the whole folder away, start "
        "again and declare a recovery for each workspace with `answerable audit recover`."
    )


class SignerKeyMissing(AnswerableError):
    """The signer knows what it signed last and no longer has its key, so it signs nothing."""

    code = "audit.signer_key_missing"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Put `signer.key` back into the signer's folder. If it is lost, move the whole folder away, start "
        "again and declare a recovery for each workspace with `answerable audit recover`."
    )


class LogNotSettled(AnswerableError):
    """What happened last is not in a signed checkpoint yet."""

    code = "audit.log_not_settled"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Wait a moment and try again. If this lasts, run `answerable doctor`, and see that `answerable "
        "sequencer` and `answerable signer` run."
    )


class NothingToRecover(AnswerableError):
    """The signer has refused nothing of this log, so there is nothing to declare."""

    code = "audit.nothing_to_recover"
    kind = Kind.CONFLICT
    remedy = "Run `answerable audit verify WORKSPACE`: it says how the log stands."


class EventNotFound(AnswerableError):
    """This workspace's log has no such event."""

    code = "audit.event_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Take the event's id from the list of events, and sign in to the workspace it belongs to."


class CheckpointNotFound(AnswerableError):
    """No checkpoint of that size was signed."""

    code = "audit.checkpoint_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Leave the size out to get the newest checkpoint, or name the size of one that you were given."


class TileNotFound(AnswerableError):
    """The signed log has no such tile or bundle of entries."""

    code = "audit.tile_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Ask for tiles that the newest checkpoint's size has, under the paths of c2sp.org/tlog-tiles."


class EventNotIncluded(AnswerableError):
    """The event stands in no checkpoint of that size yet, so nothing can be proved of it."""

    code = "audit.event_not_included"
    kind = Kind.CONFLICT
    remedy = "Ask with `await=included`, or name no size or a larger one; this takes about a second."


class SizesUnordered(AnswerableError):
    """A log can only be shown to grow from a smaller size to a larger one."""

    code = "audit.sizes_unordered"
    kind = Kind.INVALID
    remedy = "Send `from` no larger than `to`, and neither larger than the newest checkpoint's size."


class LogEmpty(AnswerableError):
    """Nothing of this log is signed yet."""

    code = "audit.log_empty"
    kind = Kind.CONFLICT
    remedy = "Begin to use the workspace, and see that `answerable sequencer` and `answerable signer` run."


class GuardsBroken(AnswerableError):
    """The application can do what would let it change its own log, so it does not start."""

    code = "audit.guards_broken"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Take back the rights that were given beyond what `answerable migrate` gives, and switch on again "
        "what was switched off; then run `answerable audit verify` for each workspace."
    )


class CopyUnreadable(AnswerableError):
    """The file is no copy of a log, so nothing was added to it."""

    code = "audit.copy_unreadable"
    kind = Kind.INVALID
    remedy = "Name a file that is not there yet, or one that `answerable audit stream` wrote."


class CopyOfAnother(AnswerableError):
    """The file is a copy of another log, or holds more than this log has, so nothing was added to it."""

    code = "audit.copy_of_another"
    kind = Kind.CONFLICT
    remedy = (
        "Keep the file: if it is of this workspace, it holds entries that the log has lost. Run `answerable "
        "audit verify`, and begin a new file."
    )


class WitnessKeyRefused(AnswerableError):
    """The text is no verifier key of a witness, so nobody was registered."""

    code = "audit.witness_key_refused"
    kind = Kind.INVALID
    remedy = "Send the line that the witness prints when it starts, of the form name+id+key."


class WitnessKnown(AnswerableError):
    """A witness with this key is registered already."""

    code = "audit.witness_known"
    kind = Kind.CONFLICT
    remedy = "Take it off first if its address or its token is to change."


class WitnessUnknown(AnswerableError):
    """No witness of this name is registered."""

    code = "audit.witness_unknown"
    kind = Kind.NOT_FOUND
    remedy = "Run `answerable witness list`: it shows the names."


class QuorumUnreachable(AnswerableError):
    """There would be fewer witnesses than the quorum asks for."""

    code = "audit.quorum_unreachable"
    kind = Kind.CONFLICT
    remedy = "Add witnesses first, or set a smaller quorum."


class CosignatureRefused(AnswerableError):
    """What was brought is no cosignature of a stored head by a registered witness; nothing was kept."""

    code = "audit.cosignature_refused"
    kind = Kind.INVALID
    remedy = "Cosign a checkpoint of this log as it was served, with the key that is registered."


class WitnessSilent(AnswerableError):
    """A witness did not cosign a head that was handed to it."""

    code = "audit.witness_silent"
    kind = Kind.UNAVAILABLE
    remedy = "See that it runs, knows this log and has seen no other history of it; its own output says why."


class TimestampRefused(AnswerableError):
    """The authority's answer is no timestamp of this head by an authority that is believed; nothing was kept."""

    code = "audit.timestamp_refused"
    kind = Kind.UNAVAILABLE
    remedy = "Check ANSWERABLE_TIMESTAMP_URL, and that ANSWERABLE_TIMESTAMP_ROOTS holds the authority's root."


class TimestampRootsUnreadable(AnswerableError):
    """The file with the certificates of timestamp authorities holds none."""

    code = "audit.timestamp_roots_unreadable"
    kind = Kind.INVALID
    remedy = "Name a file with certificates in PEM form in ANSWERABLE_TIMESTAMP_ROOTS."


class TimestampUnconfigured(AnswerableError):
    """No timestamp authority is configured."""

    code = "audit.timestamp_unconfigured"
    kind = Kind.INVALID
    remedy = "Set ANSWERABLE_TIMESTAMP_URL and ANSWERABLE_TIMESTAMP_ROOTS."


class StreamRefused(AnswerableError):
    """The receiver did not accept a batch, so the stream stands where it was."""

    code = "audit.stream_refused"
    kind = Kind.UNAVAILABLE
    remedy = "Mend what the receiver complains about, then run the same command again: it goes on from there."


class StreamIncomplete(AnswerableError):
    """An address needs a secret to sign with and a file that remembers how far it is."""

    code = "audit.stream_incomplete"
    kind = Kind.INVALID
    remedy = "Add --secret FILE and --state FILE."
