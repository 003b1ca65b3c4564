"""The process of one run: drives an engine session, speaks with the web process over one socket."""
