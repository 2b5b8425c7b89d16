"""Configuration files: read, checked, and reported on. Knows no plugin and no protocol.

``yaml``, ``strict_json`` text to values · ``source`` where each value stands · ``model`` the base
of configuration objects · ``fields`` what keys hold · ``notyet`` keys whose feature is not built ·
``kinds`` which class a `kind` names · ``loading`` a text read by a model · ``report`` every mistake
as `file:line:col: message` · ``jsonschema`` models for editors. The rest are objects that several
places of a file share.
"""
