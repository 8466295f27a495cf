"""A private hub: the models of a folder or of the cache, over HTTP, for programs and for people.

Programs speak the TF Hub hosting protocol with it, people read its catalogue in a browser. ``app.application`` is the
ASGI application, ``server`` runs it. Needs ``hublayer[serve]``: Starlette, uvicorn, Jinja2.
"""
