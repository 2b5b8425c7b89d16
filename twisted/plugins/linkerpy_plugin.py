"""What `twistd` finds: the subcommand `linkerpy`.

Neither this directory nor its parent may have an `__init__.py`: both belong to Twisted, and a
package file here would hide Twisted's own.
"""

from twisted.application.service import ServiceMaker

linkerpy = ServiceMaker(
    "linkerpy",
    "linkerpy.app.tap",
    "A service-mesh router that runs linkerd 1.x configuration.",
    "linkerpy",
)
