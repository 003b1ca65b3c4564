// What the panels about words begin with, by the kind of data: words and sentences in the language of the data.

export interface First {
  readonly word: string;
  /** From which place in the vocabulary on words are shown. */
  readonly start: number;
}

const FIRST: Readonly<Record<string, First>> = {
  word_pairs: { word: 'man', start: 100 },
  names: { word: 'a', start: 1 },
  part_of_speech: { word: 'man', start: 50 },
  grammaticality: { word: 'man', start: 50 },
  sentiment: { word: 'good', start: 50 },
};

export function first(dataset: string): First {
  return FIRST[dataset] ?? { word: '', start: 1 };
}

const TRY: Readonly<Record<string, readonly string[]>> = {
  part_of_speech: [
    'They watch the watch on the wall .',
    'I saw the saw that can cut a can .',
    'The old man the boats .',
  ],
  grammaticality: [
    'The old man was sitting in the house .',
    'The old man sitting was in the house .',
    'He went to the store yesterday .',
    'He went the to store yesterday .',
  ],
  sentiment: [
    'a wonderful film with a great story .',
    'a dull movie that is not even funny .',
    'not bad at all .',
  ],
  names: ['Ada', 'Katarina', 'Kowalski', 'Oliver'],
};

export function examples(dataset: string): readonly string[] {
  return TRY[dataset] ?? [];
}
