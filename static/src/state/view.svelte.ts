// What is looked at: the selected layer, the hovered map, scales and switches. Changes no network and no run.

/** What is shown beside the network on demand. */
export type Lab = 'baselines' | 'invariance';
export type ScaleMode = 'unit' | 'layer' | 'network';

/** A tile of a node's maps: feature map, unit or kernel. */
export interface Place {
  readonly node: string;
  readonly tile: number;
  readonly role: 'activation' | 'kernel' | 'decision';
}

export class View {
  /** Card that is open, by the identifier of its first node. */
  selected = $state<string | null>(null);
  /** Map of the open layer that its view explains. */
  map = $state(0);
  /** Shown large in the place of the output. */
  hovered = $state.raw<Place | null>(null);
  /** Range of what is hovered, or of the layer that is open: the legend shows it. */
  hoveredLimit = $state(0);
  scale = $state<ScaleMode>('layer');
  kernels = $state(false);
  /** Where the next part of the palette goes, if a wire's + was pressed. */
  insertAfter = $state<string | null>(null);
  /** Show net input u in place of the activation x, card by card. */
  before = $state.raw<readonly string[]>([]);
  lab = $state<Lab | null>(null);
  logLoss = $state(false);
  smoothing = $state(0.6);

  open(card: string | null, map = 0): void {
    this.selected = card;
    this.map = map;
  }

  toggleBefore(card: string): void {
    const shown = this.before.includes(card);
    this.before = shown ? this.before.filter((one) => one !== card) : [...this.before, card];
  }
}
