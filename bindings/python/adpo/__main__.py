"""`python -m adpo`: the command line."""

import sys

from adpo.cli import main

sys.exit(main())
