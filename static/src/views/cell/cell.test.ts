// Figures, sums and names of the cell view, and its lists as a person uses them.
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../../i18n';
import { LOSS_NODE, type CellAsked } from '../../protocol/microscope';
import { asCurl, asPython } from '../controls/call';
import { callOf } from '../../state/onward';
import { agrees, decimals, figure, figureTex } from './figures';
import { indexName, placeName } from './names';
import { logShare } from './scale';
import { textbook, written } from './sums';
import TermList from './TermList.svelte';
import { convolved, explanation, factor, term } from './testing';
import Verdict from './Verdict.svelte';

afterEach(() => setLanguage('en'));

/** What is not finite comes as a word. */
const word = (text: string) => text as unknown as number;

describe('figures', () => {
  it.each([
    [0.123456, 4, '0.1235'],
    [-12.5, 4, '−12.50'],
    [1234567, 4, '1\u202f234\u202f567'],
    [0.00001234, 3, '1.23·10⁻⁵'],
    [-2.049e-17, 2, '−2·10⁻¹⁷'],
    [0, 4, '0'],
    ['NaN', 4, 'NaN'],
    ['-Infinity', 4, '−∞'],
  ])('%s with %i digits is %s', (value, digits, text) => {
    expect(figure(value, digits)).toBe(text);
  });

  it('are LaTeX with brackets around what is negative', () => {
    expect(figureTex(-0.36969, true)).toBe('(-0.3697)');
    expect(figureTex(0.000012)).toBe(String.raw`1.2\cdot 10^{-5}`);
    expect(figureTex('NaN')).toBe(String.raw`\mathrm{NaN}`);
  });

  it('have the decimals that the largest of them needs', () => {
    expect(decimals([0.5, -0.02])).toBe(4);
    expect(decimals([123.4])).toBe(1);
    expect(decimals([])).toBe(3);
  });

  it('agree within the rounding that the server says only', () => {
    const answer = convolved(0, 0);
    const off = { ...answer, difference: 1e-7 };
    expect(agrees(answer)).toBe(true);
    expect(agrees(off)).toBe(false);
    expect(agrees({ ...off, allowed: 1e-5 })).toBe(true);
    expect(
      agrees({
        ...answer,
        difference: word('NaN'),
        value: word('NaN'),
        formula_value: word('NaN'),
      }),
    ).toBe(true);
    expect(agrees({ ...answer, difference: word('NaN'), formula_value: word('NaN') })).toBe(false);
  });

  it('of errors lie on a logarithmic scale', () => {
    expect([logShare(1e-16), logShare(1e-8), logShare(1), logShare('NaN'), logShare(0)]).toEqual([
      0, 0.5, 1, 1, 0,
    ]);
  });
});

describe('a sum in numbers', () => {
  it('is its largest terms, each factor apart, and one number for the rest', () => {
    const answer = convolved(1, 1);
    const sum = written(answer);
    expect(sum.terms).toHaveLength(4);
    const left = answer.terms.slice(4).reduce((all, one) => all + Number(one.value), 0);
    expect(sum.more).toEqual({ count: 15, value: left });
    const [first] = answer.terms;
    expect(sum.terms[0]?.map(({ tex, factor }) => [tex, factor])).toEqual([
      [figureTex(first?.factors[0]?.value ?? 0, true), 0],
      [String.raw`\times`, null],
      [figureTex(first?.factors[1]?.value ?? 0, true), 1],
    ]);
  });

  it('writes one more term rather than that there is one more', () => {
    const terms = Array.from({ length: 5 }, (_, i) => term(factor(i + 1)));
    expect(written(explanation({ role: 'loss' }, terms)).more).toBeNull();
  });

  it('is a function where its factors are arguments', () => {
    const u: CellAsked = { role: 'activation', node: 'conv1', sample: 0, index: [1] };
    const relu = { ...term(factor(-0.4, u, 'argument')), value: 0 };
    const sum = written(explanation(u, [relu], { operation: 'relu', kind: 'pointwise' }));
    expect(sum.terms[0]?.map(({ tex }) => tex)).toEqual([
      String.raw`\mathrm{relu}`,
      '(',
      '-0.4',
      ')',
    ]);
  });

  it('takes of a part’s lines those of the number that is asked for', () => {
    const part = String.raw`\delta = W^{\mathsf T}\delta,\quad \frac{\partial E}{\partial W} = \delta x`;
    expect(textbook(part, 'gradient')).toEqual([
      String.raw`\frac{\partial E}{\partial W} = \delta x`,
    ]);
    expect(textbook(part, 'sensitivity')).toEqual([String.raw`\delta = W^{\mathsf T}\delta`]);
    expect(textbook('u = x', 'gradient')).toEqual(['u = x']);
    expect(textbook('', 'activation')).toEqual([]);
  });
});

