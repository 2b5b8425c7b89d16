"""Floor 7: the admin server's pages.

``state`` what the pages may ask · ``site`` all pages in one table · ``security`` which are served ·
the rest, a few pages each. The files of the pages people look at lie in ``static``.
"""
