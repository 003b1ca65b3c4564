// What one chooses from: palette, samples, menu, legend, copy, dialogs, notes.
import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../../i18n';
import CopyCall from './CopyCall.svelte';
import KeysDialog from './KeysDialog.svelte';
import Legend from './Legend.svelte';
import Menu from './Menu.svelte';
import Palette from './Palette.svelte';
import SampleStrip from './SampleStrip.svelte';
import { catalogue, conv } from './testing';
import Toasts from './Toasts.svelte';

afterEach(() => setLanguage('en'));

describe('the palette', () => {
  const parts = [conv, ...catalogue];

  it('finds a part by its Chinese name and adds it with Enter', async () => {
    const onadd = vi.fn();
    render(Palette, { parts, onadd });
    const search = screen.getByRole('searchbox', { name: 'Search parts' });
    await fireEvent.input(search, { target: { value: '正态' } });
    expect(screen.getAllByRole('button', { name: /Normal|Conv2d/ })).toHaveLength(1);
    expect(screen.getByRole('status').textContent).toBe('1 parts');
    await fireEvent.keyDown(search, { key: 'Enter' });
    expect(onadd).toHaveBeenCalledWith('normal');
    await fireEvent.keyDown(search, { key: 'Escape' });
    expect(search).toHaveProperty('value', '');
  });

  it('is walked by arrow keys, tells of what has the focus, and has one tab stop', async () => {
    render(Palette, { parts, onadd: vi.fn() });
    await fireEvent.keyDown(screen.getByRole('searchbox'), { key: 'ArrowDown' });
    const [first, second] = document.querySelectorAll<HTMLElement>('[data-part]');
    expect(document.activeElement).toBe(first);
    expect(screen.getByText('About Conv2d.', { exact: false })).toBeTruthy();
    await fireEvent.keyDown(document.activeElement ?? document.body, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(second);
    expect(document.querySelectorAll('[data-part][tabindex="0"]')).toHaveLength(1);
  });

  it('gives what is dragged its own type', async () => {
    render(Palette, { parts, onadd: vi.fn() });
    const setData = vi.fn();
    const drag = new Event('dragstart', { bubbles: true });
    Object.assign(drag, { dataTransfer: { setData } });
    await fireEvent(screen.getByRole('button', { name: /Conv2d/ }), drag);
    expect(setData).toHaveBeenCalledWith('application/x-glassnet-part', 'conv2d');
  });

  it('says when nothing is found', () => {
    render(Palette, { parts, query: 'zzz', onadd: vi.fn() });
    expect(screen.getByText('No part is called “zzz”.')).toBeTruthy();
  });
});

describe('the samples', () => {
  beforeEach(() => {
    // jsdom has no canvas to draw the thumbnails on; what is tested is the list around them.
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  });
  const image = { width: 28, height: 28 } as ImageData;

  it('are a list of which one is chosen by click or by arrow keys', async () => {
    const onselect = vi.fn();
    const onmore = vi.fn();
    const images = [image, image, image];
    render(SampleStrip, { images, labels: [7, 2, 1], selected: 0, onselect, onmore });
    const options = screen.getAllByRole('option');
    expect(options.map((one) => one.getAttribute('aria-label'))[0]).toBe('sample 1, label 7');
    expect(options.map((one) => one.getAttribute('aria-selected'))).toEqual([
      'true',
      'false',
      'false',
    ]);
    options[0]?.focus();
    await fireEvent.keyDown(options[0] ?? document.body, { key: 'ArrowRight' });
    await fireEvent.click(options[2] ?? document.body);
    expect(onselect.mock.calls).toEqual([[1], [2]]);
    await fireEvent.click(screen.getByRole('button', { name: 'Other samples' }));
    expect(onmore).toHaveBeenCalledOnce();
  });
});

describe('a menu', () => {
  const items = [
    { id: 'a', label: 'Alpha' },
    { id: 'b', label: 'Beta', disabled: true },
    { id: 'c', label: 'Gamma' },
  ];

  it('opens on its first item, is walked by keys and letters, and gives the focus back', async () => {
    const onselect = vi.fn();
    render(Menu, { label: 'Presets', items, onselect });
    const button = screen.getByRole('button', { name: 'Presets' });
    await fireEvent.keyDown(button, { key: 'ArrowDown' });
    await vi.waitFor(() => expect(document.activeElement?.textContent).toContain('Alpha'));
    const press = (key: string) =>
      fireEvent.keyDown(document.activeElement ?? document.body, { key });
    await press('g');
    expect(document.activeElement?.textContent).toContain('Gamma');
    await press('ArrowDown');
    expect(document.activeElement?.textContent).toContain('Alpha');
    await press('Escape');
    expect(screen.queryByRole('menu')).toBeNull();
    expect(document.activeElement).toBe(button);
    expect(onselect).not.toHaveBeenCalled();
  });

  it('does not do what is disabled', async () => {
    const onselect = vi.fn();
    render(Menu, { label: 'Presets', items, onselect });
    await fireEvent.click(screen.getByRole('button', { name: 'Presets' }));
    await fireEvent.click(screen.getByRole('menuitem', { name: 'Beta' }));
    expect(onselect).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByRole('menuitem', { name: 'Gamma' }));
    expect(onselect).toHaveBeenCalledWith('c');
  });
});

