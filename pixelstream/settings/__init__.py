"""Settings of every service: closed models that are the `config:` block of its chart, read from YAML."""
