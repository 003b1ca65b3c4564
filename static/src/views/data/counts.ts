// What the samples of an own data set are called, by its form.
export const COUNTS = {
  table: 'own.rows',
  pictures: 'own.pictures',
  text: 'own.characters',
} as const;
