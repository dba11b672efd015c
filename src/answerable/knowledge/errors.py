"""Errors of the knowledge domain."""

from answerable.infra.errors import AnswerableError, Kind


class FileTooLarge(AnswerableError):
    """The file is larger than 25 MB, or than 10 MB where it is neither PDF nor Word."""

    code = "knowledge.file_too_large"
    kind = Kind.INVALID
    remedy = "Split it into smaller files, or remove what is not text."


class FormatUnknown(AnswerableError):
    """The file has a format that cannot be read."""

    code = "knowledge.format_unknown"
    kind = Kind.INVALID
    remedy = "Save it as PDF, Word (.docx), Markdown (.md), text (.txt), HTML (.html) or CSV (.csv)."


class NotText(AnswerableError):
    """The file is not text."""

    code = "knowledge.not_text"
    kind = Kind.INVALID
    remedy = (
        "Save it as text in UTF-8, or give it the ending of what it is (.pdf, .docx); images cannot be read."
    )


class EmptyDocument(AnswerableError):
    """The file holds no readable text."""

    code = "knowledge.empty_document"
    kind = Kind.INVALID
    remedy = "Check that the file is complete; text in images or scripts cannot be read."


class FrontMatterInvalid(AnswerableError):
    """The block between the two lines of dashes at the top of the file says something impossible."""

    code = "knowledge.front_matter_invalid"
    kind = Kind.INVALID
    remedy = (
        "Use the lines title, language (de or en), valid_from and valid_until (days as 2031-12-24), "
        "with valid_from not after valid_until."
    )


class ColumnsMissing(AnswerableError):
    """The table has no columns for question and answer."""

    code = "knowledge.columns_missing"
    kind = Kind.INVALID
    remedy = "Name two columns in the first row question and answer (or frage and antwort)."


class ColumnsInvalid(AnswerableError):
    """The table cannot be read as rows and columns."""

    code = "knowledge.columns_invalid"
    kind = Kind.INVALID
    remedy = (
        "Save it again as CSV with commas or semicolons, texts in double quotes, and language as de or en."
    )


class TextTooLong(AnswerableError):
    """The text read from the file is larger than 64 MB, although the file is not."""

    code = "knowledge.text_too_long"
    kind = Kind.INVALID
    remedy = "Split the file; a table repeats the names of its columns in every row, so shorten them."


class FileDamaged(AnswerableError):
    """The file is damaged, or it is something else than its name says."""

    code = "knowledge.file_damaged"
    kind = Kind.INVALID
    remedy = "Open it, save it again under another name, and import that; or export it as PDF or text."


class FileEncrypted(AnswerableError):
    """The file is protected by a password."""

    code = "knowledge.file_encrypted"
    kind = Kind.INVALID
    remedy = "Save it without a password and import that."


class PicturesOnly(AnswerableError):
    """The pages are pictures, such as scans; there is no text in the file."""

    code = "knowledge.pictures_only"
    kind = Kind.INVALID
    remedy = "Run text recognition (OCR) over it, or import the document that it was printed from."


class TooManyPages(AnswerableError):
    """The file has more than 1,000 pages."""

    code = "knowledge.too_many_pages"
    kind = Kind.INVALID
    remedy = "Split it into files of fewer pages."


class UnpacksTooLarge(AnswerableError):
    """The file is packed so that unpacking it would need far more room than any document does."""

    code = "knowledge.unpacks_too_large"
    kind = Kind.INVALID
    remedy = "Open it in the program that it was made with and save it again; split it if it is that large."


class MarkupRefused(AnswerableError):
    """The file declares entities of its own, which no document needs and attacks are made of."""

    code = "knowledge.markup_refused"
    kind = Kind.INVALID
    remedy = "Open it in the program that it was made with and save it again."


class ParseTimeout(AnswerableError):
    """Reading the file took too long and was stopped."""

    code = "knowledge.parse_timeout"
    kind = Kind.INVALID
    remedy = "Split the file, or remove deeply nested or endless structures, then import it again."


class ParseMemory(AnswerableError):
    """Reading the file needed too much memory and was stopped."""

    code = "knowledge.parse_memory"
    kind = Kind.INVALID
    remedy = "Split the file into smaller ones, then import them."


class ParseCrashed(AnswerableError):
    """Reading the file failed in a way that was not foreseen."""

    code = "knowledge.parse_crashed"
    kind = Kind.INVALID
    remedy = "Save the file in another format and import it again; report it if that fails too."


class ParserUnavailable(AnswerableError):
    """The process that reads files could not be started."""

    code = "knowledge.parser_unavailable"
    kind = Kind.UNAVAILABLE
    remedy = "Check that the machine has memory and process slots left, then import again."


class PathNotFound(AnswerableError):
    """There is no file or folder of that name."""

    code = "knowledge.path_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Check the path; a relative one begins in the folder where the command runs."


