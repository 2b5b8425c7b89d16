"""linkerpy beside NGINX, HAProxy and Envoy: `make bench`; and under faults for long: `make soak`.

Trust the ratios of one run; the absolute figures are this machine's, today.
"""
