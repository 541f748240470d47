"""The dashboard's pages: each module is a page, a function from a view to a whole document.

Pages share the report's type, colours and drawings. They hold no inline script and no inline
style, ask nothing of another host, and can be read and used without the script.
"""
