"""What is decided, and nothing else: pure functions and frozen values on the standard library.

Nothing here knows of Django, HTTP or a product. Odd input becomes a Skip or a Conflict with a reason, never
an exception.
"""
