"""The server: pages, an API in JSON, live events, and suites run on their schedule.

``create_app(settings)`` gives the ASGI application, ``serve(settings)`` runs it. FastAPI and
uvicorn are imported by the modules that need them, never by this one.
"""
