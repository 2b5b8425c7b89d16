"""Codecs: bytes to values and back, with no socket, clock or reactor in sight.

A codec is fed what a transport has read and calls its owner; what it serialises is returned as
bytes. Owners live in `protocol/`.
"""
