"""What crosses a process: commands in, events and tensor frames out. No behaviour."""
