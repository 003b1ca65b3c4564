// From which length of a layer's gradient on it is called vanishing or exploding: everywhere in the page.
// The server says the same of health over time (BOUNDS of protocol/health.py); a test compares them.
export const GRADIENT = { low: 1e-4, high: 10 } as const;
