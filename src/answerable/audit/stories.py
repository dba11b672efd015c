"""A conversation's entries as one page that is read without anything else: no script, no style from elsewhere."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from answerable.audit.opening import OpenedSlot
from answerable.audit.reading import Entry
from answerable.audit.slots import SlotState
from answerable.audit.values import SlotName

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                "title": "What the log holds of this conversation",
                "columns": "Entry,Time (UTC),Who,What,Content",
                SlotState.ERASED: "erased: its key was destroyed",
                SlotState.GONE: "gone",
                SlotState.CHANGED: "changed: its row holds something else than was committed to",
                SlotState.SEALED: "does not open",
                SlotName.INPUTS: "What the decisions stood on",
                SlotName.TEXT: "",
                SlotName.ADDRESS: "Address",
                SlotName.EMAIL: "Address",
                SlotName.REASON: "Why it was rated so",
                "assistant": "the assistant, an AI",
                "member": "a member",
                "contact": "the contact",
                "platform": "whoever runs the installation",
                "key": "a program",
                "system": "the product itself",
            }
        ),
        "de": MappingProxyType(
            {
                "title": "Was das Protokoll von diesem Gespräch enthält",
                "columns": "Eintrag,Zeit (UTC),Wer,Was,Inhalt",
                SlotState.ERASED: "gelöscht: der Schlüssel wurde vernichtet",
                SlotState.GONE: "nicht mehr da",
                SlotState.CHANGED: "verändert: in der Zeile steht etwas anderes als das Festgelegte",
                SlotState.SEALED: "lässt sich nicht öffnen",
                SlotName.INPUTS: "Worauf die Entscheidungen beruhten",
                SlotName.TEXT: "",
                SlotName.ADDRESS: "Adresse",
                SlotName.EMAIL: "Adresse",
                SlotName.REASON: "Warum so bewertet wurde",
                "assistant": "der Assistent, eine KI",
                "member": "ein Mitglied",
                "contact": "der Kontakt",
                "platform": "wer die Installation betreibt",
                "key": "ein Programm",
                "system": "das Produkt selbst",
            }
        ),
    }
)
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;"
    "padding:1.5rem 1rem}table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #8886;"
    "padding:.5rem .7rem .5rem 0;text-align:left;vertical-align:top}td p{margin:0;white-space:pre-wrap;"
    "overflow-wrap:anywhere}td:nth-child(-n+2),td:nth-child(4){white-space:nowrap}td:nth-child(3){min-width:9rem}"
    "td code{overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8125rem}"
    ".small{font-size:.875rem;opacity:.8}"
    "@media(max-width:40rem){thead{display:none}td{display:block;border:0;padding:.1rem 0}"
    "tr{display:block;border-top:1px solid #8886;padding:.6rem 0}}"
)


def tell_story(entries: Sequence[Entry], opened: Sequence[OpenedSlot], *, language: str) -> str:
    """The page, in English or German."""
    texts = _TEXTS.get(language, _TEXTS["en"])
    heads = "".join(f"<th scope=col>{escape(one)}</th>" for one in texts["columns"].split(","))
    rows = "".join(_row(entry, opened, texts) for entry in entries)
    title = escape(texts["title"])
    return (
        f'<!doctype html>\n<html lang="{"de" if texts is _TEXTS["de"] else "en"}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></html>\n"
    )


def _row(entry: Entry, opened: Sequence[OpenedSlot], texts: Mapping[str, str]) -> str:
    event = entry.event
    who = escape(texts.get(event.actor_kind, event.actor_kind))
    who += f"<br><code class=small>{event.actor_id}</code>" if event.actor_id else ""
    slots = [one for one in opened if one.slot.event_id == event.id]
    content = "".join(_content(one, texts) for one in slots)
    cells = (
        str(entry.index),
        escape(str(event.body.get("ts", ""))[:19].replace("T", " ")),
        who,
        f"<code>{escape(event.type)}</code>",
        content,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _content(one: OpenedSlot, texts: Mapping[str, str]) -> str:
    name = escape(texts.get(one.slot.name, one.slot.name))
    said = f"<span class=small>{name}:</span> " if name else ""
    if one.content is None:
        return f"<p>{said}<i>{escape(texts[one.slot.state])}</i></p>"
    content = one.content.decode()
    if one.slot.name == SlotName.INPUTS:
        # It is JSON and long: there for whoever wants to see it.
        return f"<details><summary>{name}</summary><pre>{escape(_indent(content))}</pre></details>"
    return f"<p>{said}{escape(content)}</p>"


def _indent(content: str) -> str:
    try:
        return json.dumps(json.loads(content), ensure_ascii=False, indent=2)
    except ValueError:
        return content
