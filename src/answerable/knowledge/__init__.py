"""Documents, their versions and passages: import, search, exact quotes, deletion."""

from answerable.knowledge.catalogue import DocumentChange, DocumentPage, VersionText, Wanted
from answerable.knowledge.events import EVENTS
from answerable.knowledge.fetching.web import Web
from answerable.knowledge.imports import JOBS, ExpireImport, ReadImport
from answerable.knowledge.service.catalogue import compare_versions, find_deleted, list_page, show_version
from answerable.knowledge.service.changing import change_document
from answerable.knowledge.service.deleting import delete_document
from answerable.knowledge.service.importing import import_addresses, import_paths
from answerable.knowledge.service.intake import (
    add_content,
    add_paste,
    add_sitemap,
    add_url,
    begin_import,
    cancel_batch,
    expire_uploads,
    get_import,
    list_imports,
    refuse_content,
    retry_item,
)
from answerable.knowledge.service.items import give_up_item, read_item
from answerable.knowledge.service.places import show_places
from answerable.knowledge.service.publishing import Intake
from answerable.knowledge.service.reading import find_valid_span, get_document, list_documents, show_span
from answerable.knowledge.service.searching import search, search_for_member
from answerable.knowledge.service.surroundings import find_surroundings

__all__ = [
    "EVENTS",
    "JOBS",
    "DocumentChange",
    "DocumentPage",
    "ExpireImport",
    "Intake",
    "ReadImport",
    "VersionText",
    "Wanted",
    "Web",
    "add_content",
    "add_paste",
    "add_sitemap",
    "add_url",
    "begin_import",
    "cancel_batch",
    "change_document",
    "compare_versions",
    "delete_document",
    "expire_uploads",
    "find_deleted",
    "find_surroundings",
    "find_valid_span",
    "get_document",
    "get_import",
    "give_up_item",
    "import_addresses",
    "import_paths",
    "list_documents",
    "list_imports",
    "list_page",
    "read_item",
    "refuse_content",
    "retry_item",
    "search",
    "search_for_member",
    "show_places",
    "show_span",
    "show_version",
]
