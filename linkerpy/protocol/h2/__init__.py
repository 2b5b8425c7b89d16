"""HTTP/2 and gRPC: the router kind `h2`."""
