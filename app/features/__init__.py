"""Questions to a run, one folder each: ``schema.py`` says what is asked and answered (no torch: the web
process makes the route of it), ``engine.py`` answers in the run's worker."""
