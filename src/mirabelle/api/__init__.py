"""The HTTP services that clients of the old platform speak to."""
