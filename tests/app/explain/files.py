"""A configuration in which most of what can be explained happens."""

from linkerpy.app.explain.question import Question, find_door, linkerd_form
from linkerpy.app.schema import loads

MANY = """\
namers:
- kind: io.l5d.rewrite
  prefix: /rw
  pattern: "/{service}.example"
  name: "/svc/{service}"
routers:
- protocol: http
  label: web
  dtab: |
    /svc        => /$/inet/127.0.0.1/8001 ;
    /svc/host   => /#/rw ;
    /svc/alt    => /nobody | /$/inet/127.0.0.1/1 | /$/inet/127.0.0.1/2 ;
    /svc/split  => 0.3 * /$/inet/127.0.0.1/3 & 0.7 * /$/inet/web.example/4 ;
    /svc/dns    => /$/inet/web.example/80 ;
    /svc/typo   => /#/io.l5d.consl/dc1/x | ! ;
    /svc/fail   => ! | /$/inet/127.0.0.1/5 ;
    /svc/nil    => $ ;
  service:
    totalTimeoutMs: 5000
    retries: {backoff: {kind: constant, ms: 5}}
  client:
    kind: io.l5d.static
    configs:
    - prefix: /
      requestAttemptTimeoutMs: 700
    - prefix: /$/inet/{host}
      requestAttemptTimeoutMs: 900
      tls: {commonName: "{host}.internal"}
  servers:
  - port: 4140
  - port: 4141
    clearContext: true
    timeoutMs: 10
- protocol: tcp
  label: db
  dtab: |
    /svc/3306 => /$/inet/127.0.0.1/3307 ;
    /sni => /$/inet/127.0.0.1/443 ;
  servers:
  - port: 3306
  - port: 3443
    dstName: /sni/{sni}
"""


def opened(text=MANY, **question):
    """A configuration, a question about it and its door."""
    loaded, asked = linkerd_form(loads("f.yml", text)), Question(**question)
    return loaded, asked, find_door(loaded, asked)
