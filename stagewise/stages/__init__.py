"""The stages of the pipeline: each reads files, calls the analysis and writes files."""
