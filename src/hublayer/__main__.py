"""``python -m hublayer``."""

from hublayer.cli import main

main()
