"""Floor 0: the algebra everything else is written in. No Twisted, no I/O.

``var`` and ``activity`` changing values · ``closable`` things closed once · ``clock`` time passed
in · ``reply`` and ``drive`` coroutines without a Deferred · ``service`` services and filters ·
``errors`` what can go wrong with a request.
"""
