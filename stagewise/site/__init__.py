"""The documentation as a site: the pages of docs/ prepared for Sphinx, and the result checked."""
