// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoredEvent, Text } from './types';
import { Stream, backoff, type Listener, type Status } from './socket';

/** A socket whose other end is the test: jsdom has no server to connect to. */
class Wire {
  static made: Wire[] = [];
  readyState: number = WebSocket.CONNECTING;
  binaryType = '';
  sent: { type: string; [field: string]: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    Wire.made.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { type: string });
  }
  close(): void {
    this.readyState = WebSocket.CLOSED;
  }
  accept(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(code = 1006): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.({ code });
  }
}

function event(seq: number): StoredEvent {
  const paused = { type: 'state', state: 'paused', reason: null, device: null } as const;
  const event = { ...paused, kept: [], branch: 0, step: seq };
  return { run: 'r', seq, time: 0, since: null, event };
}

function listening() {
  const seen = {
    events: [] as number[],
    status: [] as Status[],
    frames: 0,
    refused: '',
    held: null as Text | null,
    reset: '',
  };
  const listener: Listener = {
    events: (_, events) => seen.events.push(...events.map((one) => one.seq)),
    frame: () => seen.frames++,
    status: (status) => seen.status.push(status),
    refused: (code) => (seen.refused = code),
    held: (_run, reason) => (seen.held = reason),
    reset: (run) => (seen.reset = run),
    hello: () => undefined,
  };
  const stream = new Stream('ws://x', listener, () => new Wire() as unknown as WebSocket);
  return { stream, seen };
}

const last = () => Wire.made.at(-1) as Wire;

beforeEach(() => {
  Wire.made = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('the stream', () => {
  it('comes back after a loss and goes on after the last event it has', () => {
    const { stream, seen } = listening();
    stream.subscribe('r', 4);
    last().accept();
    stream.watch('r', [{ roles: ['activation'], sample: { kind: 'given', values: [1] }, rate: 5 }]);
    last().say({ type: 'events', run: 'r', events: [event(5), event(6)] });
    last().drop();
    expect(seen.status).toEqual(['connecting', 'open', 'waiting']);
    vi.advanceTimersByTime(400);
    last().accept();
    expect(last().sent).toMatchObject([
      { type: 'subscribe', run: 'r', after: 6 },
      { type: 'watch', run: 'r' },
    ]);
    last().say({ type: 'events', run: 'r', events: [event(6), event(7)] });
    expect(seen.events).toEqual([5, 6, 7]);
  });

  it('waits longer with every attempt that fails', () => {
    const { stream } = listening();
    stream.connect();
    last().drop();
    vi.advanceTimersByTime(310);
    expect(Wire.made).toHaveLength(2);
    last().drop();
    vi.advanceTimersByTime(310);
    expect(Wire.made).toHaveLength(2);
    vi.advanceTimersByTime(310);
    expect(Wire.made).toHaveLength(3);
    expect(backoff(20, 0)).toBe(8000);
    expect(backoff(0, 1)).toBeCloseTo(300);
  });

  it('hands frames on, acknowledges, and says when it is hidden', () => {
    const { stream, seen } = listening();
    stream.connect();
    last().accept();
    last().onmessage?.({ data: new ArrayBuffer(4) });
    stream.acknowledge(12);
    stream.setVisible(false);
    expect(seen.frames).toBe(1);
    expect(last().sent).toEqual([
      { type: 'ack', frame: 12 },
      { type: 'visibility', visible: false },
    ]);
    last().say({ type: 'refused', code: 'not_found', message: { en: '', zh: '' }, run: 'r' });
    expect(seen.refused).toBe('not_found');
    const reason = { en: 'full', zh: '满' };
    last().say({ type: 'held', run: 'r', reason });
    expect(seen.held).toEqual(reason);
  });

  it('does not try again where it is not allowed, or after it was closed', () => {
    const { stream, seen } = listening();
    stream.connect();
    last().drop(4401);
    vi.advanceTimersByTime(60_000);
    expect(Wire.made).toHaveLength(1);
    expect(seen.status.at(-1)).toBe('refused');
    stream.close();
    stream.connect();
    expect(Wire.made).toHaveLength(1);
  });

  it('says when a run has another past, and goes on from its true end', () => {
    const { stream, seen } = listening();
    stream.subscribe('r', 40);
    last().accept();
    last().say({ type: 'reset', run: 'other', last: 1 });
    expect(seen.reset).toBe('');
    last().say({ type: 'reset', run: 'r', last: 3 });
    expect(seen.reset).toBe('r');
    last().say({ type: 'events', run: 'r', events: [event(4)] });
    expect(seen.events).toEqual([4]);
    last().drop();
    vi.advanceTimersByTime(400);
    last().accept();
    expect(last().sent).toMatchObject([{ type: 'subscribe', run: 'r', after: 4 }]);
  });

  it('forgets a run that is not followed any more', () => {
    const { stream, seen } = listening();
    stream.subscribe('r', 0);
    last().accept();
    stream.unsubscribe('r');
    last().say({ type: 'events', run: 'r', events: [event(1)] });
    expect(seen.events).toEqual([]);
  });
});
