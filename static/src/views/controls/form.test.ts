// Forms made from schemas, and the number field, as a person and a screen reader meet them.
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../../i18n';
import type { Problem } from '../../protocol/types';
import NumberField from './NumberField.svelte';
import PartForm from './PartForm.svelte';
import { catalogue, conv } from './testing';

afterEach(() => setLanguage('en'));

const value = {
  type: 'conv2d',
  filters: 6,
  bias: true,
  form: 'mean',
  init: { type: 'normal', std: 0.1 },
};
const problem: Problem = {
  code: 'shape',
  message: { en: 'Too many maps.', zh: '特征图过多。' },
  severity: 'error',
  pointer: '/model/nodes/0/layer/filters',
  node: 'conv1',
  params: {},
  repairs: [{ text: { en: 'Set filters to 4', zh: '将 filters 设为 4' }, patch: [] }],
};

function form(extra: Record<string, unknown> = {}) {
  const onchange = vi.fn();
  const families = { initializers: catalogue };
  render(PartForm, { part: conv, value, families, live: ['filters'], onchange, ...extra });
  return onchange;
}

describe('the form of a part', () => {
  it('shows every field with its value and says its changes', async () => {
    const onchange = form();
    const filters = screen.getByRole('spinbutton', { name: 'output maps' });
    expect(filters).toHaveProperty('value', '6');
    await fireEvent.input(filters, { target: { value: '12' } });
    await fireEvent.keyDown(filters, { key: 'Enter' });
    await fireEvent.click(screen.getByRole('switch', { name: 'bias' }));
    await fireEvent.click(screen.getByRole('radio', { name: 'half_sum' }));
    expect(onchange.mock.calls).toEqual([
      ['filters', 12],
      ['bias', false],
      ['form', 'half_sum'],
    ]);
  });

  it('holds the fields of the part within, and changes it as a whole', async () => {
    const onchange = form();
    const choice = screen.getByRole('combobox', { name: 'initial weights' });
    expect(within(choice).getByRole('option', { name: 'Normal' })).toHaveProperty('selected', true);
    const std = screen.getByRole('spinbutton', { name: 'σ' });
    await fireEvent.keyDown(std, { key: 'ArrowUp' });
    await fireEvent.change(choice, { target: { value: 'default' } });
    expect(onchange.mock.calls).toEqual([
      ['init', { type: 'normal', std: 0.2 }],
      ['init', { type: 'default' }],
    ]);
  });

  it('marks what starts a new run, and says so on focus', async () => {
    form();
    expect(screen.queryByRole('button', { name: 'output maps: new run, same seed' })).toBeNull();
    const mark = screen.getByRole('button', { name: 'bias: new run, same seed' });
    await fireEvent.focus(mark);
    expect(screen.getByRole('tooltip').textContent).toMatch(/new run with the same seed/);
    await fireEvent.keyDown(mark, { key: 'Escape' });
    expect(screen.queryByRole('tooltip')).toBeNull();
  });

  it('shows a problem at its field and offers the repair', async () => {
    const onrepair = vi.fn();
    form({ problems: [problem], onrepair });
    const filters = screen.getByRole('spinbutton', { name: 'output maps' });
    expect(filters.getAttribute('aria-invalid')).toBe('true');
    const said = document.getElementById(filters.getAttribute('aria-describedby') ?? '');
    expect(said?.textContent).toContain('Too many maps.');
    await fireEvent.click(screen.getByRole('button', { name: 'Set filters to 4' }));
    expect(onrepair).toHaveBeenCalledWith(problem.repairs[0]);
  });

  it('speaks Chinese', () => {
    setLanguage('zh');
    form({ problems: [problem] });
    expect(screen.getByRole('spinbutton', { name: '输出特征图数' })).toBeTruthy();
    expect(screen.getByText('特征图过多。')).toBeTruthy();
    expect(screen.getByRole('option', { name: '正态分布' })).toBeTruthy();
  });
});

describe('a number field', () => {
  function field(extra: Record<string, unknown> = {}) {
    const onchange = vi.fn();
    render(NumberField, {
      value: 0.05,
      min: 0,
      max: 100,
      log: true,
      label: 'η',
      onchange,
      ...extra,
    });
    return { onchange, input: screen.getByRole('spinbutton', { name: 'η' }) };
  }

  it.each([
    ['ArrowUp', 0.1],
    ['ArrowDown', 0.02],
    ['PageUp', 0.5],
    ['PageDown', 0.005],
  ])('%s gives %d', async (key, expected) => {
    const { onchange, input } = field();
    await fireEvent.keyDown(input, { key });
    expect(onchange).toHaveBeenCalledWith(expected);
  });

  it('keeps what does not fit, says why, and lets go of it on Escape', async () => {
    const { onchange, input } = field();
    await fireEvent.input(input, { target: { value: '200' } });
    await fireEvent.blur(input);
    expect(onchange).not.toHaveBeenCalled();
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByText('From 0 to 100.')).toBeTruthy();
    await fireEvent.keyDown(input, { key: 'Escape' });
    expect(input).toHaveProperty('value', '0.05');
    expect(input.getAttribute('aria-invalid')).toBe('false');
  });

  it('says a slid value once, when the slider is let go', async () => {
    const { onchange, input } = field();
    const slider = document.querySelector('input[type=range]');
    if (!slider) throw new Error('no slider');
    await fireEvent.input(slider, { target: { value: '1' } });
    expect(input).toHaveProperty('value', '100');
    expect(onchange).not.toHaveBeenCalled();
    await fireEvent.change(slider);
    expect(onchange.mock.calls).toEqual([[100]]);
  });

  it('is stepped by its buttons', async () => {
    const { onchange } = field();
    await fireEvent.click(screen.getByRole('button', { name: 'η: more' }));
    expect(onchange).toHaveBeenCalledWith(0.1);
  });
});
