"""What can be wrong with a configuration."""

from __future__ import annotations


class ConfigError(ValueError):
    """The configuration is wrong; the message names key, value and what is allowed."""