describe('the name of a place', () => {
  it('says map, row and column, and sample and step only where they are others', () => {
    expect(indexName([2, 11, 14])).toBe('[2](11, 14)');
    expect(indexName([7])).toBe('[7]');
    expect(indexName([])).toBe('');
    const cell: CellAsked = { role: 'activation', node: 'conv1', sample: 3, index: [2, 1, 0] };
    expect(placeName(cell, { sample: 3 })).toBe('conv1 [2](1, 0)');
    expect(placeName(cell, { sample: 0 })).toBe('conv1 [2](1, 0) · sample 3');
    expect(placeName({ role: 'sensitivity', node: LOSS_NODE, operation: 4, index: [1] })).toBe(
      'δ loss · operation 4 [1]',
    );
    setLanguage('zh');
    const state: CellAsked = { role: 'state', node: 'fc', tensor: 'bias', state: 'v', index: [1] };
    expect(placeName({ ...state, step: 4 }, { step: 5 })).toBe('fc.bias · v [1] · 第 4 步');
  });
});

describe('the list of terms', () => {
  const props = { hot: null, base: { sample: 0 }, onhover: vi.fn(), onfollow: vi.fn() };

  it('folds what is small, says what it sums to, and shows all on demand', async () => {
    const answer = convolved(1, 1);
    render(TermList, { ...props, explanation: answer });
    const rows = () => within(screen.getByRole('list')).getAllByRole('listitem');
    expect(rows()).toHaveLength(12);
    const left = answer.terms.slice(12).reduce((all, one) => all + Number(one.value), 0);
    const rest = screen.getByText('7 smaller terms together').parentElement;
    expect(rest?.textContent).toContain(left.toFixed(3));
    await fireEvent.click(screen.getByRole('button', { name: 'Show all 19' }));
    expect(rows()).toHaveLength(19);
    expect(screen.queryByText(/smaller terms/)).toBeNull();
  });

  it('is walked by arrow keys, and Enter or a click follows a place', async () => {
    const onfollow = vi.fn();
    const answer = convolved(1, 1);
    render(TermList, { ...props, explanation: answer, onfollow });
    const links = within(screen.getByRole('list')).getAllByRole('button');
    links[0]?.focus();
    await fireEvent.keyDown(links[0] as Element, { key: 'ArrowRight' });
    expect(document.activeElement).toBe(links[1]);
    await fireEvent.keyDown(links[1] as Element, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(links[3]);
    expect(links.filter((link) => link.tabIndex === 0)).toEqual([links[3]]);
    await fireEvent.click(links[3] as Element);
    expect(onfollow).toHaveBeenCalledWith(answer.terms[1]?.factors[1]?.place);
  });

  it('says in words that a number is given', () => {
    render(TermList, {
      ...props,
      explanation: explanation({ role: 'loss' }, [], { kind: 'given' }),
    });
    expect(screen.getByText(/it is given/)).toBeTruthy();
  });
});

describe('the verdict', () => {
  it('marks a difference above the bar, and says the bar', () => {
    render(Verdict, { explanation: { ...convolved(0, 0), difference: 0.5, allowed: 1e-9 } });
    expect(screen.getByRole('alert').textContent).toBe('They differ by more than 1·10⁻⁹.');
  });

  it('says of a number that the run has stored why its terms are another sum', () => {
    const stored = { ...convolved(0, 0), difference: 3e-8, allowed: 1e-12, stored: true };
    render(Verdict, { explanation: stored });
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.getByText(/made again: they round otherwise/)).toBeTruthy();
    expect(screen.getByText('the run’s own')).toBeTruthy();
  });
});

describe('the call behind a view', () => {
  it('is that of the run, and knows a file of tensors', () => {
    const body = { step: 3, cell: { role: 'loss' as const } };
    const call = callOf('abc', 'explain', body);
    expect(asPython(call, 'http://h')).toContain('"http://h/api/v1/runs/abc/explain"');
    const trace = callOf('abc', 'trace', { step: 3 });
    expect(asPython(trace, 'http://h')).toContain('tensors = load(answer.content)');
    expect(asCurl(trace, 'http://h')).toMatch(/-o tensors\.safetensors$/);
  });
});
