// What the picture of a layer in the layer view is given. A layer declares which file of `pictures/` draws it.
import type { Component } from 'svelte';
import type { Maps } from '../protocol/frames';
import type { PartValue } from '../protocol/types';
import type { Tiles } from '../draw/maps';
import type { Theme } from '../draw/palette';
import type { Spot, WindowFields } from '../draw/window';

/** A tensor of the pass, by which any of its cells can be opened. */
export interface Address {
  readonly role: 'activation' | 'sensitivity' | 'parameter' | 'gradient' | 'update' | 'state';
  readonly node: string;
  readonly tensor?: string;
  readonly state?: string;
  readonly shape: readonly number[];
}

/** The maps of one node and the ranges they are coloured with. */
export interface Shown {
  readonly name: string;
  readonly maps: Maps | null;
  readonly limits: ArrayLike<number>;
  /** Decision maps of its units, where the data are points of a plane. */
  readonly plane: { readonly tiles: Tiles; readonly limits: ArrayLike<number> } | null;
}

/** One inner value of a recurrent layer, (steps, units). */
export interface Gate {
  readonly name: string;
  readonly maps: Maps;
  /** Open the number of a unit at a step. */
  readonly open?: ((step: number, unit: number) => void) | undefined;
}

export interface PictureProps {
  layer: PartValue;
  /** Its fields that say the window that slides over the input; null where none does. */
  sliding: WindowFields | null;
  /** The first input's output, the layer's own, and that of what is folded into its card. */
  input: Shown;
  output: Shown;
  after: Shown | null;
  kernel: Maps | null;
  /** What a recurrent layer holds inside, over time; absent until it has come. */
  gates?: readonly Gate[];
  bias: Maps | null;
  /** Shape of the last picture before the layer, where its input is a flattened one. */
  pictureShape: readonly number[] | null;
  /** The map or unit that is explained. */
  index: number;
  /** Height of the large maps, and the width that there is for everything. */
  size: number;
  room: number;
  theme: Theme;
  /** The output cell that the kernel or window stands at, and how many are filled in. */
  cell: Spot | null;
  upto: number | null;
  words: Words;
  onselect: (index: number) => void;
  onread: (reading: Reading | null) => void;
  /** The pointer has come to a cell of the output, or to what goes into it. */
  onpoint: (cell: Spot | null) => void;
  /** Open one number: cell `at` of a tensor, counted row by row. */
  onopen: (address: Address, at: number) => void;
}

/** Texts in the page's language. */
export interface Words {
  input: string;
  kernel: string;
  output: string;
  weights: string;
  patch: string;
  products: string;
}

/** A number under the pointer. */
export interface Reading {
  readonly name: string;
  readonly place: string;
  readonly value: number;
  /** Half a code of the 8-bit transport. */
  readonly uncertainty: number;
}

export type Picture = Component<PictureProps>;

const found = import.meta.glob<{ default: Picture }>('./pictures/*.svelte', { eager: true });

/** The picture that a layer declares, or the one that suits every layer. */
export function pictureOf(name: string | undefined): Picture {
  const module = found[`./pictures/${name}.svelte`] ?? found['./pictures/maps.svelte'];
  if (!module) throw new Error('the picture of maps is missing');
  return module.default;
}

/** Address of a node's output. */
export function outputOf(shown: Shown): Address {
  return { role: 'activation', node: shown.name, shape: shown.maps?.shape ?? [] };
}

/** Number of a cell in the tensor that tiles are cut from. */
export function cellOf(tiles: Tiles, tile: number, row: number, column: number): number {
  return (tile * tiles.height + row) * tiles.width + column;
}

/** The number at a place of a map, ready to be shown. */
export function reading(shown: Shown, index: number, row: number, column: number): Reading | null {
  const { maps, name } = shown;
  if (!maps) return null;
  const vector = maps.count === 1 && maps.height === 1;
  const map = vector ? 0 : index;
  const cell = vector ? index : row * maps.width + column;
  return {
    name,
    place: vector ? `[${index}]` : `[${index}](${row}, ${column})`,
    value: maps.value(map, cell),
    uncertainty: maps.uncertainty(map),
  };
}