it('the legend says its range and changes what it is taken over', async () => {
  const onmode = vi.fn();
  render(Legend, { min: -1, max: 1, mode: 'layer', onmode });
  expect(screen.getByRole('img', { name: 'Colour scale from −1.00 to +1.00' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Range of the colours: per layer' }));
  const chosen = screen.getByRole('menuitemradio', { name: /per layer/ });
  expect(chosen.getAttribute('aria-checked')).toBe('true');
  await fireEvent.click(screen.getByRole('menuitemradio', { name: /whole network/ }));
  expect(onmode).toHaveBeenCalledWith('network');
});

it('a call is copied as Python and that is announced', async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  render(CopyCall, { call: { method: 'GET', path: '/api/v1/runs' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Copy this call' }));
  await fireEvent.click(screen.getByRole('menuitem', { name: 'Copy as Python' }));
  await vi.waitFor(() => expect(screen.getByRole('status').textContent).toBe('Copied'));
  expect(writeText).toHaveBeenCalledWith(expect.stringContaining('/api/v1/runs'));
  vi.unstubAllGlobals();
});

it('the list of keys names what they do, in both languages', async () => {
  // jsdom has the element but not its method.
  HTMLDialogElement.prototype.showModal ??= function show(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.open = false;
    this.dispatchEvent(new Event('close'));
  };
  setLanguage('zh');
  render(KeysDialog, { open: true });
  expect(screen.getByRole('dialog', { name: '快捷键' })).toBeTruthy();
  expect(screen.getByText('播放、暂停；展开时逐个运算播放')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '关闭' }));
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('notes say their kind, offer their actions and can be dismissed', async () => {
  const run = vi.fn();
  const ondismiss = vi.fn();
  const notes = [
    {
      id: 1,
      kind: 'warn' as const,
      title: 'Vanishing',
      body: 'conv1',
      actions: [{ label: 'ReLU', run }],
    },
  ];
  render(Toasts, { notes, ondismiss });
  expect(screen.getByRole('listitem').textContent).toMatch(/Warning Vanishing\s*conv1/);
  expect(screen.getByRole('list').getAttribute('aria-live')).toBe('polite');
  await fireEvent.click(screen.getByRole('button', { name: 'ReLU' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Dismiss “Vanishing”' }));
  expect(run).toHaveBeenCalledOnce();
  expect(ondismiss).toHaveBeenCalledWith(1);
});

describe('a menu with headings', () => {
  const items = [
    { id: 'a', label: 'LeNet-5', group: 'Pictures', figure: '≥ 95 %', checked: true },
    { id: 'b', label: 'XOR', group: 'Points', checked: false },
    { id: 'c', label: 'Circle', group: 'Points', checked: false },
  ];

  it('names its groups, shows figures and is walked through as one list', async () => {
    const onselect = vi.fn();
    render(Menu, { label: 'Presets', items, onselect });
    await fireEvent.click(screen.getByRole('button', { name: 'Presets' }));
    const points = screen.getByRole('group', { name: 'Points' });
    expect(points.textContent).toContain('Circle');
    expect(screen.getByRole('menuitemradio', { name: 'LeNet-5≥ 95 %' })).toBeTruthy();
    const menu = screen.getByRole('menu');
    await fireEvent.keyDown(menu, { key: 'ArrowDown' });
    expect(document.activeElement?.textContent).toContain('XOR');
    await fireEvent.keyDown(menu, { key: 'c' });
    expect(document.activeElement?.textContent).toContain('Circle');
    await fireEvent.click(document.activeElement ?? document.body);
    expect(onselect).toHaveBeenCalledWith('c');
  });
});
