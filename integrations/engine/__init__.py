"""How a run goes: read → plan → (hold) → apply → record. All progress is in the database, none in a worker's memory."""
