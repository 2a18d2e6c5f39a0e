"""Figures, and claims from recorded runs, in one process each time.

The figures that the theory's document shows are apart, for it asks for no others.
"""

from __future__ import annotations

from figures import of_room
from stagewise.bundles.bundle import bundle
from stagewise.tasks.theory.document import FIGURES

THEORY = {*of_room("theory"), *FIGURES}
TOY = set(of_room("toy")) - THEORY

bundle("claims_recorded", claims_recorded={})
bundle("draw", draw={"figure": TOY})
bundle("draw_theory", draw={"figure": THEORY})
bundle("draw_across", draw_across={})
bundle("draw_language", "model", draw_language={})
