// Every choosable part, the presets and the devices, as the server declares them.
import type { Api } from '../protocol/rest';
import type {
  DatasetFacts,
  DeviceInfo,
  Families,
  LayerFacts,
  Measures,
  Part,
  Preset,
  Presets,
  Readout,
} from '../protocol/types';

const NONE: Families = {
  layers: [],
  datasets: [],
  losses: [],
  optimizers: [],
  initializers: [],
  baselines: [],
  schedules: [],
  augmentations: [],
};

function byType(parts: readonly Part[]): Map<string, Part> {
  return new Map(parts.map((part) => [part.type, part]));
}

export class Catalog {
  families = $state.raw<Families>(NONE);
  /** What counts as healthy, the same wherever health is told; null until the catalogue is here. */
  health = $state.raw<Measures | null>(null);
  presets = $state.raw<Preset[]>([]);
  /** Headings of the presets, in order. */
  groups = $state.raw<Presets['groups']>([]);
  devices = $state.raw<DeviceInfo[]>([]);
  /** What `auto` means. */
  standardDevice = $state('cpu');
  readonly layers = $derived(byType(this.families.layers));
  readonly datasets = $derived(byType(this.families.datasets));
  readonly losses = $derived(byType(this.families.losses));
  readonly optimizers = $derived(byType(this.families.optimizers));
  readonly schedules = $derived(byType(this.families.schedules));
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async load(): Promise<void> {
    const [found, presets] = await Promise.all([this.#api.catalog(), this.#api.presets()]);
    this.families = found.families;
    this.health = found.health;
    this.presets = presets.presets;
    this.groups = presets.groups;
  }

  async loadDevices(): Promise<void> {
    const found = await this.#api.devices();
    this.devices = found.devices;
    this.standardDevice = found.default;
  }

  async refresh(): Promise<void> {
    this.families = (await this.#api.catalog()).families;
  }

  datasetFacts(type: string): DatasetFacts | null {
    const facts = this.datasets.get(type)?.facts;
    return facts ? (facts as unknown as DatasetFacts) : null;
  }

  /** What a kind of layer says of itself; null where no such layer is known. */
  layerFacts(type: string | undefined): LayerFacts | null {
    const facts = this.layers.get(type ?? '')?.facts;
    return facts ? (facts as unknown as LayerFacts) : null;
  }

  readout(loss: string | undefined): Readout {
    const found = this.losses.get(loss ?? '')?.facts['readout'];
    return found === 'softmax' || found === 'sigmoid' ? found : 'raw';
  }
}
