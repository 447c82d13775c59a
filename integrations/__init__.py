"""SyncAdmin's one Django app: people kept in step between a CRM and a sales engagement product."""
