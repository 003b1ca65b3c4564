// What a page forgets when it turns to another run.
import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames';
import { Frames } from './frames.svelte';

const of = (run: string) => ({ metadata: { run } }) as unknown as Frame;

describe('frames', () => {
  it('keep what has already come from the run that is entered, and nothing of another', () => {
    const frames = new Frames(() => undefined);
    frames.activation = of('new');
    frames.kernel = of('old');
    frames.recorded = true;
    frames.clear('new');
    expect(frames.activation).not.toBeNull();
    expect(frames.kernel).toBeNull();
    frames.clear();
    expect(frames.activation).toBeNull();
    expect(frames.recorded).toBe(false);
  });
});
