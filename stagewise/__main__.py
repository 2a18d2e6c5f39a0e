"""`python -m stagewise`."""

from stagewise.cli import main

main()
