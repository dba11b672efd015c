"""What axe-core finds on a page: the rules of WCAG 2.0 to 2.2, A and AA, and its best practices."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import BrowserContext, Page

AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
REMEDY: Final = f"{AXE} is missing: run `make node_modules/ready`."
RUN: Final = """
async () => {
  const found = await axe.run(document, {
    resultTypes: ["violations"],
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    rules: { "target-size": { enabled: true } },
  });
  // What a bar at the window's edge covers is looked at again where it is scrolled to.
  const isCovered = async (node) => {
    const element = node.target.length === 1 && document.querySelector(node.target[0]);
    if (!element) return true;
    const { scrollX, scrollY } = window;
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const again = await axe.run(element, { runOnly: { type: "rule", values: ["target-size"] } });
    window.scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
    return again.violations.length > 0;
  };
  for (const rule of found.violations.filter((one) => one.id === "target-size")) {
    const covered = [];
    for (const node of rule.nodes) if (await isCovered(node)) covered.push(node);
    rule.nodes = covered;
  }
  const why = (node) => [...node.any, ...node.all, ...node.none][0]?.message ?? "";
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.flat().join(" ")}: ${why(node)}`));
}
"""


async def carry_axe(context: BrowserContext) -> None:
    """Have every page of this profile carry axe-core; set beside the page, so that no policy has to let it in."""
    assert AXE.exists(), REMEDY
    await context.add_init_script(path=AXE)


async def find_violations(page: Page) -> list[str]:
    """Every violation on the page as it stands, shadow roots included."""
    found: Any = await page.evaluate(RUN)  # whatever the page's script gives
    return [str(one) for one in found]
