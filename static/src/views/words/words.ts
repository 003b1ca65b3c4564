// The texts of the panels about words, in the page's language.
import { translator } from '../../i18n';
import { words } from '../../i18n/words';

export const w = translator(words);
