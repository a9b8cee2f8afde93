"""Runs the notebooks from top to bottom, each in a kernel of its own. They assert on what they find.

What they show is left in target/notes, for the documentation's site.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTES = Path(__file__).parents[2] / "notebooks"
RUN = NOTES.parent / "target" / "notes"
FOUND = sorted(NOTES.glob("*.ipynb"))


def executed(note: Path) -> nbformat.NotebookNode:
    book = nbformat.read(note, as_version=4)
    return NotebookClient(book, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(NOTES)}}).execute()


def html(cell: nbformat.NotebookNode) -> str:
    """The HTML that a cell shows."""
    shown = [o["data"].get("text/html", "") for o in cell.outputs if "data" in o]
    return "\n".join(shown)


def test_there_are_notes() -> None:
    assert FOUND


@pytest.mark.parametrize("note", FOUND, ids=lambda n: n.stem)
def test_a_note_is_stored_without_outputs(note: Path) -> None:
    cells = nbformat.read(note, as_version=4).cells
    nbformat.validate(nbformat.read(note, as_version=4))
    assert not [c.id for c in cells if c.cell_type == "code" and (c.outputs or c.execution_count)]


@pytest.mark.parametrize("note", FOUND, ids=lambda n: n.stem)
def test_a_note_runs(note: Path) -> None:
    book = executed(note)
    RUN.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, RUN / note.name)
    cells = [c for c in book.cells if c.cell_type == "code"]
    fits = [c for c in cells if ".fit(" in c.source]
    assert any("<svg" in html(c) and "training loss" in html(c) for c in fits), "a fit shows its curve in its cell"
    assert not [c.source for c in cells for o in c.outputs if o.get("name") == "stderr" and "Traceback" in o.text]


def test_a_failing_assertion_fails_the_run(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("assert 1 == 2")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "wrong.ipynb")
    with pytest.raises(CellExecutionError):
        executed(tmp_path / "wrong.ipynb")
