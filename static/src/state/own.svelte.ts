// Own data sets, and what is known of the data set on the page with its options.
import { ApiError } from '../protocol/errors';
import type { Api } from '../protocol/rest';
import type {
  DatasetFacts,
  OwnDetail,
  OwnSet,
  PartValue,
  Text,
  UploadState,
} from '../protocol/types';
import type { Catalog } from './catalog.svelte';

const ASK_MS = 250;

function why(error: unknown): Text {
  if (!(error instanceof ApiError)) throw error;
  return error.problems[0]?.message ?? error.text;
}

/** What is said of a file that is brought: of pictures, and of tables. */
export interface UploadOptions {
  size: number;
  colour: 'grey' | 'colour';
  header: 'found' | 'yes' | 'no';
  delimiter: 'found' | 'comma' | 'semicolon' | 'tab' | 'bar';
}

/** Files that become data sets when they are dropped on the page. */
export const isData = (file: File): boolean => /\.(csv|tsv|txt|zip)$/i.test(file.name);

export class Own {
  /** A file that was dropped on the page: the window for own data opens and reads it. */
  dropped = $state.raw<File | null>(null);
  sets = $state.raw<OwnSet[]>([]);
  /** Of the set on the page, where it is one of the user's own. */
  detail = $state.raw<OwnDetail | null>(null);
  #described = $state.raw<{ key: string; type: string; facts: DatasetFacts } | null>(null);
  readonly #api: Api;
  readonly #catalog: Catalog;
  #request: AbortController | null = null;

  constructor(api: Api, catalog: Catalog) {
    this.#api = api;
    this.#catalog = catalog;
  }

  /** With its options where they matter: until the server has said, as it was before the last edit. */
  facts(dataset: PartValue): DatasetFacts | null {
    const declared = this.#catalog.datasetFacts(dataset.type);
    if (!declared?.varies) return declared;
    const known = this.#described;
    return known?.type === dataset.type ? known.facts : declared;
  }

  /** Whether the facts are those of this very data set. */
  knows(dataset: PartValue): boolean {
    if (!this.#catalog.datasetFacts(dataset.type)?.varies) return true;
    return this.#described?.key === JSON.stringify(dataset);
  }

  /** Ask the server what this data set is like; its mistakes are told by the check of the network. */
  async follow(dataset: PartValue): Promise<void> {
    this.#request?.abort();
    const digest = dataset['digest'];
    if (typeof digest !== 'string' || !digest) this.detail = null;
    else if (this.detail?.digest !== digest) void this.#look(digest);
    if (!this.#catalog.datasetFacts(dataset.type)?.varies) return;
    const request = new AbortController();
    this.#request = request;
    try {
      const facts = await this.#api.describe(dataset, request.signal);
      this.#described = { key: JSON.stringify(dataset), type: dataset.type, facts };
    } catch {
      // The network's problems say why; the next edit asks again.
    }
  }

  async #look(digest: string): Promise<void> {
    this.detail = await this.#api.ownDetail(digest).catch(() => null);
  }

  async refresh(): Promise<void> {
    this.sets = await this.#api.ownData();
  }

  /** Send a file and wait until it is read: the set it became, or why it was refused. */
  async upload(
    file: File,
    options: UploadOptions,
    progress: (share: number | null) => void,
  ): Promise<{ digest: string | null; refused: Text | null }> {
    progress(null);
    let state: UploadState;
    try {
      state = await this.#read(file, options, progress);
    } catch (error) {
      return { digest: null, refused: why(error) };
    }
    await this.refresh();
    return { digest: state.digest, refused: state.error?.message ?? null };
  }

  async #read(
    file: File,
    options: UploadOptions,
    progress: (share: number | null) => void,
  ): Promise<UploadState> {
    let state = await this.#api.upload(file, options);
    while (state.state === 'receiving' || state.state === 'reading') {
      progress(state.progress);
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
      state = await this.#api.uploadState(state.id);
    }
    return state;
  }

  async change(
    digest: string,
    texts: Partial<Record<'name' | 'licence' | 'source', string>>,
  ): Promise<OwnDetail> {
    const changed = await this.#api.changeOwn(digest, texts);
    if (this.detail?.digest === digest) this.detail = changed;
    await this.refresh();
    return changed;
  }

  /** Remove a set for good; says why it is not, while a run needs it. */
  async remove(digest: string): Promise<Text | null> {
    try {
      await this.#api.removeOwn(digest);
    } catch (error) {
      return why(error);
    }
    await this.refresh();
    return null;
  }
}
