// Finding parts by what people call them, in either language. Pure.
import type { Part, Text } from '../../protocol/types';

export type PalettePart = Pick<Part, 'type' | 'title' | 'summary' | 'group' | 'aliases'>;

export interface PartGroup {
  title: Text;
  parts: PalettePart[];
}

const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-·‐–]+/g, '');

/** How well a part fits: 4 its title is the word, 3 its title starts so, 2 a name holds it, 1 only the summary does, 0 not at all. */
function fit(part: PalettePart, words: readonly string[]): number {
  const titles = [part.title.en, part.title.zh, part.type].map(plain);
  const names = [...titles, part.group.en, part.group.zh, ...part.aliases].map(plain);
  const summary = plain(part.summary.en + part.summary.zh);
  const scores = words.map((word) => {
    if (titles.includes(word)) return 4;
    if (titles.some((title) => title.startsWith(word))) return 3;
    if (names.some((name) => name.includes(word))) return 2;
    return summary.includes(word) ? 1 : 0;
  });
  return Math.min(...scores);
}

/** The parts that fit the query, best first; all of them, in their order, for an empty query. */
export function findParts(parts: readonly PalettePart[], query: string): PalettePart[] {
  const words = query.split(/\s+/).map(plain).filter(Boolean);
  if (words.length === 0) return [...parts];
  const scored = parts.map((part) => ({
    part,
    score: Math.max(fit(part, words), fit(part, [plain(query)])),
  }));
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ part }) => part);
}

/** Parts under their groups, in the order in which the groups first occur. */
export function grouped(parts: readonly PalettePart[]): PartGroup[] {
  const groups = new Map<string, PartGroup>();
  for (const part of parts) {
    const group = groups.get(part.group.en) ?? { title: part.group, parts: [] };
    group.parts.push(part);
    groups.set(part.group.en, group);
  }
  return [...groups.values()];
}
