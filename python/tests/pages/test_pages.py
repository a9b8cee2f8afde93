"""The Python of the documentation runs as it stands, each page as one program, in a folder with the data that it reads.

``<!-- shown: expression -->`` in a page stands for what a notebook would show for a value of its program. It is left in
target/shown, for the documentation's site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "python" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = ROOT / "target" / "shown"
SHOW = re.compile(r"<!-- shown: (.*?) -->")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program(page: Path) -> str:
    return "\n".join(BLOCK.findall(page.read_text(encoding="utf-8")))


@pytest.fixture(scope="module", autouse=True)
def digits(spark: SparkSession) -> None:
    """The table that the READMEs read."""
    rows = [([float(i % 10 == j) for j in range(784)], i % 10) for i in range(300)]
    spark.createDataFrame(rows, "features array<double>, label int").write.parquet("digits.parquet")


@pytest.mark.parametrize("page", [p for p in PAGES if program(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_python_of_a_page_runs(page: Path) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(program(page), str(page), "exec"), names)
    SHOWN.mkdir(parents=True, exist_ok=True)
    name = "-".join(page.relative_to(ROOT / "docs" if ROOT / "docs" in page.parents else ROOT).with_suffix("").parts)
    for number, expression in enumerate(SHOW.findall(page.read_text(encoding="utf-8"))):
        html = eval(expression, names)._repr_html_()
        assert html.startswith("<"), expression
        (SHOWN / f"{name}-{number}.html").write_text(html, encoding="utf-8")
