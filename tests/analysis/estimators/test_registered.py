"""What listing the estimators costs: nothing that the toy does not use."""

from __future__ import annotations

import subprocess
import sys


def test_the_toys_estimators_are_listed_without_what_language_models_need():
    listing = (
        "import sys; from analysis.estimators.base import estimators; estimators('toy'); "
        "print({'transformers', 'arviz'} & {name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
