"""The stages of the language models."""
