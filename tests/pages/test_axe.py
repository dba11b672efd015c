"""What counts as a finding: a link that stays covered, and none that a bar covers until it is scrolled to."""

import pytest

from factories.axe import carry_axe, find_violations
from factories.browser import OpenContext

PAGE = """<!doctype html><html lang="en"><title>A list</title><main><h1>A list</h1>{rows}</main>
<nav style="position:sticky;bottom:0;height:60px;background:#eee">
<a href="#bar" style="display:block;height:60px">A bar</a></nav></html>"""
ROW = """<p style="position:relative;margin:0;padding:8px 0">
<a href="#x" id="r{n}" style="display:inline-block;min-height:24px">Row {n}</a>{over}</p>"""
OVER = '<a href="#y" style="position:absolute;left:0;top:8px;width:200px;height:14px">Over</a>'


@pytest.mark.parametrize("is_covered", [False, True])
async def test_a_target_counts_as_covered_where_scrolling_does_not_help(
    open_context: OpenContext, *, is_covered: bool
) -> None:
    over = OVER if is_covered else ""
    rows = "".join(ROW.format(n=number, over=over if number == 40 else "") for number in range(80))
    async with open_context(viewport={"width": 400, "height": 815}) as context:
        await carry_axe(context)
        page = await context.new_page()
        await page.goto("about:blank")
        await page.set_content(PAGE.format(rows=rows))

        found: list[str] = []
        # The bar cuts another part of a row at each height.
        for height in range(800, 845, 6):
            await page.set_viewport_size({"width": 400, "height": height})
            found += [one for one in await find_violations(page) if one.startswith("target-size")]

    assert any("#r40" in one for one in found) == is_covered
    assert is_covered or found == []
