"""Floor 4: names to services, for any protocol.

``families`` what plugins are made from and for · ``config`` the keys common to all routers ·
``dst`` where a request wants to go · ``cache`` the four binding caches · ``binding`` a live binding
and what it leads to · ``routing`` identify, bind, dispatch.
"""
