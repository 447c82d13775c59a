"""The REST API under /api/v1/: thin over services, as the admin is."""
