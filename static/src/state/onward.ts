// Where a number goes: the cells that it feeds, forward to the loss and backward to the updates. Pure.
import {
  callOf,
  LOSS_NODE,
  type CellAsked,
  type Explanation,
  type Factor,
} from '../protocol/microscope';

export { callOf, LOSS_NODE };

export interface Feed {
  readonly to: CellAsked;
  /** The local derivative on the way: by what a change of the one changes the other. */
  readonly through: number | null;
  /** What that cell's δ, times it, adds to the δ here; null where it is not known. */
  readonly share: number | null;
}

const nothing = { through: null, share: null };

/** The loss itself, or its ∂E/∂E: no operation inside it. */
function isLoss(cell: CellAsked): boolean {
  return cell.node === LOSS_NODE && (cell.operation ?? null) === null;
}

/** The cell whose terms name what this one feeds: its δ on the way to the loss, its value on the way back. */
export function twin(cell: CellAsked): CellAsked | null {
  if (cell.role === 'activation') return { ...cell, role: 'sensitivity' };
  if (cell.role === 'parameter') return { ...cell, role: 'gradient' };
  if (cell.role === 'loss') return cell;
  if (cell.role !== 'sensitivity') return null;
  return isLoss(cell) ? { role: 'loss' } : { ...cell, role: 'activation' };
}

function rest(factors: readonly Factor[], but: Factor): number {
  return factors.reduce((all, one) => (one === but ? all : all * Number(one.value)), 1);
}

/** On the way to the loss: every δ that a δ is made of is that of a cell further on. */
function onward({ terms }: Explanation): Feed[] {
  return terms.flatMap(({ factors, value }) => {
    const upstream = factors.find(({ meaning, place }) => meaning === 'sensitivity' && place);
    if (!upstream?.place) return [];
    const { place } = upstream;
    const to: CellAsked = isLoss(place) ? { role: 'loss' } : { ...place, role: 'activation' };
    return { to, through: rest(factors, upstream), share: Number(value) };
  });
}

const BACK = { activation: 'sensitivity', parameter: 'gradient' } as const;

/** On the way back: a δ goes to the δ's and the gradients of everything that its value was made of. */
function backward({ terms }: Explanation): Feed[] {
  return terms.flatMap(({ factors }) =>
    factors.flatMap((factor): Feed[] => {
      const role = factor.place?.role;
      if (role !== 'activation' && role !== 'parameter') return [];
      const through = factor.meaning === 'argument' ? null : rest(factors, factor);
      return [{ to: { ...factor.place, role: BACK[role] }, through, share: null }];
    }),
  );
}

/** What `cell` goes into, from the explanation of its twin. */
export function feeds(cell: CellAsked, explanation: Explanation): Feed[] {
  const toLoss = cell.role === 'activation' || cell.role === 'parameter';
  const found = toLoss ? onward(explanation) : backward(explanation);
  const seen = new Set<string>();
  return found.filter(({ to }) => {
    const key = JSON.stringify(to);
    return !seen.has(key) && seen.add(key);
  });
}

/** What needs no question: the rule's own order, and the next step where it has been reached. */
export function next(cell: CellAsked, step: number, reached: number): Feed[] {
  const weight: CellAsked = {
    role: 'parameter',
    node: cell.node ?? null,
    tensor: cell.tensor ?? null,
    index: cell.index ?? [],
  };
  if (cell.role === 'net_input') return [{ to: { ...cell, role: 'activation' }, ...nothing }];
  if (cell.role === 'gradient' || cell.role === 'state') {
    return [{ to: { ...weight, role: 'update', step }, ...nothing }];
  }
  if (cell.role !== 'update' || step >= reached) return [];
  return [{ to: { ...weight, step: step + 1 }, ...nothing }];
}

export interface Kin {
  readonly kind: 'activation' | 'sensitivity' | 'parameter' | 'gradient' | 'update' | 'state';
  readonly cell: CellAsked;
}

/** The numbers of the same place: value and δ; weight, gradient, update and the optimiser's memory. */
export function kin(cell: CellAsked, step: number, answer: Explanation | null): Kin[] {
  if (cell.role === 'activation' || cell.role === 'sensitivity') {
    if (isLoss(cell)) return [];
    return (['activation', 'sensitivity'] as const).map((kind) => ({
      kind,
      cell: { ...cell, role: kind },
    }));
  }
  const weights = ['parameter', 'gradient', 'update', 'state'];
  if (!weights.includes(cell.role)) return [];
  const { node = null, tensor = null, index = [] } = cell;
  const place = { node, tensor, index };
  const roles = (['parameter', 'gradient', 'update'] as const).map((kind): Kin => ({
    kind,
    cell: { ...place, role: kind, step },
  }));
  const places = (answer?.terms ?? []).flatMap(({ factors }) =>
    factors.flatMap((one) => (one.place?.role === 'state' ? (one.place.state ?? []) : [])),
  );
  const states = new Set(cell.state ? [cell.state, ...places] : places);
  return [
    ...roles,
    ...[...states].map((state): Kin => ({
      kind: 'state',
      cell: { ...place, role: 'state', state, step },
    })),
  ];
}
