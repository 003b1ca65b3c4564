// The cells of recurrent layers as drawings: where functions, wires and numbers stand. Pure; in units of a box
// that is as wide as WIDTH.

export type CellKind = 'elman' | 'jordan' | 'lstm' | 'gru';

/** A value of the unit at a step, by the name it has in frames; some are products or functions of others. */
export interface Quantity {
  readonly name: string;
  /** 0: this step; −1: the one that was read before it. */
  readonly at: 0 | -1;
}

export interface Chip extends Quantity {
  readonly x: number;
  readonly y: number;
}

export interface Knot {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** A function over all that reaches it, or an operation on two numbers. */
  readonly kind: 'function' | 'operation';
}

export interface Wire {
  readonly points: readonly (readonly [number, number])[];
  /** The line on which the memory runs. */
  readonly memory?: boolean;
}

export interface Drawing {
  readonly height: number;
  readonly wires: readonly Wire[];
  readonly knots: readonly Knot[];
  readonly chips: readonly Chip[];
  /** Where the input comes in. */
  readonly input: readonly [number, number];
}

export const WIDTH = 560;

const now = (name: string, x: number, y: number): Chip => ({ name, at: 0, x, y });
const before = (name: string, x: number, y: number): Chip => ({ name, at: -1, x, y });
const op = (text: string, x: number, y: number): Knot => ({ text, x, y, kind: 'operation' });
const fn = (text: string, x: number, y: number): Knot => ({ text, x, y, kind: 'function' });
const wire = (...points: (readonly [number, number])[]): Wire => ({ points });
const memory = (...points: (readonly [number, number])[]): Wire => ({ points, memory: true });

/** cₜ = f∘cₜ₋₁ + i∘g along the top, hₜ = o∘tanh cₜ at the bottom right. */
const LSTM: Drawing = {
  height: 290,
  input: [50, 284],
  wires: [
    memory([0, 40], [112, 40]),
    memory([112, 40], [296, 40]),
    memory([296, 40], [560, 40]),
    wire([0, 244], [412, 244]),
    wire([50, 272], [50, 244]),
    wire([112, 244], [112, 203]),
    wire([204, 244], [204, 203]),
    wire([296, 244], [296, 203]),
    wire([412, 244], [412, 203]),
    wire([112, 177], [112, 53]),
    wire([204, 177], [204, 108], [283, 108]),
    wire([296, 177], [296, 121]),
    wire([296, 95], [296, 53]),
    wire([412, 177], [412, 136], [447, 136]),
    wire([460, 40], [460, 72]),
    wire([460, 96], [460, 123]),
    wire([460, 149], [460, 244], [560, 244]),
  ],
  knots: [
    op('×', 112, 40),
    op('+', 296, 40),
    op('×', 296, 108),
    op('×', 460, 136),
    fn('σ', 112, 190),
    fn('σ', 204, 190),
    fn('tanh', 296, 190),
    fn('σ', 412, 190),
    fn('tanh', 460, 84),
  ],
  chips: [
    before('c', 46, 40),
    before('h', 46, 244),
    now('f', 112, 116),
    now('i', 204, 146),
    now('g', 296, 148),
    now('o', 412, 158),
    now('f∘c', 204, 40),
    now('i∘g', 296, 74),
    now('c', 516, 40),
    now('tanh c', 500, 110),
    now('h', 516, 244),
  ],
};

/** hₜ = (1−z)∘n + z∘hₜ₋₁ along the top; r acts on what n sees of the past. */
const GRU: Drawing = {
  height: 290,
  input: [50, 284],
  wires: [
    memory([0, 40], [350, 40]),
    memory([350, 40], [450, 40]),
    memory([450, 40], [560, 40]),
    wire([92, 40], [92, 244]),
    wire([50, 272], [50, 244], [350, 244]),
    wire([142, 244], [142, 203]),
    wire([252, 244], [252, 203]),
    wire([350, 244], [350, 203]),
    wire([142, 177], [142, 128], [183, 128]),
    wire([196, 40], [196, 70]),
    wire([196, 94], [196, 115]),
    wire([196, 141], [196, 190], [230, 190]),
    wire([252, 177], [252, 108], [437, 108]),
    wire([350, 177], [350, 53]),
    wire([350, 164], [388, 164]),
    wire([412, 164], [450, 164], [450, 121]),
    wire([450, 95], [450, 53]),
  ],
  knots: [
    op('×', 350, 40),
    op('+', 450, 40),
    op('×', 450, 108),
    op('×', 196, 128),
    op('1−', 400, 164),
    fn('U h', 196, 82),
    fn('σ', 142, 190),
    fn('tanh', 252, 190),
    fn('σ', 350, 190),
  ],
  chips: [
    before('h', 46, 40),
    now('r', 142, 152),
    now('n', 290, 108),
    now('z', 350, 134),
    now('z∘h', 400, 40),
    now('(1−z)∘n', 450, 74),
    now('h', 516, 40),
  ],
};

/** uₜ = U xₜ + W sₜ₋₁ + b, sₜ = φ(uₜ). */
const ELMAN: Drawing = {
  height: 206,
  input: [46, 176],
  wires: [
    memory([0, 84], [100, 84]),
    memory([140, 84], [257, 84]),
    memory([283, 84], [410, 84]),
    memory([450, 84], [560, 84]),
    wire([90, 172], [100, 172]),
    wire([140, 172], [270, 172], [270, 97]),
    wire([270, 30], [270, 71]),
  ],
  knots: [fn('W', 120, 84), op('+', 270, 84), fn('φ', 430, 84), fn('U', 120, 172)],
  chips: [
    before('s', 46, 84),
    now('Ws', 200, 84),
    now('b', 270, 22),
    now('Ux', 206, 172),
    now('u', 346, 84),
    now('s', 516, 84),
  ],
};

/** uₜ = U xₜ + W oₜ₋₁ + b, sₜ = φ(uₜ); above it vₜ = V sₜ + c, oₜ = g(vₜ), which is fed back. */
const JORDAN: Drawing = {
  height: 256,
  input: [46, 240],
  wires: [
    memory([0, 174], [99, 174]),
    wire([141, 174], [266, 174]),
    wire([290, 174], [399, 174]),
    wire([441, 174], [546, 174], [546, 122], [60, 122], [60, 70], [99, 70]),
    wire([141, 70], [266, 70]),
    wire([290, 70], [399, 70]),
    memory([441, 70], [560, 70]),
    wire([278, 32], [278, 58]),
    wire([90, 236], [99, 236]),
    wire([141, 236], [271, 236], [271, 185]),
    wire([380, 236], [285, 236], [285, 185]),
  ],
  knots: [
    fn('W', 120, 174),
    op('+', 278, 174),
    fn('φ', 420, 174),
    fn('V', 120, 70),
    op('+', 278, 70),
    fn('g', 420, 70),
    fn('U', 120, 236),
  ],
  chips: [
    before('o', 46, 174),
    now('Wo', 204, 174),
    now('u', 344, 174),
    now('s', 494, 174),
    now('Vs', 204, 70),
    now('c', 278, 22),
    now('v', 344, 70),
    now('o', 504, 70),
    now('Ux', 204, 236),
    now('b', 374, 236),
  ],
};

export const DRAWINGS: Readonly<Record<CellKind, Drawing>> = {
  lstm: LSTM,
  gru: GRU,
  elman: ELMAN,
  jordan: JORDAN,
};
