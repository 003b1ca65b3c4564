// A run on the page takes its settings from events alone, and knows when an answer is ahead of them.
import { describe, expect, it } from 'vitest';
import type { Api } from '../protocol/rest';
import type { Stream } from '../protocol/socket';
import type { Command, RunInfo, Settings, StoredEvent } from '../protocol/types';
import { Run } from './run.svelte';

const settings = (rate: number): Settings => ({
  optimizer: { learning_rate: rate },
  loss: {},
  batch_size: 8,
  epochs: 3,
  speed: null,
  layers: {},
  schedule: { type: 'constant' },
  clip_norm: null,
  clip_value: null,
  groups: [],
  frozen: {},
  silenced: {},
});
const INFO = {
  id: 'r',
  state: 'paused',
  reason: null,
  spec: {},
  device: 'cpu',
  branch: 0,
  step: 4,
  epoch: 0,
  last_seq: 10,
  queue_position: null,
  settings: settings(0.05),
  branches: [],
} as unknown as RunInfo;

const setRate = (rate: number) =>
  ({ type: 'set_optimizer', values: { learning_rate: rate } }) as const satisfies Command;

function applied(seq: number, rate: number): StoredEvent {
  const command = setRate(rate);
  const event = {
    type: 'command',
    branch: 0,
    step: 4,
    command,
    settings: settings(rate),
    until_epoch: null,
  } as const;
  return { run: 'r', seq, time: 0, since: null, event };
}

/** A run whose server has applied every command by the time it answers. */
function following() {
  let seq = INFO.last_seq;
  const answer = () => Promise.resolve({ step: 4, branch: 0, seq: ++seq, waiting: false });
  const api = { command: answer } as unknown as Api;
  const stream = { subscribe: () => undefined, unsubscribe: () => undefined } as unknown as Stream;
  const run = new Run(api, stream, () => undefined);
  run.adopt(INFO);
  return run;
}

describe('the settings of a run', () => {
  it('are those of the newest event, not of an answer', async () => {
    const run = following();
    await run.command(setRate(0.1));
    expect(run.settings?.optimizer['learning_rate']).toBe(0.05);
    run.receive([applied(11, 0.1)]);
    expect(run.settings?.optimizer['learning_rate']).toBe(0.1);
  });

  it('are not up to date between two quick changes', async () => {
    const run = following();
    expect(run.upToDate).toBe(true);
    await run.command(setRate(0.1));
    await run.command(setRate(0.2));
    run.receive([applied(11, 0.1)]);
    expect(run.upToDate).toBe(false);
    run.receive([applied(12, 0.2)]);
    expect(run.upToDate).toBe(true);
    expect(run.settings?.optimizer['learning_rate']).toBe(0.2);
  });

  it('come with a rewind, without another question', () => {
    const run = following();
    const rewound = { type: 'rewound', branch: 1, step: 2, parent: 0, epoch: 0.5 } as const;
    run.receive([
      { run: 'r', seq: 11, time: 0, since: null, event: { ...rewound, settings: settings(0.01) } },
      { run: 'r', seq: 12, time: 0, since: null, event: { ...rewound, branch: 2, settings: null } },
    ]);
    expect(run.settings?.optimizer['learning_rate']).toBe(0.01);
    expect([run.branch, run.step, run.epoch]).toEqual([2, 2, 0.5]);
  });
});
