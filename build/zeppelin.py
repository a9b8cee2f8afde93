"""Starts an installed Zeppelin with Kiln: its notes, its jars, on the loopback address. Called by `bin/kiln notebook --zeppelin`.

The installation stays as it is: settings, logs and notes are in a folder of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
NOTES = ROOT / "notebooks" / "zeppelin" / "notes"
PATIENCE = 180  # seconds
SETTING = "spark"


def fail(text: str) -> NoReturn:
    sys.exit(f"kiln: {text}")


def check(home: Path, spark: Path, port: int) -> None:
    if not os.access(home / "bin" / "zeppelin.sh", os.X_OK):
        fail(f"{home} is no Zeppelin: there is no bin/zeppelin.sh; set ZEPPELIN_HOME to the folder of an unpacked distribution")
    if not (home / "interpreter" / SETTING).is_dir():
        fail(f"{home} has no interpreter for Spark: interpreter/{SETTING} is missing; bin/install-interpreter.sh adds it")
    if not os.access(spark / "bin" / "spark-submit", os.X_OK):
        fail(f"{spark} is no Spark: there is no bin/spark-submit; set SPARK_HOME")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as e:
            fail(f"port {port} of 127.0.0.1: {e.strerror}; choose another with --port")


def lay_out(home: Path, folder: Path) -> None:
    """Makes the folders; notes that are there already are somebody's work, and stay."""
    for name in ("conf", "logs", "run", "notebook"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for file in (home / "conf").glob("log4j*"):
        shutil.copy(file, folder / "conf")
    for note in sorted(NOTES.glob("*.zpln")):
        if not (folder / "notebook" / note.name).exists():
            shutil.copy(note, folder / "notebook")


def environment(home: Path, folder: Path, spark: Path, port: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ZEPPELIN_")}
    return {
        "SPARK_LOCAL_IP": "127.0.0.1",
        **kept,
        "SPARK_HOME": str(spark),
        "ZEPPELIN_HOME": str(home),
        "ZEPPELIN_CONF_DIR": str(folder / "conf"),
        "ZEPPELIN_LOG_DIR": str(folder / "logs"),
        "ZEPPELIN_PID_DIR": str(folder / "run"),
        "ZEPPELIN_NOTEBOOK_DIR": str(folder / "notebook"),
        "ZEPPELIN_NOTEBOOK_STORAGE": "org.apache.zeppelin.notebook.repo.VFSNotebookRepo",
        # Pages of other sites must not run code here.
        "ZEPPELIN_ADDR": "127.0.0.1",
        "ZEPPELIN_LOCAL_IP": "127.0.0.1",
        "ZEPPELIN_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
        "ZEPPELIN_PORT": str(port),
        # Room for pictures: Zeppelin cuts what a paragraph shows at 100 KiB otherwise.
        "ZEPPELIN_INTERPRETER_OUTPUT_LIMIT": str(8 << 20),
        # Without it the server asks its standard input something.
        "ZEPPELIN_IDENT_STRING": "kiln",
    }


def call(port: int, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{path}", data, {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer).get("body")


def started(port: int, server: subprocess.Popen[bytes], log: Path) -> str:
    """Waits until the server answers; its version."""
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        try:
            return str(call(port, "GET", "version")["version"])
        except (urllib.error.URLError, ConnectionError, ValueError):
            time.sleep(0.3)
    fail(f"Zeppelin did not start in {PATIENCE} s; see {log}" if server.poll() is None else f"Zeppelin ended; see {log}")


def set_up(port: int, properties: dict[str, str]) -> None:
    """Adds properties to those of the interpreter for Spark, which restarts if it runs."""
    setting = next((s for s in call(port, "GET", "interpreter/setting") if s["name"] == SETTING), None)
    if setting is None:
        fail(f"Zeppelin has no interpreter named {SETTING}")
    for name, value in properties.items():
        known = setting["properties"].get(name, {"name": name, "type": "string"})
        setting["properties"][name] = {**known, "value": value}
    changed = {"properties": setting["properties"], "dependencies": setting.get("dependencies", []), "option": setting["option"]}
    call(port, "PUT", f"interpreter/setting/{setting['id']}", changed)


def end(server: subprocess.Popen[bytes]) -> None:
    """Ends the server, which ends its interpreters, and what of its group is left."""
    server.terminate()
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/kiln notebook --zeppelin", description="Start Zeppelin with Kiln's notes.")
    parser.add_argument("--jars", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=8080, help="port on 127.0.0.1 (default: 8080)")
    parser.add_argument(
        "--folder", type=Path, default=Path("kiln-zeppelin"), help="for notes, settings and logs (default: ./kiln-zeppelin)"
    )
    parser.add_argument("--master", default="local[2]", help="Spark's master (default: local[2])")
    options = parser.parse_args()
    home = Path(os.environ["ZEPPELIN_HOME"]).resolve()
    spark = Path(os.environ["SPARK_HOME"]).resolve()
    folder: Path = options.folder.resolve()
    check(home, spark, options.port)
    lay_out(home, folder)
    log = folder / "logs" / "server.out"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with log.open("wb") as out:
        server = subprocess.Popen(
            [home / "bin" / "zeppelin.sh"],
            cwd=folder,
            env=environment(home, folder, spark, options.port),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        version = started(options.port, server, log)
        properties = {
            "SPARK_HOME": str(spark),
            "spark.master": options.master,
            "spark.jars": options.jars,
            "spark.kiln.home": str(ROOT),
            "spark.ui.showConsoleProgress": "false",
            # Zeppelin 0.13 runs on Spark 4.1 but refuses it by its number.
            "zeppelin.spark.enableSupportedVersionCheck": "false",
        }
        set_up(options.port, properties)
        print(
            f"kiln: Zeppelin {version} at http://127.0.0.1:{options.port}, notes in {folder}/notebook; Ctrl-C ends it", flush=True
        )
        server.wait()
        fail(f"Zeppelin ended; see {log}")
    except KeyboardInterrupt:
        pass
    finally:
        end(server)


if __name__ == "__main__":
    main()
