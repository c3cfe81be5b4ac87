"""`python -m pointsman`, the same as the `pointsman` command."""

import sys

from pointsman.cli import main

sys.exit(main())
