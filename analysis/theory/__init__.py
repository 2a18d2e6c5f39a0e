"""The theory of stages: derivations that a reader can follow and a machine has checked."""
