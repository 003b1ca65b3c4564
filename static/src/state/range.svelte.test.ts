// The range test on the page: its result is of one run and goes with it. The server stands in the test.
import { describe, expect, it } from 'vitest';
import type { RangeTest } from '../protocol/types';
import { RangeTester } from './range.svelte';
import type { Session } from './session.svelte';

describe('a range test', () => {
  it('is forgotten when another run is opened, and kept while its own is there', async () => {
    const wanted = { low: 1e-4, high: 1, batches: 20 };
    const done: RangeTest = {
      state: 'finished',
      branch: 0,
      step: 0,
      done: 20,
      wanted,
      rates: [],
      losses: [],
      smoothed: [],
      verdict: 'flat',
      suggestion: null,
      steepest: null,
      lowest: null,
      reason: null,
    };
    const run = { id: 'a' };
    const session = {
      run,
      api: { startRangeTest: () => Promise.resolve(done) },
      ensure: () => Promise.resolve(true),
      guard: <T>(action: () => Promise<T>) => action(),
    };
    const tester = new RangeTester(session as unknown as Session);
    tester.belong('a');
    await tester.start(wanted);
    tester.belong('a');
    expect(tester.test).toMatchObject({ state: 'finished' });
    tester.belong('b');
    expect(tester.test).toBeNull();
    run.id = 'b';
    await tester.start(wanted);
    expect(tester.test).toMatchObject({ state: 'finished' });
  });
});
