"""The JSON API, version 1: calls, campaigns, results and accounts."""
