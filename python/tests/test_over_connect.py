import subprocess
import sys
from pathlib import Path


def test_over_spark_connect() -> None:
    """The tests in ``connect``, in a process of their own: this one may have a classic session already."""
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/connect"]
    run = subprocess.run(command, cwd=here.parent, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
