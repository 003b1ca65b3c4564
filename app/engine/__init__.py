"""The torch code: compiles a spec, trains, probes, takes snapshots. Runs in worker processes only."""
