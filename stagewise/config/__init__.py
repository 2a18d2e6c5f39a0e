"""The configuration: one typed schema for the command line and for Snakemake."""

from stagewise.config.errors import ConfigError
from stagewise.config.loading import Config, load_config, merge, typed

__all__ = ["Config", "ConfigError", "load_config", "merge", "typed"]
