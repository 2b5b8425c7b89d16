"""linkerpy: a service-mesh router in Python, compatible with linkerd 1.x configuration.

The packages are floors of one house; a floor imports lower floors only:
``core``, then ``naming`` and ``codec``, then ``policy``, ``telemetry`` and ``config``, then
``net``, ``router``, ``protocol``, ``plugins``, ``admin`` and, on top, ``app``.
"""

__version__ = "0.1.0"