class PathUnreadable(AnswerableError):
    """The file or folder cannot be read."""

    code = "knowledge.path_unreadable"
    kind = Kind.INVALID
    remedy = "Give the user who runs Answerable the right to read it, then import it again."


class LinkLeadsOut(AnswerableError):
    """The entry is a link to a folder, or to something outside the folder that is imported."""

    code = "knowledge.link_leads_out"
    kind = Kind.INVALID
    remedy = "Import what it points to by its own path."


class DocumentNotFound(AnswerableError):
    """There is no such document in this workspace."""

    code = "knowledge.document_not_found"
    kind = Kind.NOT_FOUND
    remedy = "List the documents to see which there are; a deleted one cannot be shown."


class SpanNotFound(AnswerableError):
    """The document has no such version, or that version's text is not so long."""

    code = "knowledge.span_not_found"
    kind = Kind.NOT_FOUND
    remedy = (
        "Use version, start and end as a citation names them; they count characters from 0, end exclusive."
    )


class VersionNotFound(AnswerableError):
    """The document has no such version."""

    code = "knowledge.version_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Open the document: it lists its versions."


class TextRemoved(AnswerableError):
    """The text of this version is no longer kept."""

    code = "knowledge.text_removed"
    kind = Kind.CONFLICT
    remedy = (
        "Compare versions whose text is kept: the newest always is, and older ones while a reply quotes them."
    )


class ValidityReversed(AnswerableError):
    """The first day comes after the last one."""

    code = "knowledge.validity_reversed"
    kind = Kind.INVALID
    remedy = "Choose a first day that is not after the last day, or leave one of them empty."


class OwnerUnknown(AnswerableError):
    """There is no such member in this workspace."""

    code = "knowledge.owner_unknown"
    kind = Kind.INVALID
    remedy = "Choose somebody from the list; a member who was removed cannot own a document."


class DeletionIncomplete(AnswerableError):
    """Something of the document was still there after its deletion, so nothing was deleted."""

    code = "knowledge.deletion_incomplete"
    kind = Kind.UNAVAILABLE
    remedy = "Report this as a defect, with the names of the stores that it lists."


class ImportNotFound(AnswerableError):
    """There is no such import in this workspace."""

    code = "knowledge.import_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Look at the list of imports; those that ended three months ago are gone."


class TooManyItems(AnswerableError):
    """An import takes at most 2,000 files or pages."""

    code = "knowledge.too_many_items"
    kind = Kind.INVALID
    remedy = "Import one folder or one part of the site after the other."


class NothingGiven(AnswerableError):
    """There is nothing to import: no file, or a text without a word."""

    code = "knowledge.nothing_given"
    kind = Kind.INVALID
    remedy = "Choose at least one file, or write a text with a title."


class AddressInvalid(AnswerableError):
    """This is no address of a web page."""

    code = "knowledge.address_invalid"
    kind = Kind.INVALID
    remedy = "Give an address such as https://www.example.com/help, without user name or password."


class ContentUnexpected(AnswerableError):
    """This item waits for no content: it has some, or it is over."""

    code = "knowledge.content_unexpected"
    kind = Kind.CONFLICT
    remedy = "Begin another import for this file."


class WaitingFull(AnswerableError):
    """So many files wait to be read that no more can be taken at the moment."""

    code = "knowledge.waiting_full"
    kind = Kind.LIMITED
    remedy = "Wait until some are read, then send this file again."


class NotRetryable(AnswerableError):
    """This item cannot be read again by itself."""

    code = "knowledge.not_retryable"
    kind = Kind.CONFLICT
    remedy = (
        "Send the file or the text again: its content is not kept once it was read. "
        "Only pages and sitemaps that failed can be fetched again."
    )


class ImportOver(AnswerableError):
    """This import is over, so there is nothing to stop."""

    code = "knowledge.import_over"
    kind = Kind.CONFLICT
    remedy = "Delete the documents that should not be there."


class UploadAbandoned(AnswerableError):
    """The file was announced but did not arrive within an hour."""

    code = "knowledge.upload_abandoned"
    kind = Kind.INVALID
    remedy = "Send it again, and keep the page open until it has arrived."


class ItemCancelled(AnswerableError):
    """The import was stopped before this was read."""

    code = "knowledge.item_cancelled"
    kind = Kind.CONFLICT
    remedy = "Import it again if it is wanted after all."


class NameRepeated(AnswerableError):
    """Another file of this import has the same name, and it would replace this one."""

    code = "knowledge.name_repeated"
    kind = Kind.INVALID
    remedy = "Rename one of them, or send their folders along, so that both can be told apart."


class ContentLost(AnswerableError):
    """The bytes of the file are not there any more."""

    code = "knowledge.content_lost"
    kind = Kind.NOT_FOUND
    remedy = "Send the file again."
