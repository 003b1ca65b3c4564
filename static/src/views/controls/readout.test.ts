// What one reads and moves along: curves, gradient bars, prediction, timeline, drawing pad.
import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../../i18n';
import Curves from './Curves.svelte';
import DrawPad from './DrawPad.svelte';
import GradientBars from './GradientBars.svelte';
import Prediction from './Prediction.svelte';
import Timeline from './Timeline.svelte';

// jsdom has no canvas: the chart itself is looked at in the browser tests, here what surrounds it.
const plot = vi.hoisted(() => ({
  set: vi.fn(),
  mark: vi.fn(),
  read: vi.fn(),
  zoom: vi.fn(),
  reset: vi.fn(),
  resize: vi.fn(),
  destroy: vi.fn(),
}));
const makePlot = vi.hoisted(() => vi.fn((..._: unknown[]) => plot));
vi.mock('./plot', () => ({ makePlot }));

beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = vi.fn();
      unobserve = vi.fn();
      disconnect = vi.fn();
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  makePlot.mockImplementation(() => plot);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  setLanguage('en');
});

describe('curves', () => {
  const series = [
    {
      id: 't',
      label: 'train',
      color: 'train',
      style: 'solid' as const,
      x: [1, 2, 3],
      y: [3, 2, 1],
    },
    { id: 'v', label: 'val', color: 'val', style: 'dashed' as const, x: [2], y: [2.5] },
  ];

  it('tell a listener the latest, lowest and highest value', () => {
    render(Curves, { series, title: 'Loss', xLabel: 'step' });
    expect(
      screen.getByText('train: latest 1.000 at step 3; lowest 1.000, highest 3.000.'),
    ).toBeTruthy();
    expect(plot.set).toHaveBeenCalledWith(
      [1, 2, 3],
      [
        [3, 2, 1],
        [undefined, 2.5, undefined],
      ],
    );
  });

  it('are read step by step with keys, and a step is picked with Enter', async () => {
    const onpick = vi.fn();
    render(Curves, { series, title: 'Loss', xLabel: 'step', onpick });
    const reader = screen.getByRole('slider', { name: 'Loss, read a step' });
    await fireEvent.keyDown(reader, { key: 'ArrowLeft' });
    expect(reader.getAttribute('aria-valuetext')).toBe('step 2, train 2.000, val 2.500');
    await fireEvent.keyDown(reader, { key: 'Enter' });
    expect(onpick).toHaveBeenCalledWith(2);
    await fireEvent.keyDown(reader, { key: '+' });
    expect(plot.zoom).toHaveBeenCalledWith(0.5, 2);
  });

  it('draw the raw values behind the smoothed ones, where the series is measured at every step', async () => {
    render(Curves, { series, title: 'Loss', xLabel: 'step', smoothing: 0.5 });
    const options = makePlot.mock.lastCall?.[1] as { lines: { faint: boolean }[] };
    expect(options.lines.map(({ faint }) => faint)).toEqual([true, false, false]);
    await fireEvent.click(screen.getByRole('button', { name: 'log y' }));
    expect(makePlot.mock.lastCall?.[1]).toMatchObject({ logY: true });
  });

  it('say when there is nothing yet', () => {
    setLanguage('zh');
    render(Curves, { series: [], title: '损失', xLabel: '步' });
    expect(screen.getByText('尚未运行任何一步')).toBeTruthy();
    expect(screen.queryByRole('slider', { name: /逐步读数/ })).toBeNull();
  });
});

it('gradient bars tell no gradient from zero, and are chosen by key', async () => {
  const onselect = vi.fn();
  const bars = [
    { id: 'conv1', value: 0.00002 },
    { id: 'fc1', value: 0.02 },
    { id: 'fc2', value: 0 },
    { id: 'out', value: null },
  ];
  render(GradientBars, { bars, onselect, low: 1e-4, high: 10 });
  const buttons = screen.getAllByRole('button');
  expect(buttons.map((one) => one.getAttribute('aria-label'))).toEqual([
    'conv1: 2.0·10⁻⁵, vanishing',
    'fc1: 0.020, in range',
    'fc2: 0.000, exactly zero',
    'out: no gradient yet',
  ]);
  buttons[0]?.focus();
  await fireEvent.keyDown(buttons[0] ?? document.body, { key: 'End' });
  expect(document.activeElement).toBe(buttons[3]);
  await fireEvent.click(buttons[3] ?? document.body);
  expect(onselect).toHaveBeenCalledWith('out');
});

