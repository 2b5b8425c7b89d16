"""Floor 1: names as pure values, and what turns a name into a replica set.

``path`` names · ``nametree`` alternatives and weighted unions of names · ``dtab`` the rewriting
table · ``parser`` the scanner their grammars share, and its one error · ``pattern`` path patterns
with captures · ``addr`` and ``bound`` what names are bound to · ``namer`` the protocols of those
who bind · ``interpreter`` the binding itself · ``delegate`` a binding explained.
"""
