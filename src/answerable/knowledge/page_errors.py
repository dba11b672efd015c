"""What can keep a page from being read. Details name hosts and numbers, never what a page says."""

from answerable.infra.errors import AnswerableError, Kind


class SignInNeeded(AnswerableError):
    """The page is behind a sign-in."""

    code = "knowledge.sign_in_needed"
    kind = Kind.INVALID
    remedy = "Make it public, or save it as a file and import that."


class PageNotFound(AnswerableError):
    """There is no page at this address."""

    code = "knowledge.page_not_found"
    kind = Kind.INVALID
    remedy = (
        "Open the address in a browser; a page that moved has another one, and a sitemap may be outdated."
    )


class PageRefused(AnswerableError):
    """The site refused to deliver the page."""

    code = "knowledge.page_refused"
    kind = Kind.INVALID
    remedy = "Open the address in a browser; ask whoever runs the site to let `Answerable` fetch it."


class SiteBusy(AnswerableError):
    """The site is busy or asks to be left alone for a while."""

    code = "knowledge.site_busy"
    kind = Kind.UNAVAILABLE
    remedy = "Try again in an hour."


class EndlessRedirects(AnswerableError):
    """The address leads on and on without arriving at a page."""

    code = "knowledge.endless_redirects"
    kind = Kind.INVALID
    remedy = "Open the address in a browser without cookies, and import the address at which it arrives."


class LeadsElsewhere(AnswerableError):
    """The address leads to another site, or from https back to http."""

    code = "knowledge.leads_elsewhere"
    kind = Kind.INVALID
    remedy = "Import the address to which it leads, if that site is yours, too."


class AddressPrivate(AnswerableError):
    """The address lies in a private network, where nothing is fetched unless the platform names it."""

    code = "knowledge.address_private"
    kind = Kind.INVALID
    remedy = (
        "Check the address. For a site in your own network, the platform's staff name its host and port in "
        "ANSWERABLE_PRIVATE_SITES."
    )


class SiteUnreachable(AnswerableError):
    """The site cannot be reached."""

    code = "knowledge.site_unreachable"
    kind = Kind.UNAVAILABLE
    remedy = "Check the host's name and that the site opens in a browser without a warning, then try again."


class SiteTooSlow(AnswerableError):
    """The site took too long to answer."""

    code = "knowledge.site_too_slow"
    kind = Kind.UNAVAILABLE
    remedy = "Try again later; if it stays so, ask whoever runs the site."


class PageTooLarge(AnswerableError):
    """The page is larger than 25 MB, or than 10 MB where it is neither PDF nor Word."""

    code = "knowledge.page_too_large"
    kind = Kind.INVALID
    remedy = "Split the page, or save it as several files and import those."


class ContentTypeUnknown(AnswerableError):
    """The address leads to something that is no page, text, PDF or Word document."""

    code = "knowledge.content_type_unknown"
    kind = Kind.INVALID
    remedy = "Import only addresses of pages and documents."


class RobotsDisallow(AnswerableError):
    """The site's robots.txt asks not to fetch this page."""

    code = "knowledge.robots_disallow"
    kind = Kind.INVALID
    remedy = "If the site is yours, allow it there: `User-agent: Answerable` and `Allow: /`."


class RobotsUnavailable(AnswerableError):
    """The site's robots.txt cannot be fetched at the moment, and without it nothing else is."""

    code = "knowledge.robots_unavailable"
    kind = Kind.UNAVAILABLE
    remedy = "Try again later; a site without rules answers with 404 there."


class NoIndex(AnswerableError):
    """The page asks search engines not to take it up (noindex)."""

    code = "knowledge.noindex"
    kind = Kind.INVALID
    remedy = (
        "If the page is meant to be read, take `noindex` out of it; or save it as a file and import that."
    )


class CopyOfAnother(AnswerableError):
    """The page names another address as its original, and that one is imported instead."""

    code = "knowledge.copy_of_another"
    kind = Kind.INVALID
    remedy = "If this is a page of its own, correct its canonical link."


class SitemapInvalid(AnswerableError):
    """This is no sitemap."""

    code = "knowledge.sitemap_invalid"
    kind = Kind.INVALID
    remedy = "Give the address of an XML sitemap; robots.txt of the site often names it."


class SitemapEmpty(AnswerableError):
    """The sitemap lists no page of this site."""

    code = "knowledge.sitemap_empty"
    kind = Kind.INVALID
    remedy = "Check that it lists pages of the same host, and that its entries are complete addresses."
