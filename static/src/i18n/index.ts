// One door to the texts of the page; see index.svelte.ts.
export {
  htmlLang,
  lang,
  number,
  percent,
  power,
  say,
  sayOther,
  setLanguage,
  t,
  translator,
} from './index.svelte';
export type { Key, Language, Params, Text } from './index.svelte';
