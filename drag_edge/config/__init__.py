"""The YAML's schema and its loading."""
