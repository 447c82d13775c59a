"""How a product is spoken to. One folder per product with the same five files; the core knows only `ports`.

Nothing here knows of Django or of our database.
"""
