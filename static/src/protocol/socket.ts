// The one WebSocket of a tab: reconnects with back-off, resumes every run from the last event it has.
import type { ClientMessage, ServerMessage, StoredEvent, Tap, Text } from './types';

export type Status = 'idle' | 'connecting' | 'open' | 'waiting' | 'refused';

export interface Listener {
  /** Events of a subscribed run, in order, each once. */
  events(run: string, events: StoredEvent[]): void;
  frame(buffer: ArrayBuffer): void;
  status(status: Status, retryInMs: number): void;
  refused(code: string, message: Text): void;
  /** The run has another past than the one that was followed: load it anew. */
  reset(run: string): void;
  /** The run makes no step though nobody paused it, or goes on. */
  held(run: string, reason: Text | null): void;
  hello(version: string): void;
}

const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 8000;
const CLOSE_UNAUTHORIZED = 4401;
const CLOSE_FORBIDDEN = 4403;

/** Wait before attempt `attempt` (0, 1, …): doubling, with up to a fifth of random delay. */
export function backoff(attempt: number, random = Math.random()): number {
  const delay = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return delay * (1 + 0.2 * random);
}

export function streamAddress(location: Location): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/stream`;
}

export class Stream {
  readonly #url: string;
  readonly #listener: Listener;
  readonly #open: (url: string) => WebSocket;
  readonly #last = new Map<string, number>();
  readonly #taps = new Map<string, Tap[]>();
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #visible = true;
  #stopped = false;

  constructor(
    url: string,
    listener: Listener,
    open: (url: string) => WebSocket = (address) => new WebSocket(address),
  ) {
    this.#url = url;
    this.#listener = listener;
    this.#open = open;
  }

  /** Start; safe to call again. */
  connect(): void {
    if (this.#socket || this.#stopped) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#listener.status('connecting', 0);
    const socket = this.#open(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = (message) => this.#received(message.data as unknown);
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  close(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Follow a run from the event after `after`. */
  subscribe(run: string, after: number): void {
    this.#last.set(run, after);
    this.connect();
    this.#send({ type: 'subscribe', run, after });
  }

  unsubscribe(run: string): void {
    this.#last.delete(run);
    this.#taps.delete(run);
    this.#send({ type: 'unsubscribe', run });
  }

  /** Replace the taps on a run that is followed. */
  watch(run: string, taps: Tap[]): void {
    this.#taps.set(run, taps);
    this.#send({ type: 'watch', run, taps });
  }

  acknowledge(frame: number): void {
    this.#send({ type: 'ack', frame });
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#send({ type: 'visibility', visible });
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #opened(): void {
    this.#attempt = 0;
    this.#listener.status('open', 0);
    if (!this.#visible) this.#send({ type: 'visibility', visible: false });
    for (const [run, after] of this.#last) {
      this.#send({ type: 'subscribe', run, after });
      const taps = this.#taps.get(run);
      if (taps) this.#send({ type: 'watch', run, taps });
    }
  }

  #received(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      this.#listener.frame(data);
      return;
    }
    const message = JSON.parse(String(data)) as ServerMessage;
    switch (message.type) {
      case 'hello':
        this.#listener.hello(message.version);
        return;
      case 'refused':
        this.#listener.refused(message.code, message.message);
        return;
      case 'reset':
        if (!this.#last.has(message.run)) return;
        this.#last.set(message.run, message.last);
        this.#listener.reset(message.run);
        return;
      case 'held':
        this.#listener.held(message.run, message.reason);
        return;
      case 'events':
        this.#events(message.run, message.events);
    }
  }

  #events(run: string, events: StoredEvent[]): void {
    const last = this.#last.get(run);
    if (last === undefined) return;
    const fresh = events.filter((event) => event.seq > last);
    const newest = fresh.at(-1);
    if (!newest) return;
    this.#last.set(run, newest.seq);
    this.#listener.events(run, fresh);
  }

  #closed(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    if (this.#stopped) return;
    if (code === CLOSE_UNAUTHORIZED || code === CLOSE_FORBIDDEN) {
      this.#listener.status('refused', 0);
      return;
    }
    const delay = backoff(this.#attempt++);
    this.#listener.status('waiting', delay);
    this.#timer = setTimeout(() => this.connect(), delay);
  }
}
