"""The command line, configuration and files that turn the analysis into a pipeline."""

__version__ = "0.1.0"
