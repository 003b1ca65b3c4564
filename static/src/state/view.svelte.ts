// What is looked at: the selected layer, the hovered map, scales and switches. Changes no network and no run.

/** What is shown beside the network on demand. */
export type Lab =
  'baselines' | 'invariance' | 'gradcheck' | 'why' | 'lag' | 'postmortem' | 'vectors' | 'ask';
export type ScaleMode = 'unit' | 'layer' | 'network';

/** A tile of a node's maps: feature map, unit or kernel. */
export interface Place {
  readonly node: string;
  readonly tile: number;
  readonly role: 'activation' | 'sensitivity' | 'kernel' | 'decision';
}

/** Where a new part goes: behind a node, on the wire to one reader or on all wires that leave there. */
export interface Spot {
  readonly after: string;
  readonly reader: string | null;
}

/** A wire that is being drawn from a card, by pointer or by keys. */
export interface Drawn {
  readonly from: string;
  /** Card it would come to now. */
  readonly to: string | null;
  /** The pointer in the window; null where keys choose. */
  readonly pointer: readonly [number, number] | null;
}

/** One unit of a recurrent layer at one step of time. */
export interface Moment {
  readonly node: string;
  readonly unit: number;
  readonly step: number;
}

export class View {
  /** Card that is open, by the identifier of its first node. */
  selected = $state<string | null>(null);
  /** Map or unit of the open layer that its view explains. */
  map = $state(0);
  /** The opened step of time of a recurrent layer. */
  moment = $state.raw<Moment | null>(null);
  /** Shown large in the place of the output. */
  hovered = $state.raw<Place | null>(null);
  /** Range of what is hovered, or of the layer that is open: the legend shows it. */
  hoveredLimit = $state(0);
  scale = $state<ScaleMode>('layer');
  kernels = $state(false);
  /** Where the next part of the palette goes, if a wire's + was pressed. */
  spot = $state.raw<Spot | null>(null);
  /** Cards that are copied, cut or removed together. */
  picked = $state.raw<readonly string[]>([]);
  drawn = $state.raw<Drawn | null>(null);
  /** A wire to a card that takes one and has one: how they are to come together is asked. */
  choice = $state.raw<{ readonly source: string; readonly reader: string } | null>(null);
  /** The stage shows the whole network, however small. */
  whole = $state(false);
  /** Show net input u in place of the activation x, card by card. */
  before = $state.raw<readonly string[]>([]);
  lab = $state<Lab | null>(null);
  /** Layer whose gradients are checked; null: all. */
  checked = $state<string | null>(null);
  logLoss = $state(false);
  /** The loss of a network of next tokens as its perplexity. */
  perplexity = $state(false);
  smoothing = $state(0.6);

  open(card: string | null, map = 0): void {
    this.selected = card;
    this.map = map;
  }

  /** Another map or unit of the open layer; a step of time that is open becomes that of the unit. */
  choose(map: number): void {
    this.map = map;
    if (this.moment?.node === this.selected) this.moment = { ...this.moment, unit: map };
  }

  /** The map or unit that is chosen of a card. */
  chosen(card: string): number {
    return this.moment?.node === card ? this.moment.unit : this.map;
  }

  /** The gradient check, of one layer or all. */
  check(node: string | null): void {
    this.checked = node;
    this.lab = 'gradcheck';
  }

  togglePicked(card: string): void {
    const has = this.picked.includes(card);
    this.picked = has ? this.picked.filter((one) => one !== card) : [...this.picked, card];
  }

  toggleBefore(card: string): void {
    const shown = this.before.includes(card);
    this.before = shown ? this.before.filter((one) => one !== card) : [...this.before, card];
  }
}
