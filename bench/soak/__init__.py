"""`make soak`: mixed traffic through a router while things around it break."""
