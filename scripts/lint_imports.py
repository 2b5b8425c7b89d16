"""Checks the import contracts of setup.cfg; speaks only when one is broken.

The console script of import-linter is not used because its launcher is not to be trusted in a
directory whose name has spaces, and its report of contracts kept is long.
"""

import contextlib
import io
import sys

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

report = io.StringIO()
with contextlib.redirect_stdout(report):
    status = lint_imports(
        config_filename="setup.cfg", cache_dir=".import_linter_cache", no_logo=True
    )
if status != EXIT_STATUS_SUCCESS:
    sys.stderr.write(report.getvalue())
sys.exit(status)
