"""HTTP/1.x: the router kind `http`."""
