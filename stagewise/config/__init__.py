"""The configuration: one typed schema for the command line and for Snakemake."""

from stagewise.config.errors import ConfigError, nearest
from stagewise.config.loading import Config, load_config, merge, nested, typed

__all__ = ["Config", "ConfigError", "load_config", "merge", "nearest", "nested", "typed"]
