"""Fakes and helpers, one a collaborator."""
