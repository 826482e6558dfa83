"""Who is seated next, and where: sessions, streams, the waiting line and the estimate. Pure."""
