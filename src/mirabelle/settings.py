"""The settings: one TOML file, each key overridable by environment."""
