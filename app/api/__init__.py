"""HTTP and WebSocket: one router a noun, pages, errors and the guard. No run is managed here."""
