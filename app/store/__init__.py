"""What outlives the processes: the database of runs and events, and the folders of snapshots."""
