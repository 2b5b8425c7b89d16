"""Thrift: the router kinds `thrift` and `thriftmux`."""
