"""Makes the views that pages are drawn from: reads the history, sorts, thins out, and words.

Nothing here knows of requests or HTML.
"""
