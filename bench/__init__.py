"""CPU per request of the router beside NGINX and twisted.web's reverse proxy: `make bench`.

Trust the ratios of one run; the absolute figures are this machine's, today.
"""
