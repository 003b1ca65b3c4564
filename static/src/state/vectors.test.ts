// Sums of words as they are typed.
import { expect, it } from 'vitest';
import { parsed, told } from './vectors.svelte';

it.each([
  ['king', ['king'], [], 'king'],
  ['king − man + woman', ['king', 'woman'], ['man'], 'king + woman − man'],
  ['king -man +woman', ['king', 'woman'], ['man'], 'king + woman − man'],
  ['well-known', ['well-known'], [], 'well-known'],
  ['good bad', ['good', 'bad'], [], 'good + bad'],
  ['– old – new', [], ['old', 'new'], ' − old − new'],
  ['  ', [], [], ''],
  ['king −', ['king'], [], 'king'],
])('%s', (written, plus, minus, said) => {
  expect(parsed(written)).toEqual({ plus, minus });
  expect(told(parsed(written)).trim()).toBe(said.trim());
});
