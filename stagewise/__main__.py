"""`python -m stagewise`."""

from stagewise.cli.main import main

main()
