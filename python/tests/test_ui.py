"""The tab "Kiln" of Spark's UI as a browser shows it, light and dark. Pictures of it are left in target/ui."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright
from pyspark.ml.linalg import Vectors
from pyspark.sql import DataFrame, SparkSession

from kiln import nn
from kiln.ml import NetClassifier

PICTURES = Path(__file__).parents[2] / "target" / "ui"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATIENCE = 30_000  # milliseconds

# What is wrong with a page: text that leaves its chart or overlaps its neighbour, and text too pale to read (WCAG 2, AA: 4.5).
FAULTS = """() => {
  const faults = [], root = document.getElementById('kiln');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is wider than the window');
  for (const e of root.querySelectorAll('.k-scroll'))
    if (e.scrollWidth > e.clientWidth) faults.push('cut off on the right: ' + e.textContent.slice(0, 60));
  const lum = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const back = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  for (const e of root.querySelectorAll('*')) {
    const own = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
    if (!own || e.closest('.k-network') || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), svg = e.closest('svg');
    const a = lum(rgb(svg ? style.fill : style.color).slice(0, 3)), b = lum(back(svg ? svg.parentElement : e));
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(1)}: ${e.textContent}`);
  }
  for (const svg of root.querySelectorAll('.k-chart svg')) {
    const frame = svg.getBoundingClientRect(), boxes = [...svg.querySelectorAll('text')].map(t => t.getBoundingClientRect());
    for (const [i, r] of boxes.entries()) {
      if (r.left < frame.left || r.right > frame.right + 1 || r.top < frame.top - 1 || r.bottom > frame.bottom + 1)
        faults.push('text leaves its chart: ' + svg.querySelectorAll('text')[i].textContent);
      for (const s of boxes.slice(i + 1))
        if (r.left < s.right && s.left < r.right && r.top < s.bottom - 2 && s.top < r.bottom - 2)
          faults.push('text over text: ' + svg.querySelectorAll('text')[i].textContent);
    }
  }
  return faults;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except Error as e:
            if found:
                raise
            pytest.skip(f"no Chromium on this machine: {e.message.splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    x = np.random.default_rng(5).normal(size=(400, 4))
    data = [(Vectors.dense(r), float(r[0] + r[1] > 0), bool(i % 5 == 0)) for i, r in enumerate(x)]
    return spark.createDataFrame(data, ["features", "label", "held"]).coalesce(2).cache()


def classifier(**params: Any) -> NetClassifier:
    network = nn.Sequential(nn.Dense(16, activation="relu"), nn.Dropout(0.1), nn.Dense(2))
    return NetClassifier(
        network=network, numWorkers=2, validationIndicatorCol="held", gradientClipNorm=0.05, batchSize=20, seed=3, **params
    )


class Visit:
    """A page under watch: what it asks for and complains of."""

    def __init__(self, browser: Browser, scheme: str, ui: str) -> None:
        self.ui = ui
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", lambda r: self.complaints.append(r.url) if not r.url.startswith(ui) else None)

    def check(self, picture: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{picture}.png", full_page=True)
        assert self.page.evaluate(FAULTS) == []
        assert self.complaints == []


def address(spark: SparkSession) -> str:
    url = spark.sparkContext.uiWebUrl
    assert url
    return url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_fit_that_has_ended_is_readable(spark: SparkSession, browser: Browser, rows: DataFrame, scheme: str) -> None:
    fitted = classifier(maxEpochs=12)
    fitted.fit(rows)
    visit = Visit(browser, scheme, address(spark))
    visit.page.goto(f"{visit.ui}/kiln/")
    visit.check(f"fits-{scheme}")
    visit.page.get_by_role("link", name=fitted.uid).click()
    visit.page.wait_for_selector("text=finished")
    assert visit.page.locator(".k-chart svg").count() == 4
    assert visit.page.locator(".k-network svg").bounding_box()
    assert any("Gradients were clipped" in text for text in visit.page.locator(".k-warning").all_inner_texts())
    visit.check(f"fit-{scheme}")
    visit.page.set_viewport_size({"width": 480, "height": 900})
    assert visit.page.locator(".k-facts").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_a_running_fit_is_followed_without_a_reload(spark: SparkSession, browser: Browser, rows: DataFrame) -> None:
    fitted = classifier(maxEpochs=100_000)
    errors: list[Exception] = []

    def fit() -> None:
        try:
            fitted.fit(rows)
        except Exception as e:
            errors.append(e)

    thread = threading.Thread(target=fit)
    thread.start()
    try:
        visit = Visit(browser, "light", address(spark))
        visit.page.goto(f"{visit.ui}/kiln/")
        visit.page.get_by_role("link", name=fitted.uid).click(timeout=PATIENCE)
        visit.page.wait_for_selector(".k-head")
        visit.page.evaluate("() => { window.loaded = true; }")
        epoch = "() => Number(document.querySelector('.k-head .k-progress span').textContent.split(' ')[0])"
        before = visit.page.evaluate(epoch)
        visit.page.wait_for_function(f"before => ({epoch})() > before", arg=before)
        assert visit.page.locator(".k-chart svg").count() == 4
        visit.check("running-light")
        spark.sparkContext.cancelAllJobs()
        visit.page.wait_for_selector(".k-head .k-cancelled")
        assert visit.page.evaluate("() => window.loaded")
    finally:
        spark.sparkContext.cancelAllJobs()
        thread.join()
    assert "cancelled" in str(errors[0])
