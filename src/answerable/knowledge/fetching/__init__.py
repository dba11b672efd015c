"""Pages from the web: politely, within limits, through the guarded way out.

What a page says is read in the parser's process; what becomes of it is the business of the domain's service.
"""
