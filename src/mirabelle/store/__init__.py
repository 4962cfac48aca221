"""The ledger: durable state of accounts, calls, attempts and results, on SQLite and PostgreSQL."""
