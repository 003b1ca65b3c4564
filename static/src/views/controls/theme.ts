// Tells a canvas when the page's colours or sizes change, for it cannot inherit them.

/** Calls `repaint` whenever theme or size of the page change; returns the way to stop. */
export function onTheme(repaint: () => void): () => void {
  const observer = new MutationObserver(repaint);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme', 'data-size'] });
  const scheme = window.matchMedia?.('(prefers-color-scheme: dark)');
  scheme?.addEventListener('change', repaint);
  return () => {
    observer.disconnect();
    scheme?.removeEventListener('change', repaint);
  };
}
