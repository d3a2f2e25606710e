"""`python -m memlayer.cli` is the `memlayer` command."""

import sys

from memlayer.cli import main

sys.exit(main())
