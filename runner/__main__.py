# SPDX-License-Identifier: GPL-2.0
"""`python3 -m runner`, once what it needs is known to be there."""

import importlib.util
import sys

if sys.version_info < (3, 11):
    print("tkfi: Python 3.11 or later is needed", file=sys.stderr)
    sys.exit(2)
for name in ("click", "jinja2", "numpy", "psutil", "rich"):
    if importlib.util.find_spec(name) is None:
        print(f"tkfi: python3-{name} is not installed; run 'make setup'", file=sys.stderr)
        sys.exit(2)

from runner.cli import main  # noqa: E402  (after the check above)

sys.exit(main())
