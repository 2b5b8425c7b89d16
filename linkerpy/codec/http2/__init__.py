"""HTTP/2: bytes to messages and back, multiplexed, with no socket, clock or reactor in sight.

`server.ServerConnection` and `client.ClientConnection` are the two ends of a connection. Bytes go
into `receive`, messages come out of the owner's callbacks as the same Request and Response values
that HTTP/1 gives; what is to be sent comes out of `take`.

    errors      what can go wrong, and the code that says so
    frames      the layer of frames: reader and writers
    settings    what each end tells the other about itself
    limits      how much a peer may ask for, and how often
    huffman     the string code of HPACK
    hpack       the tables of HPACK, its decoder and its (stateless) encoder: hpack_*
    fields      the rules for header fields of HTTP/2
    heads       header blocks to heads of messages, remembered; heads_write: the way back
    states      the two halves of a stream, as tables
    stream      a stream: its state, its windows and what waits to be sent
    inbound     the body of a message on its way in, returning credit as it is taken
    connection  what both ends share

Source: RFC 9113, RFC 7541, RFC 8441.
"""
