"""Floor 3: sockets, names of the DNS and files, on Twisted's reactors.

Nothing here knows what a request or a route is. Everything takes the reactor as an argument.
"""
