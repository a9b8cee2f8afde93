import subprocess
import sys
from pathlib import Path


def test_the_python_of_the_documentation_runs(tmp_path: Path) -> None:
    """The tests in ``pages``, in a process of their own: its JVM takes relative paths from the folder in which it started."""
    here = Path(__file__).parent
    for folder in ("examples", "notebooks", "benchmarks"):
        (tmp_path / folder).symlink_to(here.parents[1] / folder)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", here.parent / "pyproject.toml"]
    command += ["--rootdir", here.parent, here / "pages"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
