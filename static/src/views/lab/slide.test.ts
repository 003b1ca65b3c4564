import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KernelLab } from './kernelLab.svelte';
import { Slide } from './slide.svelte';

vi.mock('../../state/kernels', () => ({ takeOver: () => null, learnedKernels: () => [] }));

let frame: ((now: number) => void) | null = null;
let still = false;

beforeEach(() => {
  frame = null;
  still = false;
  vi.stubGlobal('matchMedia', () => ({ matches: still }));
  vi.stubGlobal('requestAnimationFrame', (call: (now: number) => void) => {
    frame = call;
    return 1;
  });
  vi.stubGlobal('cancelAnimationFrame', () => (frame = null));
  vi.spyOn(performance, 'now').mockReturnValue(0);
});
afterEach(() => vi.unstubAllGlobals());

function made(): { lab: KernelLab; slide: Slide } {
  const lab = new KernelLab();
  return { lab, slide: new Slide(lab) };
}

describe('the sliding kernel', () => {
  it('goes row by row at its pace, and stops where it is paused', () => {
    const { lab, slide } = made();
    const width = lab.result?.width ?? 0;
    slide.toggle();
    expect(lab.cell).toEqual({ row: 0, column: 0 });
    frame?.(1000); // twelve cells
    expect(slide.reached).toBe(13);
    expect(lab.cell).toEqual({ row: 0, column: 12 });
    frame?.(1000 + (width / 12) * 1000);
    expect(lab.cell).toEqual({ row: 1, column: 12 });
    slide.toggle();
    expect([slide.playing, frame]).toEqual([false, null]);
    slide.step();
    expect(lab.cell).toEqual({ row: 1, column: 13 });
  });

  it('is skipped to the whole result, and ends there by itself', () => {
    const { slide } = made();
    slide.step();
    expect(slide.reached).toBe(1);
    slide.skip();
    expect(slide.reached).toBeNull();
    slide.speed = 'fast';
    slide.toggle();
    frame?.(10_500);
    expect([slide.playing, slide.reached]).toEqual([false, null]);
  });

  it('waits where somebody points', () => {
    const { lab, slide } = made();
    slide.toggle();
    slide.jump(3, 4);
    expect(slide.playing).toBe(false);
    expect(slide.reached).toBe(3 * (lab.result?.width ?? 0) + 5);
    slide.skip();
    slide.jump(1, 1);
    expect(slide.reached).toBeNull();
    expect(lab.cell).toEqual({ row: 1, column: 1 });
  });

  it('is slow for those who want less motion', () => {
    still = true;
    expect(made().slide.speed).toBe('slow');
  });
});
