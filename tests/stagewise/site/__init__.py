"""The site: links, docstrings, what is built."""
