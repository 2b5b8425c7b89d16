"""Floor 2: figures. `metrics` the tree · `histogram` its distributions · `process` our own.

Exporters make text of the tree, and know nothing of who carries it where: `prometheus`,
`prometheus_linkerd`, `influxdb` and `statsd`; `labels`, `buckets` and `help` are theirs.
"""
