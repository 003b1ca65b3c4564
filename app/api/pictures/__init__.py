"""The picture that a reference page shows of a part: SVG that takes its colours from the page's styles."""
