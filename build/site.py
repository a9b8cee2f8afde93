"""MkDocs hooks: pages that lie outside of docs/, what the build has made for them, drawings.

Tests leave it: pictures of Spark's UI (test_ui.py), notebooks that have run (test_notes.py), and what the programs of pages
show (test_docs.py). A page is built without what is not there.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "target" / "ui"
SHOWN = ROOT / "target" / "shown"
RUN = ROOT / "target" / "notes"
MERMAID = ROOT / "target" / "mermaid" / "mermaid.min.js"
API = {"engine": "engine/core", "kvstore": "kvstore", "spark": "spark-connector"}

# Files of the repository that become pages, and how their links then read.
PAGES = {
    "contributing.md": ("CONTRIBUTING.md", ("](docs/", "](")),
    "python/index.md": ("python/README.md", ("](../docs/", "](../")),
    "notebooks/index.md": ("notebooks/README.md", ("](../docs/", "](../")),
}
# What a page would load from another host.
FOREIGN = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
# <!-- picture: page: text --> is a picture of Spark's UI; <!-- shown: expression --> what a notebook would show for a value of
# the page's program.
PICTURE = re.compile(r"<!-- picture: (\S+): (.*?) -->")
SHOW = re.compile(r"<!-- shown: (.*?) -->")
EMBEDDED: list[str] = []


def on_config(config: Any) -> Any:
    """With Mermaid at hand its drawings are drawn; otherwise their source is shown."""
    if MERMAID.exists():
        config.extra_javascript.append("javascripts/mermaid.min.js")
        from pymdownx.superfences import fence_code_format

        fence = {"name": "mermaid", "class": "mermaid", "format": fence_code_format}
        config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    return config


def on_files(files: Files, config: Any) -> Files:
    for uri, (source, (old, new)) in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8").replace(old, new)
        files.append(File.generated(config, uri, content=text))
    for note in sorted((ROOT / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{note.stem}.md", content=notebook(note)))
    for note in sorted((ROOT / "notebooks").glob("zeppelin/*.note")):
        files.append(File.generated(config, f"notebooks/zeppelin/{note.stem}.md", content=paragraphs(note)))
    for picture in PICTURES.glob("*.png"):
        files.append(File.generated(config, f"images/{picture.name}", abs_src_path=str(picture)))
    if MERMAID.exists():
        files.append(File.generated(config, "javascripts/mermaid.min.js", abs_src_path=str(MERMAID)))
    return files


def notebook(note: Path) -> str:
    """A notebook as a page, with what its cells showed when it ran."""
    run = RUN / note.name
    book = json.loads((run if run.exists() else note).read_text(encoding="utf-8"))
    return "\n\n".join(part for cell in book["cells"] for part in parts(cell))


def parts(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "text/html" in data:
            yield embedded("".join(data["text/html"]))
        elif "image/png" in data:
            yield embedded(f'<img src="data:image/png;base64,{"".join(data["image/png"]).strip()}" alt="">')
        elif "text/plain" in data and "application/vnd.jupyter.widget-view+json" not in data:
            yield "```text\n" + "".join(data["text/plain"]) + "\n```"
        elif output.get("name") == "stdout":
            yield "```text\n" + "".join(output["text"]).rstrip() + "\n```"


def paragraphs(note: Path) -> str:
    """A note for Zeppelin as a page."""
    kinds = re.split(r"^%(md|spark)$", note.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    cells = zip(kinds[::2], kinds[1::2], strict=True)
    return "\n\n".join(text.strip() if kind == "md" else f"```scala\n{text.strip()}\n```" for kind, text in cells)


def embedded(html: str) -> str:
    """HTML of a cell in Markdown: a comment, which on_page_content replaces, since Markdown ends HTML at a blank line."""
    EMBEDDED.append(html)
    return f"<!-- embedded {len(EMBEDDED) - 1} -->"


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    for uri, (source, _) in PAGES.items():
        markdown = markdown.replace(f"](../{source}", f"]({uri}")
    if page.file.src_uri == "notebooks/index.md":
        markdown = re.sub(r"\]\(([^)]+)\.(?:ipynb|note)\)", r"](\1.md)", markdown)
    up = "../" * page.file.src_uri.count("/")

    def picture(match: re.Match[str]) -> str:
        name, text = match[1], match[2]
        if not files.get_file_from_path(f"images/{name}-light.png"):
            return ""
        return "\n".join(f"![{text}]({up}images/{name}-{s}.png#only-{s})" for s in ("light", "dark"))

    found = iter(range(len(SHOW.findall(markdown))))

    def shown(match: re.Match[str]) -> str:
        made = SHOWN / f"{page.file.src_uri.removesuffix('.md').replace('/', '-')}-{next(found)}.html"
        return embedded(made.read_text(encoding="utf-8")) if made.exists() else ""

    return SHOW.sub(shown, PICTURE.sub(picture, markdown))


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    def output(match: re.Match[str]) -> str:
        return f'<div class="shown" data-md-color-scheme="default">{EMBEDDED[int(match[1])]}</div>'

    return re.sub(r"<!-- embedded (\d+) -->", output, html)


def on_post_page(output: str, page: Any, config: Any) -> str:
    foreign = FOREIGN.search(output)
    if foreign:
        raise PluginError(f"{page.file.src_uri} loads from another host: {foreign[0]}")
    return output


def on_post_build(config: Any) -> None:
    for name, module in API.items():
        made = ROOT / module / "target" / "reports" / "apidocs"
        if not (made / "index.html").exists():
            raise PluginError(f"{made} has no API documentation; make it with mvn package javadoc:javadoc -DskipTests")
        shutil.copytree(made, Path(config.site_dir) / "api" / name, dirs_exist_ok=True)
