"""Build the documentation: `make docs`, or python -m stagewise.site [--without-notebooks]."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from stagewise.root import ROOT
from stagewise.site.built import lines, look_at
from stagewise.site.links import PACKAGES
from stagewise.site.stage import DOCS, stage

BUILD = DOCS / "_build"
CACHE = BUILD / ".jupyter_cache"


def main() -> int:
    """Write the source, run Sphinx with warnings as errors, check the result.

    Returns:
        exit code: 0 if there is no warning, no broken link, and nothing to fetch.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--without-notebooks", action="store_true", help="show notebooks as they are, run none"
    )
    given = parser.parse_args()
    start = time.perf_counter()
    pages = stage(BUILD / "source")
    command = [
        sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-j", "auto",
        "-c", str(DOCS), "-d", str(BUILD / ".doctrees"),
        *(["-D", "nb_execution_mode=off"] if given.without_notebooks else []),
        str(BUILD / "source"), str(BUILD / "html"),
    ]  # fmt: skip
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths), "STAGEWISE_NOTEBOOK_CACHE": str(fresh_cache()),
    }  # fmt: skip
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode:
        print("the documentation has warnings, see above", file=sys.stderr)
        return done.returncode
    report = look_at(BUILD / "html")
    print("\n".join(lines(report)))
    print(
        f"{len(pages)} sources, 0 warnings, {time.perf_counter() - start:.0f} s: "
        f"{(BUILD / 'html' / 'index.html').relative_to(ROOT)}"
    )
    return int(bool(report.broken or report.fetched))


def fresh_cache() -> Path:
    """Where executed notebooks are kept: a folder of its own for every version of the code they
    call, because the cache looks at a notebook's cells alone."""
    digest = hashlib.sha256()
    for package in (*PACKAGES, "stagewise"):
        for file in sorted((ROOT / package).rglob("*.py")):
            digest.update(file.read_bytes())
    folder = CACHE / digest.hexdigest()[:16]
    for old in CACHE.glob("*"):
        if old != folder and old.is_dir():
            shutil.rmtree(old)
    return folder


if __name__ == "__main__":
    sys.exit(main())
