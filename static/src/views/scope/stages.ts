// How δ comes back through a card: from its end to its first node, δ, then φ′ and δ of every function in it.
import { t } from '../../i18n';
import type { Address } from '../../parts/picture';
import type { Maps } from '../../protocol/frames';
import type { Card } from '../../state/cards';
import type { Session } from '../../state/session.svelte';

export interface Stage {
  readonly text: string;
  readonly maps: Maps;
  readonly address: Address | null;
  readonly side: 'output' | 'slope';
  readonly sign: string;
}

export function stagesOf({ scope }: Session, card: Card): Stage[] {
  const found: Stage[] = [];
  const nodes = [...card.nodes].reverse();
  nodes.forEach((node, place) => {
    const maps = scope.maps(node.id, 'sensitivity');
    if (!maps) return;
    const text =
      place === nodes.length - 1 && place > 0
        ? t('walk.own')
        : t(place ? 'walk.ownOutput' : 'walk.upstream');
    const address: Address = { role: 'sensitivity', node: node.id, shape: maps.shape };
    found.push({ text, maps, address, side: 'output', sign: place ? '=' : '' });
    const slope = place < nodes.length - 1 ? scope.maps(node.id, 'derivative') : null;
    if (slope)
      found.push({ text: t('walk.slope'), maps: slope, address: null, side: 'slope', sign: '∘' });
  });
  return found;
}
