"""`bin/kiln new`: the project that it writes builds, passes its test and runs by spark-submit."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pyspark

ROOT = Path(__file__).parents[2]
KILN = ROOT / "bin" / "kiln"


def test_a_new_project_trains_tests_and_submits(tmp_path: Path) -> None:
    subprocess.run([KILN, "new", "wine-app"], cwd=tmp_path, check=True, timeout=600)
    app = tmp_path / "wine-app"
    left = [f for f in app.rglob("*") if f.is_file() and f.suffix != ".jvmargs" and re.search(r"@[a-z-]+@", f.read_text())]
    assert not left, f"placeholders are left in {left}"
    environment = {**os.environ, "SPARK_HOME": str(Path(pyspark.__file__).parent), "SPARK_LOCAL_IP": "127.0.0.1"}
    run = subprocess.run(
        [app / "submit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    accuracy = re.search(r"rows that it has not seen: ([0-9.]+)", run.stdout)
    assert accuracy and float(accuracy[1]) > 0.9, run.stdout[-3000:]
    assert (app / "model" / "stages").is_dir()
    reports = list((app / "target" / "surefire-reports").glob("TEST-*.xml"))
    assert [r for r in reports if 'tests="1"' in r.read_text()], reports


def test_a_name_that_is_no_project_name_is_refused(tmp_path: Path) -> None:
    run = subprocess.run([KILN, "new", "My App"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and "lower-case letters" in run.stderr
    assert not list(tmp_path.iterdir())


def test_the_folder_of_kiln_may_have_any_name(tmp_path: Path) -> None:
    home = tmp_path / "R&D #1 \\1"
    for name in ("bin", "build", "templates"):
        shutil.copytree(ROOT / name, home / name)
    shutil.copy(ROOT / "pom.xml", home)
    maven = tmp_path / "tools" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho Apache Maven 3.9.0\n")
    maven.chmod(0o755)
    path = f"{maven.parent}:{os.environ['PATH']}"
    subprocess.run([home / "bin" / "kiln", "new", "--sbt", "app"], cwd=tmp_path, env={**os.environ, "PATH": path}, check=True)
    assert f'file(raw"{home}/target/repository")' in (tmp_path / "app" / "build.sbt").read_text()
