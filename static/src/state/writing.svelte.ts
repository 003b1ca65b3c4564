// Texts that the network writes: asked for while it trains, kept by the step of their weights.
import { SvelteSet } from 'svelte/reactivity';
import { ofRun } from '../protocol/rest';
import type { Text } from '../protocol/types';
import { said } from './said';
import type { Session } from './session.svelte';

export interface Rival {
  readonly token: string;
  readonly probability: number | string;
}

export interface Written extends Rival {
  readonly top: readonly Rival[];
}

/** What was written by the weights of one step, and how it was asked for. */
export interface Piece {
  readonly step: number;
  readonly prompt: string;
  readonly tokens: readonly Written[];
}

const MOST = 40;
const EVERY_MS = 3000;
const kept = new WeakMap<Session, Writing>();

export function writingOf(session: Session): Writing {
  const known = kept.get(session);
  if (known) return known;
  const made = new Writing(session);
  kept.set(session, made);
  return made;
}

export class Writing {
  prompt = $state('');
  length = $state(120);
  temperature = $state(0.8);
  /** 0: among all tokens. */
  topK = $state(0);
  seed = $state(1);
  /** A new piece is asked for now and then while the run goes on. */
  live = $state(true);
  /** There is a beginning, and it is made of what the network knows. */
  ready = $state(false);
  busy = $state(false);
  trouble = $state.raw<Text | null>(null);
  /** The newest first. */
  pieces = $state.raw<readonly Piece[]>([]);
  readonly #session: Session;
  #run: string | null = null;
  #asked = new SvelteSet<string>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Another run writes other texts. */
  belong(run: string | null): void {
    if (run === this.#run) return;
    this.#run = run;
    this.pieces = [];
    this.trouble = null;
    this.#asked.clear();
  }

  /** Ask every few seconds while it trains; the returned function stops that. */
  follow(): () => void {
    const timer = setInterval(() => {
      if (this.live && this.#session.run.running && !document.hidden) void this.write();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }

  async write(): Promise<void> {
    const { run, api } = this.#session;
    const { id } = run;
    if (!id || this.busy || !this.ready) return;
    const wanted = {
      prompt: this.prompt,
      length: this.length,
      temperature: this.temperature,
      top_k: this.topK,
      seed: this.seed,
    };
    const key = JSON.stringify([run.step, run.branch, run.commands, wanted]);
    if (this.#asked.has(key)) return;
    this.busy = true;
    try {
      const asked = { params: ofRun(id), body: wanted };
      const found = await run.answered(api.http.POST('/api/v1/runs/{run}/generate', asked));
      if (run.id !== id) return;
      this.#asked.add(key);
      this.trouble = null;
      const piece = { step: found.step, prompt: wanted.prompt, tokens: found.tokens };
      const others = this.pieces.filter(
        (one) => one.step !== piece.step || one.prompt !== piece.prompt,
      );
      this.pieces = [piece, ...others].slice(0, MOST);
    } catch (error) {
      const trouble = said(error);
      this.trouble = trouble.problems[0]?.message ?? trouble.text;
    } finally {
      this.busy = false;
    }
  }
}
