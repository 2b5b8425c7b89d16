"""`linkerpy explain`: how a request or a connection would be routed, step by step.

    question   what is asked: a router, a server, a request; and the name it gets there
    look_up    what the name leads to, within a deadline
    policies   what the configuration says for a name: timeouts, retries, TLS
    answer     all of this as one value
    as_text, as_json   the answer for people and for programs
    asking     how the network is asked
    arguments, command   the command line

Nothing listens and no request is sent.
"""