describe('a prediction', () => {
  const classes = ['cat', 'dog'].map((en) => ({ en, zh: en }));

  it('says right or wrong in words, with the shares', () => {
    const probabilities = [0.047, 0.953];
    render(Prediction, { outputs: [0, 3], probabilities, classes, label: 0, readout: 'softmax' });
    expect(screen.getByText('wrong: predicted dog, is cat')).toBeTruthy();
    expect(screen.getByRole('row', { name: /dog 95.3/ }).className).toContain('top');
    expect(screen.getByRole('rowheader', { name: 'cat (the label)' })).toBeTruthy();
  });

  it('shows raw outputs with their sign', () => {
    const outputs = [-0.9, 0.2];
    render(Prediction, { outputs, probabilities: null, classes, label: 1, readout: 'raw' });
    expect(screen.getByText('right: dog')).toBeTruthy();
    expect(screen.getByRole('cell', { name: '−0.900' })).toBeTruthy();
  });

  it('reads one output for two classes by its sign', async () => {
    const props = { probabilities: null, classes, readout: 'raw' as const };
    const { rerender } = render(Prediction, { outputs: [-0.4], label: 0, ...props });
    expect(screen.getByText('right: cat')).toBeTruthy();
    expect(screen.getByRole('row', { name: /output 1/ }).className).toContain('top');
    await rerender({ outputs: [0.4], label: 0, ...props });
    expect(screen.getByText('wrong: predicted dog, is cat')).toBeTruthy();
  });

  it('says how far a number is from what it should be', () => {
    const outputs = [1.25];
    const props = { outputs, probabilities: null, classes: [], readout: 'raw' as const };
    render(Prediction, { ...props, label: null, wanted: 1.5 });
    expect(screen.getByText('target 1.500, off by −0.250')).toBeTruthy();
    expect(screen.queryByText(/right|wrong|predicted/)).toBeNull();
  });

  it('says so when the outputs are not finite, or not there', async () => {
    const props = { probabilities: null, classes, label: 1, readout: 'raw' as const };
    const { rerender } = render(Prediction, { outputs: [NaN, 1], ...props });
    expect(screen.getByText('the outputs are not finite')).toBeTruthy();
    expect(screen.getByRole('cell', { name: 'NaN' })).toBeTruthy();
    await rerender({ outputs: [], ...props });
    expect(screen.getByText('Choose or draw a sample')).toBeTruthy();
  });
});

describe('the timeline', () => {
  const ticks = [{ step: 100, kind: 'snapshot' as const, label: 'snapshot' }];

  function timeline() {
    const onseek = vi.fn();
    render(Timeline, { step: 412, last: 412, total: 992, ticks, onseek });
    return { onseek, slider: screen.getByRole('slider', { name: 'Timeline' }) };
  }

  it('says where it stands', () => {
    const { slider } = timeline();
    expect(slider.getAttribute('aria-valuenow')).toBe('412');
    expect(slider.getAttribute('aria-valuetext')).toBe('step 412 of 412, 992 planned');
  });

  it('collects key presses and goes once', async () => {
    vi.useFakeTimers();
    const { onseek, slider } = timeline();
    for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowRight'])
      await fireEvent.keyDown(slider, { key });
    expect(screen.getByText('step 411')).toBeTruthy();
    expect(onseek).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(onseek.mock.calls).toEqual([[411]]);
  });

  it('goes to marks, never beyond the last step, and stays on Escape', async () => {
    const { onseek, slider } = timeline();
    await fireEvent.keyDown(slider, { key: 'PageDown' });
    await fireEvent.keyDown(slider, { key: 'Enter' });
    expect(onseek).toHaveBeenCalledWith(100);
    await fireEvent.keyDown(slider, { key: 'ArrowRight' });
    expect(slider.getAttribute('aria-valuenow')).toBe('412');
    await fireEvent.keyDown(slider, { key: 'Home' });
    await fireEvent.keyDown(slider, { key: 'Escape' });
    expect(onseek).toHaveBeenCalledOnce();
  });
});

describe('the drawing pad', () => {
  it('is drawn on with keys, announced, and cleared', async () => {
    const onchange = vi.fn<(values: Float32Array) => void>();
    const onclear = vi.fn();
    render(DrawPad, { value: null, onchange, onclear });
    const pad = screen.getByRole('application', { name: 'Drawing pad, 28 by 28' });
    await fireEvent.keyDown(pad, { key: 'ArrowRight' });
    expect(screen.getByRole('status').textContent).toBe('row 15, column 16');
    await fireEvent.keyDown(pad, { key: ' ' });
    expect(screen.getByRole('status').textContent).toBe('painted: row 15, column 16');
    await vi.waitFor(() => expect(onchange).toHaveBeenCalled());
    const values = onchange.mock.lastCall?.[0] ?? new Float32Array();
    expect(values).toHaveLength(784);
    expect(Math.max(...values)).toBeGreaterThan(0.5);
    await fireEvent.click(screen.getByRole('button', { name: 'Clear' }));
    expect(onclear).toHaveBeenCalledOnce();
    expect(screen.getByText('Draw here')).toBeTruthy();
  });

  it('gives the drawing as it is where centring is off', async () => {
    const onchange = vi.fn<(values: Float32Array) => void>();
    render(DrawPad, { value: null, onchange, onclear: vi.fn() });
    await fireEvent.click(screen.getByRole('switch', { name: 'Centre like MNIST' }));
    const pad = screen.getByRole('application');
    await fireEvent.keyDown(pad, { key: 'ArrowUp' });
    await fireEvent.keyDown(pad, { key: 'Enter' });
    await vi.waitFor(() => expect(onchange).toHaveBeenCalled());
    const values = onchange.mock.lastCall?.[0] ?? new Float32Array();
    expect(values[13 * 28 + 14]).toBe(1);
    expect(values[20 * 28 + 14]).toBe(0);
  });

  it('does nothing while disabled', async () => {
    const onchange = vi.fn();
    render(DrawPad, { value: null, onchange, onclear: vi.fn(), disabled: true });
    await fireEvent.keyDown(screen.getByRole('application'), { key: ' ' });
    expect(screen.getByRole('button', { name: 'Clear' })).toHaveProperty('disabled', true);
    expect(screen.getByText('Draw here')).toBeTruthy();
  });
});
