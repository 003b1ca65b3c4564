"""After a training has left the numbers: what broke first, what led to it, and what helps."""
