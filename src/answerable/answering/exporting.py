"""The record of a turn as JSON: what `ask --json` prints and what a member downloads. Pure."""

from answerable.answering.values import Decision, Disclosure, Quote, Record


def as_json(record: Record, *, explain: bool = False) -> dict[str, object]:
    """A record in the form that is promised: identifiers, enums and times as they are, for an encoder to spell."""
    shown: dict[str, object] = {
        "outcome": record.outcome,
        "reason": record.reason,
        "text": record.text,
        "language": record.language,
        "conversation_id": record.conversation_id,
        "turn_id": record.turn_id,
        "message_id": record.message_id,
        "disclosure": _disclosure_json(record.disclosure),
        "citations": [_quote_json(quote) for quote in record.citations],
        "decisions": [_decision_json(decision, explain=explain) for decision in record.decisions],
    }
    return shown | ({"considered": record.considered} if explain else {})


def _disclosure_json(disclosure: Disclosure | None) -> dict[str, object]:
    if disclosure is None:
        return {"shown": False}
    return {
        "shown": True,
        "message_id": disclosure.message_id,
        "language": disclosure.language,
        "text_version": disclosure.text_version,
    }


def _quote_json(quote: Quote) -> dict[str, object]:
    return {
        "document_id": quote.document_id,
        "title": quote.title,
        "version": quote.version,
        "start": quote.start,
        "end": quote.end,
        "quote": quote.text,
    }


def _decision_json(decision: Decision, *, explain: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "step": decision.step,
        "method": decision.method.name,
        "version": decision.method.version,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "duration_ms": round(decision.duration_ms, 3),
    }
    return shown | ({"inputs": decision.inputs} if explain else {})
