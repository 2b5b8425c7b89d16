"""HTTP/2: bytes to messages and back, multiplexed, with no socket, clock or reactor in sight.

`server.ServerConnection` and `client.ClientConnection` are the two ends of a connection. What was
read goes into `receive`, which tells what it means as events; messages are the same Request and
Response values that HTTP/1 has. What is to be sent is asked for by methods, and gathers in `out`:

    connection = ServerConnection(OurSettings(), Limits())
    ...
    for event in connection.receive(data, clock.seconds()):
        if isinstance(event, RequestReceived):
            connection.send_head(event.stream, Response(200, [], Body(b"ok")))
            connection.send_data(event.stream, b"ok", end=True)
        elif isinstance(event, DataReceived):
            connection.consumed(event.stream, len(event.data))  # later, if the consumer is slow
        elif isinstance(event, ConnectionFailed):
            closing = True
    transport.writelines(connection.take())

A client calls `open` instead of `send_head`, as long as there is `room`. Either end may call
`send_trailers`, `reset`, `ping` and `goaway`; a server `send_interim` and `drain`, too. Data that
the peer's windows hold back waits with its stream: who sends looks at `Stream.unsent` and goes on
at `StreamDrained`. What is sent on a stream that has failed is dropped. When the transport is gone,
`lost` fails the streams that are left.

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
    events      what `receive` tells
    outbound    frames into `out`, as far as the windows let them
    inbound     bodies, windows and small frames as they come
    connection  the beginning and the end, settings and header blocks; server, client: the roles

Source: RFC 9113, RFC 7541, RFC 8441.
"""
