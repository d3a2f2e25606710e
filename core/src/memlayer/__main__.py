"""`python -m memlayer`: the command."""

import sys

from memlayer.cli import main

sys.exit(main())
